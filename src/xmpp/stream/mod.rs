//! One stream with one server, from the first byte to the last (RFC 6120).
//!
//! How it is driven:
//!
//! 1. [`Stream::new`], or [`Stream::with_resumption`] to go on with an earlier session.
//! 2. [`StreamInput::Connected`] when the socket is open; from then on [`Stream::poll_event`]
//!    until it gives `None`, after every input, every timeout and every call that sends.
//! 3. Bytes are only kept by [`Stream::handle_input`]. `poll_event` reads them, one stanza at a
//!    time, so the caller may stop after any number and commit.
//! 4. After each [`StreamEvent::Stanza`] and [`StreamEvent::Refused`], [`Stream::processed`]:
//!    within the transaction, before the next `poll_event`.
//! 5. [`Stream::timeout`] says when [`Stream::handle_timeout`] is due. Every step of negotiation
//!    has its deadline, so a stream ends even if the server never says anything.
//! 6. [`StreamEvent::Failed`] or [`StreamEvent::Closed`] is the last event. Then
//!    [`Stream::resumption`] gives what the next stream needs.
//!
//! The states and what leads from one to the next stand in `state`; each file beside it is one
//! chapter: `negotiation` (up to the features), `authentication`, `signing_in`, `binding`,
//! `session` (while online), `management` (who has which stanza), `registration`.

mod authentication;
mod binding;
mod config;
mod event;
mod failure;
mod features;
mod incoming;
mod management;
mod negotiation;
mod registration;
mod session;
mod signing_in;
mod state;
mod stream_error;

pub use config::{Credentials, FastToken, Purpose, StreamConfig};
pub use event::{ArchiveHint, Online, StanzaToken, StreamEvent, StreamInput, TlsFacts};
pub use failure::{Downgrade, NextStep, RegistrationRefusal, Step, StreamFailure};
pub use features::{RememberedFeatures, SecurityPin, StreamFeaturesSummary};
pub use management::{Resumption, SendRefused};

use std::collections::VecDeque;
use std::time::Duration;

use minidom::Element;
use model::{FullJid, Now, RegistrationForm};
use rand_core::Rng;

use crate::parser::{Limits, ParseError, Parsed, Parser};
use features::ServerFeatures;
use incoming::Incoming;
use management::Management;
use session::Alive;
use state::{Phase, State};

/// Unread input beyond this means that the caller does not heed
/// [`Stream::has_buffered_input`].
const INPUT_LIMIT: usize = 32 << 20;

/// The state machine. The module says how it is driven.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is one thing that was said or done")]
pub struct Stream {
    config: StreamConfig,
    credentials: Credentials,
    seed: [u8; 32],
    drawn: u32,
    incoming: Incoming,
    events: VecDeque<StreamEvent>,
    state: State,
    deadline: Option<(Duration, Step)>,
    /// The monotonic time of the last call that told it.
    clock: Duration,
    header_written: bool,
    link_gone: bool,
    tls: Option<TlsFacts>,
    features: ServerFeatures,
    summary: StreamFeaturesSummary,
    exchange: Option<authentication::Exchange>,
    attempts: u8,
    token_refused: bool,
    resumption: Option<Resumption>,
    management: Management,
    bound: Option<FullJid>,
    /// Whether [`StreamEvent::Online`] was told.
    was_online: bool,
    archive_hint: Option<ArchiveHint>,
    carbons: bool,
    bind_without_resource: bool,
    registration_form_is_data: bool,
    alive: Alive,
    active: bool,
    active_told: bool,
}

impl Stream {
    /// A stream that waits for [`StreamInput::Connected`]. Randomness is drawn here, once.
    #[must_use]
    pub fn new(config: StreamConfig, credentials: Credentials, rng: &mut dyn Rng) -> Self {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let parser = Parser::new(limits(&config));
        Self {
            config,
            credentials,
            seed,
            drawn: 0,
            incoming: Incoming::new(parser),
            events: VecDeque::new(),
            state: State::Unconnected,
            deadline: None,
            clock: Duration::ZERO,
            header_written: false,
            link_gone: false,
            tls: None,
            features: ServerFeatures::default(),
            summary: StreamFeaturesSummary::default(),
            exchange: None,
            attempts: 0,
            token_refused: false,
            resumption: None,
            management: Management::default(),
            bound: None,
            was_online: false,
            archive_hint: None,
            carbons: false,
            bind_without_resource: false,
            registration_form_is_data: false,
            alive: Alive::default(),
            active: true,
            active_told: true,
        }
    }

    /// Like [`Stream::new`], but goes on with an earlier session of this process if the server
    /// still has it (XEP-0198 §5). If not, its stanzas come back as [`StreamEvent::Unacked`].
    #[must_use]
    pub fn with_resumption(
        config: StreamConfig,
        credentials: Credentials,
        rng: &mut dyn Rng,
        resumption: Resumption,
    ) -> Self {
        let mut stream = Self::new(config, credentials, rng);
        stream.resumption = Some(resumption);
        stream
    }

    /// Takes what happened. Bytes are only kept; [`Stream::poll_event`] reads them.
    pub fn handle_input(&mut self, input: StreamInput<'_>, now: Now) {
        self.clock = now.monotonic;
        if self.state.is_over() {
            return;
        }
        match input {
            StreamInput::Connected { tls } => self.connected(tls, now),
            StreamInput::TlsStarted(facts) => self.tls_started(facts, now),
            StreamInput::Bytes(bytes) => {
                // Nothing that came before the handshake may count after it (RFC 6120 §5.4.3.3).
                if bytes.is_empty() || matches!(self.state, State::StartingTls) {
                    return;
                }
                self.incoming.extend(bytes);
                self.heard();
                if self.incoming.len() > INPUT_LIMIT {
                    self.fail(StreamFailure::TooLarge);
                }
            }
            // What came before the end is read first: it may say why.
            StreamInput::Closed => self.link_gone = true,
        }
    }

    /// To be called when [`Stream::timeout`] has passed; too early does no harm.
    pub fn handle_timeout(&mut self, now: Now) {
        self.clock = now.monotonic;
        if self.state.is_over() {
            return;
        }
        if let Some((deadline, step)) = self.deadline
            && deadline <= self.clock
        {
            self.deadline = None;
            self.step_timed_out(step);
            return;
        }
        if matches!(self.state, State::Online) {
            self.check_alive();
        }
    }

    /// When [`Stream::handle_timeout`] wants to be called, on the monotonic clock.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        if self.state.is_over() {
            return None;
        }
        let deadline = self.deadline.map(|(deadline, _)| deadline);
        let alive = matches!(self.state, State::Online).then(|| self.alive_deadline());
        deadline.into_iter().chain(alive).min()
    }

    /// The next thing to do or to know. Reads at most one stanza, so that the caller may stop
    /// after any.
    pub fn poll_event(&mut self, now: Now) -> Option<StreamEvent> {
        self.clock = now.monotonic;
        loop {
            if let Some(event) = self.poll_made() {
                return Some(event);
            }
            if self.state.reads() && self.read_one(now) {
                continue;
            }
            if !self.link_gone || self.state.is_over() {
                return None;
            }
            self.link_closed();
        }
    }

    /// The same of what was read or sent before, without reading on.
    pub fn poll_made(&mut self) -> Option<StreamEvent> {
        self.events.pop_front()
    }

    /// Whether [`Stream::poll_event`] has something to work on. As long as it does, the caller
    /// should read no more from the socket, unless it looks for something that lies ahead.
    #[must_use]
    pub fn has_buffered_input(&self) -> bool {
        let unread = self.incoming.len() > 0 || self.link_gone;
        !self.events.is_empty() || (unread && self.state.reads())
    }

    /// How many bytes came that were not dealt with yet.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.incoming.len()
    }

    /// The elements that came and that [`Stream::poll_event`] will deal with in its time; none before the
    /// stream is online. Looking changes nothing: they count as unheard.
    pub fn look_ahead(&mut self) -> impl Iterator<Item = &Element> {
        let online = self.is_online();
        online.then(|| self.incoming.look_ahead()).into_iter().flatten()
    }

    /// Reads on until one element is dealt with. Whether there was one.
    fn read_one(&mut self, now: Now) -> bool {
        match self.incoming.next() {
            Ok(None) => return false,
            Ok(Some(Parsed::Opened(header))) => self.header_came(&header),
            Ok(Some(Parsed::Element(element))) => self.element_came(element, now),
            Ok(Some(Parsed::Refused(refused))) => self.refused_came(refused),
            Ok(Some(Parsed::Ended)) => self.server_ended(),
            Err(ParseError::TooLarge) => self.fail(StreamFailure::TooLarge),
            Err(ParseError::NotAStream) => self.fail(StreamFailure::Malformed("not a stream")),
            Err(ParseError::NotXml(_)) => self.fail(StreamFailure::Malformed("not XML")),
        }
        true
    }

    /// Sends one stanza, given as its final bytes, and keeps it until the server has it. It is
    /// written as soon as the window has room. Refused stanzas were not taken at all.
    pub fn send(&mut self, stanza: Vec<u8>, token: StanzaToken, now: Now) -> Result<(), SendRefused> {
        self.clock = now.monotonic;
        if !matches!(self.state, State::Online) {
            return Err(SendRefused::NotOnline);
        }
        if let Some(limit) = self.summary.max_stanza_bytes
            && stanza.len() > limit as usize
        {
            return Err(SendRefused::TooLarge { limit });
        }
        self.management.push(stanza, token)?;
        self.write_waiting();
        Ok(())
    }

    /// Tells that the next stanza, refused ones included, was handled within the transaction that
    /// is under way. An acknowledgement never exceeds this.
    pub fn processed(&mut self) {
        if self.management.processed() && matches!(self.state, State::Online) {
            self.tell_handled();
        }
    }

    /// Tells the server whether somebody is looking (XEP-0352). May be called at any time.
    pub fn set_active(&mut self, active: bool) {
        self.active = active;
        if matches!(self.state, State::Online) {
            self.tell_activity();
        }
    }

    /// Asks the server what it has, if anything is under way.
    pub fn request_ack(&mut self, now: Now) {
        self.clock = now.monotonic;
        if matches!(self.state, State::Online) && self.management.has_under_way() {
            self.probe(session::PATIENCE);
        }
    }

    /// Checks within a few seconds that the link lives: after suspend or a change of network.
    pub fn wake(&mut self, now: Now) {
        self.clock = now.monotonic;
        if matches!(self.state, State::Online) {
            self.probe(session::IMPATIENCE);
        }
    }

    /// Sends the filled-in registration form (XEP-0077 §3.1), once
    /// [`StreamEvent::RegistrationForm`] came.
    pub fn register(&mut self, form: &RegistrationForm, now: Now) {
        self.clock = now.monotonic;
        self.submit_registration(form);
    }

    /// Ends the stream in order. [`StreamEvent::Closed`] follows, at the latest after a few
    /// seconds.
    pub fn close(&mut self, now: Now) {
        self.clock = now.monotonic;
        self.begin_close();
    }

    /// What a later stream needs to go on with this session, if the server allows it.
    #[must_use]
    pub fn resumption(self) -> Option<Resumption> {
        // Handed in, and never settled: still good.
        if self.resumption.is_some() {
            return self.resumption;
        }
        // Of a session that was never told of, nobody asked what is asked when one begins.
        let bound = self.bound.filter(|_| self.was_online)?;
        self.management.into_resumption(bound, self.summary, self.carbons)
    }

    /// Whether stanzas may be sent.
    #[must_use]
    pub fn is_online(&self) -> bool {
        matches!(self.state, State::Online)
    }

    fn write(&mut self, text: &str) {
        self.write_bytes(text.as_bytes());
    }

    /// What is written in one go goes out in one piece.
    fn write_bytes(&mut self, bytes: &[u8]) {
        self.alive.sent(self.clock);
        if let Some(StreamEvent::Write(pending)) = self.events.back_mut() {
            pending.extend_from_slice(bytes);
        } else {
            self.events.push_back(StreamEvent::Write(bytes.to_vec()));
        }
    }

    fn emit(&mut self, event: StreamEvent) {
        self.events.push_back(event);
    }

    fn await_step(&mut self, step: Step, patience: Duration) {
        self.deadline = Some((self.clock + patience, step));
    }

    /// Ends with a failure, in order as far as the link still allows.
    fn fail(&mut self, failure: StreamFailure) {
        if self.state.is_over() {
            return;
        }
        tracing::debug!(state = ?self.state, %failure, "the stream failed");
        if failure.gives_up_session() {
            self.management.forget_session();
        }
        // To end the stream would be to end the session, if the server does hear of it.
        let silent = matches!(failure, StreamFailure::Disconnected | StreamFailure::Timeout(_));
        if !silent && self.header_written && !matches!(self.state, State::StartingTls) {
            if let Some(condition) = stream_error::condition_for(&failure) {
                self.write(&stream_error::write(condition));
            }
            self.write("</stream:stream>");
        }
        if !matches!(failure, StreamFailure::Disconnected) {
            self.emit(StreamEvent::Close);
        }
        self.end();
        self.emit(StreamEvent::Failed(failure));
    }

    /// Says what can no longer be settled. What can be, stays for [`Stream::resumption`].
    fn end(&mut self) {
        self.state = State::Over;
        self.deadline = None;
        self.incoming.clear();
        if !self.was_online || !self.management.is_resumable() {
            let lost = self.management.give_up();
            if !lost.is_empty() {
                self.emit(StreamEvent::Unacked(lost));
            }
        }
    }

    fn new_parser(&mut self) {
        self.incoming.begin_anew(Parser::new(limits(&self.config)));
    }

    fn awaits(&self, phase: Phase) -> bool {
        matches!(self.state, State::AwaitingFeatures(awaited) if awaited == phase)
    }
}

/// Our own server and account may send larger results.
fn limits(config: &StreamConfig) -> Limits {
    Limits { own: vec![config.address.to_string(), config.address.domain().to_string()], ..Limits::default() }
}

#[cfg(test)]
mod tests;
