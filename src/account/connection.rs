//! The way to the server: when to connect, what became of it, and when to try again.
//!
//! There is at most one link and one [`Stream`] on it. `Phase` says how far it is:
//!
//! ```text
//!          Start, Connect, TryNow, network, wake, pause over
//!   Off ──────────────────────────────────────────────→ Opening ──Connected──→ Linked ──Online──→ (Linked)
//!    ↑ ↑                                                   │                     │
//!    │ └──── Disconnect, Quit ───── Closing ←──────────────┼─────────────────────┘
//!    └────── what only a person can mend ──────────────────┤                     │
//!                                      Pausing ←───────────┴──── failed ─────────┘
//! ```
//!
//! A session that breaks is kept as a [`Resumption`] while the process lives; the next stream asks for it and
//! only then is it known whether the old session goes on. A failure is sorted by what helps: trying again
//! after a growing pause, after a long one when the server said so, at once without what was remembered, or
//! waiting for a person. The pauses are drawn by lot, so that a server that restarts is not met by all its
//! users in the same second.

mod absence;
mod credentials;
mod retry;

pub use absence::session;

use std::time::Duration;

use model::{ConnectionState, ConnectionStep, EventKind, Failure, ServerAddress, Timestamp};
use xmpp::{Online, Resumption, Stream, StreamEvent, StreamFailure, StreamInput, TlsFacts};

use self::absence::Absence;
use crate::{
    ConnectTarget, Error, Input, Output, answers, archive, calls, chat_states, commands, files, inbound,
    omemo, online, outbox, presence,
    refused::Kind,
    turn::{State, Turn},
};

/// How many stanzas one turn handles: a batch is what one commit pays for, and commands wait for no more (DESIGN
/// rule 1). A hundred are some ten milliseconds; with a quarter of that, an archive would be read at the pace of
/// the disk's syncs.
const BATCH: usize = 100;
/// How long a goodbye may take before the link is closed without it.
const GOODBYE: Duration = Duration::from_secs(5);
/// A session that lasted so long was a good one: the next pause is short again.
const GOOD_SESSION: Duration = Duration::from_secs(10);

/// What is remembered of the way to the server.
#[allow(clippy::struct_excessive_bools, reason = "each is one thing that was said or done")]
pub struct Memory {
    wanted: bool,
    network: bool,
    window_visible: bool,
    phase: Phase,
    /// Attempts that failed in a row.
    failures: u32,
    /// The earlier session, if the server may still have it.
    resumption: Option<Resumption>,
    /// Where the server itself sent us (RFC 6120 §4.9.3.19).
    elsewhere: Option<ServerAddress>,
    /// Sign in without what was remembered of the server: it did not fit.
    unprejudiced: bool,
    online_since: Option<Duration>,
    absence: Absence,
    /// Why the link closed, told by whoever drove it, until the stream has seen the end.
    closed_because: Option<Failure>,
    behind: bool,
    told: ConnectionState,
}

impl Memory {
    /// Nothing yet.
    pub fn new(wanted: bool) -> Self {
        Self {
            wanted,
            network: true,
            window_visible: true,
            phase: Phase::Off,
            failures: 0,
            resumption: None,
            elsewhere: None,
            unprejudiced: false,
            online_since: None,
            absence: Absence::default(),
            closed_because: None,
            behind: false,
            told: ConnectionState::Offline,
        }
    }

    /// Whether a batch ended before what was received did.
    pub fn is_behind(&self) -> bool {
        self.behind
    }
}

/// How far the link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// There is none, and none is to be made by itself.
    Off,
    /// The next attempt waits.
    Pausing { until: Duration },
    /// Asked for, not open yet.
    Opening,
    /// Open.
    Linked,
    /// We said goodbye.
    Closing { until: Duration },
}

/// Handles every input that is not a command or a question.
pub fn handle(turn: &mut Turn<'_, '_>, input: Input) -> Result<(), Error> {
    match input {
        Input::Start => {
            if turn.state.connection.wanted {
                connect(turn)?;
            }
            files::pump(turn)
        }
        Input::Timer => timer(turn),
        Input::Continue => read(turn, BATCH),
        Input::Progress(step) => {
            if turn.state.connection.phase == Phase::Opening {
                tell(turn, ConnectionState::Connecting(step));
            }
            Ok(())
        }
        Input::Connected { tls } => connected(turn, tls),
        Input::TlsStarted(facts) => feed(turn, StreamInput::TlsStarted(facts)),
        Input::Bytes(bytes) => {
            feed(turn, StreamInput::Bytes(&bytes))?;
            if turn.state.connection.online_since.is_some() {
                turn.state.connection.absence.heard(turn.now.wall);
            }
            Ok(())
        }
        Input::Closed(failure) => closed(turn, failure),
        Input::NetworkChanged { available } => network_changed(turn, available),
        Input::Resumed => wake(turn),
        Input::WindowVisible(visible) => {
            turn.state.connection.window_visible = visible;
            if let Some(stream) = &mut turn.state.stream {
                stream.set_active(visible);
            }
            Ok(())
        }
        Input::Quit => go_offline(turn),
        Input::Command(_) | Input::File(_) | Input::Media(..) | Input::Ask(..) => Ok(()),
    }
}

/// When the next timer is due.
pub fn timeout(state: &State) -> Option<Duration> {
    let own = match state.connection.phase {
        Phase::Pausing { until } | Phase::Closing { until } => Some(until),
        Phase::Off | Phase::Opening | Phase::Linked => None,
    };
    let stream = state.stream.as_ref().and_then(Stream::timeout);
    // Always past: each timer does a piece.
    let deleting = (!state.deleting.is_empty()).then_some(Duration::ZERO);
    [
        own,
        stream,
        state.requests.next_deadline(),
        chat_states::timeout(state),
        archive::timeout(state),
        omemo::timeout(state),
        calls::timeout(state),
        files::timeout(state),
        deleting,
    ]
    .into_iter()
    .flatten()
    .min()
}

/// The user wants to be online. Also ends a pause (`TryNow`).
pub fn go_online(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.tx.set_enabled(true)?;
    turn.state.connection.wanted = true;
    // Also while a link is there: it may be broken already, and only we do not know yet.
    turn.state.connection.failures = 0;
    match turn.state.connection.phase {
        Phase::Off | Phase::Pausing { .. } => connect(turn),
        // If the goodbye is under way, `ended` connects again.
        Phase::Opening | Phase::Linked | Phase::Closing { .. } => Ok(()),
    }
}

/// Ends a pause, if the account should be online.
pub fn try_now(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if turn.state.connection.wanted { go_online(turn) } else { Ok(()) }
}

/// Says goodbye and stays away until told otherwise. Whether the account is enabled is the caller's to keep.
pub fn go_offline(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.state.connection.wanted = false;
    turn.state.connection.resumption = None;
    match turn.state.connection.phase {
        Phase::Linked => {
            presence::say_goodbye(turn)?;
            if let Some(stream) = &mut turn.state.stream {
                stream.close(turn.now);
            }
            let until = turn.now.monotonic.saturating_add(GOODBYE);
            turn.state.connection.phase = Phase::Closing { until };
            Ok(())
        }
        Phase::Opening => {
            turn.state.outputs.push_back(Output::Close);
            ended(turn)
        }
        Phase::Off | Phase::Pausing { .. } => ended(turn),
        Phase::Closing { .. } => Ok(()),
    }
}

/// Hands the stream's events on until nothing is left or `limit` stanzas were handled.
pub fn read(turn: &mut Turn<'_, '_>, limit: usize) -> Result<(), Error> {
    // What was asked for ahead of its time leaves at once: it need not wait for the commit of a batch.
    let asked = archive::look_ahead(turn);
    let mut handled = 0;
    while handled < limit {
        let now = turn.now;
        let next = |stream: &mut Stream| if asked { stream.poll_made() } else { stream.poll_event(now) };
        let Some(event) = turn.state.stream.as_mut().and_then(next) else { break };
        if matches!(event, StreamEvent::Stanza(_) | StreamEvent::Refused(_)) {
            handled += 1;
        }
        on_event(turn, event)?;
    }
    turn.state.connection.behind =
        (asked || handled == limit) && turn.state.stream.as_ref().is_some_and(Stream::has_buffered_input);
    Ok(())
}

/// Writes out what this turn made the stream say. While much is still to be read, the next batch does that: it
/// begins with what waits to be written.
pub fn flush(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if turn.state.connection.behind { Ok(()) } else { read(turn, BATCH) }
}

fn on_event(turn: &mut Turn<'_, '_>, event: StreamEvent) -> Result<(), Error> {
    match event {
        StreamEvent::Write(bytes) => turn.write(bytes),
        StreamEvent::StartTls => turn.state.outputs.push_back(Output::StartTls),
        StreamEvent::Close => turn.state.outputs.push_back(Output::Close),
        StreamEvent::Progress(step) => tell(turn, ConnectionState::Connecting(step)),
        StreamEvent::Online(online) => came_online(turn, *online)?,
        StreamEvent::Features(features) => turn.state.own.stream = features,
        StreamEvent::FastToken(token) => credentials::keep_token(turn, Some(&token))?,
        StreamEvent::FastCounter(count) => credentials::keep_count(turn, count)?,
        StreamEvent::FastTokenRejected => credentials::keep_token(turn, None)?,
        StreamEvent::Stanza(stanza) => {
            inbound::stanza(turn, stanza)?;
            processed(turn);
        }
        StreamEvent::Refused(_) => {
            turn.refuse(Kind::Malformed);
            processed(turn);
        }
        StreamEvent::Acked(tokens) => outbox::acked(turn, &tokens)?,
        StreamEvent::Unacked(tokens) => outbox::unacked(turn, &tokens)?,
        StreamEvent::Failed(failure) => stream_failed(turn, failure)?,
        StreamEvent::Closed => {
            drop_stream(turn);
            ended(turn)?;
        }
        // Only streams for registration have these.
        StreamEvent::RegistrationForm(_) | StreamEvent::Registered | StreamEvent::RegistrationRefused(_) => {}
    }
    Ok(())
}

fn processed(turn: &mut Turn<'_, '_>) {
    if let Some(stream) = &mut turn.state.stream {
        stream.processed();
    }
}

fn connect(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let Some(profile) = turn.tx.reads().account()? else { return Err(Error::NoAccount) };
    let server = turn.state.connection.elsewhere.clone().or(profile.settings.server);
    turn.state.connection.phase = Phase::Opening;
    turn.state.connection.closed_because = None;
    turn.state.outputs.push_back(Output::Connect(ConnectTarget {
        domain: turn.state.own.bare.domain().to_string(),
        server,
        extra_authorities: profile.settings.extra_authorities,
    }));
    tell(turn, ConnectionState::Connecting(ConnectionStep::Finding));
    Ok(())
}

fn connected(turn: &mut Turn<'_, '_>, tls: Option<TlsFacts>) -> Result<(), Error> {
    if turn.state.connection.phase != Phase::Opening {
        return Ok(());
    }
    let unprejudiced = turn.state.connection.unprejudiced;
    let (config, credentials) = credentials::load(turn, unprejudiced)?;
    let resumption = turn.state.connection.resumption.take();
    let rng = &mut *turn.state.rng;
    turn.state.stream = Some(match resumption {
        Some(resumption) => Stream::with_resumption(config, credentials, rng, resumption),
        None => Stream::new(config, credentials, rng),
    });
    turn.state.connection.phase = Phase::Linked;
    feed(turn, StreamInput::Connected { tls })
}

fn feed(turn: &mut Turn<'_, '_>, input: StreamInput<'_>) -> Result<(), Error> {
    if let Some(stream) = &mut turn.state.stream {
        stream.handle_input(input, turn.now);
    }
    read(turn, BATCH)
}

fn came_online(turn: &mut Turn<'_, '_>, session: Online) -> Result<(), Error> {
    credentials::keep_server(turn, &session)?;
    // In a fresh process the archive tells up to where this device knows everything.
    let known = turn.tx.reads().archive_cursor(&turn.state.own.bare)?.map(|cursor| cursor.time);
    let memory = &mut turn.state.connection;
    memory.unprejudiced = false;
    memory.online_since = Some(turn.now.monotonic);
    memory.absence.over(known);
    let visible = memory.window_visible;
    if !session.resumed {
        // What the earlier session knew and asked is void.
        answers::lost(turn)?;
        online::end(turn)?;
    }
    turn.state.own.full = Some(session.bound.clone());
    turn.state.own.stream = session.features.clone();
    if let Some(stream) = &mut turn.state.stream {
        stream.set_active(visible);
    }
    tell(turn, ConnectionState::Online);
    online::begin(turn, &session)
}

fn timer(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if let Some(stream) = &mut turn.state.stream {
        stream.handle_timeout(turn.now);
    }
    read(turn, BATCH)?;
    answers::expire(turn)?;
    chat_states::expire(turn);
    commands::delete_pieces(turn)?;
    archive::timer(turn)?;
    omemo::timer(turn)?;
    calls::timer(turn)?;
    files::timer(turn)?;
    match turn.state.connection.phase {
        Phase::Pausing { until } if until <= turn.now.monotonic => connect(turn),
        Phase::Closing { until } if until <= turn.now.monotonic => {
            turn.state.outputs.push_back(Output::Close);
            drop_stream(turn);
            ended(turn)
        }
        _ => Ok(()),
    }
}

fn closed(turn: &mut Turn<'_, '_>, failure: Option<Failure>) -> Result<(), Error> {
    if turn.state.stream.is_some() {
        // What came before the end is still to be read; the stream says when it has come to it.
        turn.state.connection.closed_because = failure;
        return feed(turn, StreamInput::Closed);
    }
    match turn.state.connection.phase {
        Phase::Opening => link_failed(turn, failure.unwrap_or(Failure::Unreachable), None),
        Phase::Closing { .. } => ended(turn),
        Phase::Off | Phase::Pausing { .. } | Phase::Linked => Ok(()),
    }
}

fn stream_failed(turn: &mut Turn<'_, '_>, failure: StreamFailure) -> Result<(), Error> {
    let closing = matches!(turn.state.connection.phase, Phase::Closing { .. });
    let told = turn.state.connection.closed_because.take();
    // Closing a link that is gone already does no harm.
    turn.state.outputs.push_back(Output::Close);
    drop_stream(turn);
    if closing {
        return ended(turn);
    }
    let next_step = failure.next_step();
    let why = match told {
        Some(told) if failure == StreamFailure::Disconnected => told,
        _ => Failure::from(failure),
    };
    link_failed(turn, why, Some(next_step))
}

/// Takes the stream away, and keeps its session for the next one.
fn drop_stream(turn: &mut Turn<'_, '_>) {
    let Some(stream) = turn.state.stream.take() else { return };
    turn.state.connection.behind = false;
    turn.state.own.full = None;
    if turn.state.connection.wanted {
        turn.state.connection.resumption = stream.resumption();
    }
}

fn link_failed(turn: &mut Turn<'_, '_>, why: Failure, next: Option<xmpp::NextStep>) -> Result<(), Error> {
    let now = turn.now.monotonic;
    let memory = &mut turn.state.connection;
    let lasted = memory.online_since.take().map(|since| now.saturating_sub(since));
    if lasted.is_some_and(|lasted| lasted >= GOOD_SESSION) {
        memory.failures = 0;
    }
    memory.failures = memory.failures.saturating_add(1);
    memory.elsewhere = None;
    let failures = memory.failures;
    let verdict = retry::verdict(&why, next, failures, lasted.is_some());
    if let retry::Verdict::Again { elsewhere, unprejudiced, .. } = &verdict {
        memory.elsewhere.clone_from(elsewhere);
        memory.unprejudiced = *unprejudiced;
        if *unprejudiced {
            memory.resumption = None;
        }
    }
    match verdict {
        retry::Verdict::Stop => {
            turn.state.connection.phase = Phase::Off;
            turn.state.connection.resumption = None;
            session_lost(turn)?;
            tell(turn, ConnectionState::Stopped(why));
        }
        retry::Verdict::Again { pause, .. } if pause.is_zero() => connect(turn)?,
        retry::Verdict::Again { pause, .. } => {
            // Without a network trying is for the case that whoever says so is wrong.
            let pause = if turn.state.connection.network { pause } else { pause.max(retry::LONGEST) };
            let pause = retry::drawn(pause, turn.state.rng.as_mut());
            turn.state.connection.phase = Phase::Pausing { until: now.saturating_add(pause) };
            let retry_at = retry_time(turn.now.wall, pause);
            tell(turn, ConnectionState::Waiting { failure: why, retry_at });
        }
    }
    if turn.state.connection.resumption.is_none() {
        session_lost(turn)?;
    }
    Ok(())
}

fn retry_time(now: Timestamp, pause: Duration) -> Timestamp {
    now.plus_millis(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX))
}

/// The link ended as we wished.
fn ended(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.state.connection.phase = Phase::Off;
    turn.state.connection.failures = 0;
    turn.state.connection.online_since = None;
    turn.state.connection.closed_because = None;
    if turn.state.connection.wanted {
        return connect(turn);
    }
    turn.state.connection.resumption = None;
    session_lost(turn)?;
    tell(turn, ConnectionState::Offline);
    Ok(())
}

/// No session goes on: whoever waits for something of it is told.
fn session_lost(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    answers::lost(turn)?;
    online::end(turn)
}

fn network_changed(turn: &mut Turn<'_, '_>, available: bool) -> Result<(), Error> {
    turn.state.connection.network = available;
    if !available {
        return Ok(());
    }
    calls::network_changed(turn)?;
    wake(turn)
}

/// Something happened that makes trying, or checking, worth it.
fn wake(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if let Some(stream) = &mut turn.state.stream {
        stream.wake(turn.now);
        return Ok(());
    }
    if matches!(turn.state.connection.phase, Phase::Pausing { .. }) {
        turn.state.connection.failures = 0;
        return connect(turn);
    }
    Ok(())
}

fn tell(turn: &mut Turn<'_, '_>, state: ConnectionState) {
    if turn.state.connection.told != state {
        turn.state.connection.told = state.clone();
        turn.event(EventKind::Connection(state));
    }
}
