//! One stream with one server, from the first byte to the last (RFC 6120).

mod config;
mod event;
mod failure;
mod features;
mod management;

pub use config::{Credentials, FastToken, Purpose, StreamConfig};
pub use event::{ArchiveHint, Online, StanzaToken, StreamEvent, StreamInput, TlsFacts};
pub use failure::{Downgrade, NextStep, RegistrationRefusal, Step, StreamFailure};
pub use features::{RememberedFeatures, SecurityPin, StreamFeaturesSummary};
pub use management::{Resumption, SendRefused};

use std::time::Duration;

use model::{Now, RegistrationForm};
use rand_core::Rng;

/// The state machine. The module says how it is driven.
#[derive(Debug)]
pub struct Stream {}

impl Stream {
    /// A stream that waits for [`StreamInput::Connected`]. Randomness is drawn here, once.
    #[must_use]
    pub fn new(config: StreamConfig, credentials: Credentials, rng: &mut dyn Rng) -> Self {
        let _ = (config, credentials, rng);
        Self {}
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
        let _ = resumption;
        Self::new(config, credentials, rng)
    }

    /// Takes what happened. Bytes are only kept; [`Stream::poll_event`] reads them.
    pub fn handle_input(&mut self, input: StreamInput<'_>, now: Now) {
        let _ = (input, now);
    }

    /// To be called when [`Stream::timeout`] has passed; too early does no harm.
    pub fn handle_timeout(&mut self, now: Now) {
        let _ = now;
    }

    /// The next thing to do or to know. Reads at most one stanza, so that the caller may stop
    /// after any.
    pub fn poll_event(&mut self, now: Now) -> Option<StreamEvent> {
        let _ = now;
        None
    }

    /// Whether [`Stream::poll_event`] has something to work on. As long as it does, the caller
    /// should read no more from the socket.
    #[must_use]
    pub fn has_buffered_input(&self) -> bool {
        false
    }

    /// When [`Stream::handle_timeout`] wants to be called, on the monotonic clock.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        None
    }

    /// Sends one stanza, given as its final bytes, and keeps it until the server has it. It is
    /// written when fewer than the window are under way.
    pub fn send(&mut self, stanza: Vec<u8>, token: StanzaToken, now: Now) -> Result<(), SendRefused> {
        let _ = (stanza, token, now);
        Ok(())
    }

    /// Tells that the next stanza, refused ones included, was handled within the transaction that
    /// is under way. An acknowledgement never exceeds this.
    pub fn processed(&mut self) {}

    /// Tells the server whether somebody is looking (XEP-0352).
    pub fn set_active(&mut self, active: bool) {
        let _ = active;
    }

    /// Asks the server what it has, if anything is under way.
    pub fn request_ack(&mut self, now: Now) {
        let _ = now;
    }

    /// Checks within a few seconds that the link lives: after suspend or a change of network.
    pub fn wake(&mut self, now: Now) {
        let _ = now;
    }

    /// Sends the filled-in registration form (XEP-0077 §3.1).
    pub fn register(&mut self, form: &RegistrationForm, now: Now) {
        let _ = (form, now);
    }

    /// Ends the stream in order. [`StreamEvent::Closed`] follows.
    pub fn close(&mut self, now: Now) {
        let _ = now;
    }

    /// What a later stream needs to go on with this session, if the server allows it.
    #[must_use]
    pub fn resumption(self) -> Option<Resumption> {
        None
    }
}
