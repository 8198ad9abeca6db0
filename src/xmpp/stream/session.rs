//! Online: stanzas both ways, acknowledgements, and noticing when the link is dead.

use std::time::Duration;

use minidom::Element;

use super::Stream;
use super::event::StreamEvent;
use super::failure::{Step, StreamFailure};
use super::features::{NS_SM, ServerFeatures};
use super::state::State;
use crate::stanza::{Stanza, StanzaKind};
use crate::xml::escape;

/// How long an answer to `<r/>` or a ping may take while nothing else is heard either.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// The same after suspend or a change of network, when the link is probably dead.
pub(super) const IMPATIENCE: Duration = Duration::from_secs(5);
/// How long the first answer after a resumption may take. A server may have taken the session up and not hear us all
/// the same: Prosody 13 feeds what comes to the parser of the old link, which a cut left in the middle of a stanza.
const RESUMED_PATIENCE: Duration = Duration::from_secs(10);
/// How long it may take whatever else is heard.
const LAST_PATIENCE: Duration = Duration::from_secs(120);
/// A link on which nothing was heard for so long is asked. Most routers forget a silent
/// connection after five minutes or more.
const IDLE: Duration = Duration::from_secs(290);
/// When a server answers but lags behind, it is asked again after this.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// What is known of the link's life.
#[derive(Debug, Default)]
pub(super) struct Alive {
    heard: Duration,
    sent: Duration,
    probe: Option<Probe>,
    ask_again: Option<Duration>,
    /// The session was resumed, and the server has not yet shown that it hears us.
    unproven: bool,
}

/// A question that the server has not answered.
#[derive(Debug)]
struct Probe {
    /// The id of the ping; `<r/>` has none.
    ping: Option<String>,
    /// How many stanzas its answer settles, if it is a ping.
    settles: usize,
    deadline: Duration,
    last_deadline: Duration,
}

impl Alive {
    pub(super) fn starting(now: Duration) -> Self {
        Self { heard: now, sent: now, ..Self::default() }
    }

    /// The session goes on from an earlier link.
    pub(super) fn resumed(now: Duration) -> Self {
        Self { unproven: true, ..Self::starting(now) }
    }

    pub(super) fn sent(&mut self, now: Duration) {
        self.sent = now;
    }
}

impl Stream {
    pub(super) fn element_while_online(&mut self, element: Element) {
        if StanzaKind::of(&element).is_some() {
            self.stanza_came(element);
        } else if element.has_ns(NS_SM) {
            self.management_came(&element);
        } else if ServerFeatures::is_features(&element) {
            self.summary.merge(&ServerFeatures::read(&element).summary);
            self.emit(StreamEvent::Features(self.summary.clone()));
            self.tell_activity();
        } else {
            // RFC 6120 §8.4 knows three stanzas; whatever else servers invent is their affair.
            tracing::debug!("ignored an unknown element of the stream");
        }
    }

    fn stanza_came(&mut self, element: Element) {
        match Stanza::from_element(element) {
            Ok(stanza) => {
                if self.is_pong(&stanza) {
                    self.pong_came();
                } else {
                    self.emit(StreamEvent::Stanza(Box::new(stanza)));
                }
            }
            Err(refused) => self.emit(StreamEvent::Refused(refused)),
        }
    }

    fn management_came(&mut self, element: &Element) {
        if !self.management.is_enabled() {
            return;
        }
        match element.name() {
            "r" => self.tell_handled(),
            "a" => {
                let h = element.attr("h").and_then(|h| h.trim().parse().ok());
                match h.map(|h| self.management.acknowledge(h)) {
                    Some(Ok(arrived)) => self.acknowledged(arrived),
                    _ => self.fail(StreamFailure::AcknowledgementInvalid),
                }
            }
            _ => {}
        }
    }

    /// The server answered: what it has is settled, what waits may go, and if more is under way it
    /// is asked about that.
    fn acknowledged(&mut self, arrived: Vec<super::StanzaToken>) {
        self.alive.probe = None;
        self.alive.ask_again = None;
        self.alive.unproven = false;
        if !arrived.is_empty() {
            self.emit(StreamEvent::Acked(arrived));
        }
        self.write_waiting();
        if self.alive.probe.is_none() && self.management.has_under_way() {
            if self.management.has_unasked() {
                self.probe(PATIENCE);
            } else {
                self.alive.ask_again = Some(self.clock + ASK_AGAIN);
            }
        }
    }

    pub(super) fn element_while_closing(&mut self, element: &Element) {
        if element.is("a", NS_SM) {
            let h = element.attr("h").and_then(|h| h.trim().parse().ok());
            if let Some(Ok(arrived)) = h.map(|h| self.management.acknowledge(h))
                && !arrived.is_empty()
            {
                self.emit(StreamEvent::Acked(arrived));
            }
        }
    }

    /// Writes what the window has room for, and asks about it.
    pub(super) fn write_waiting(&mut self) {
        let mut out = Vec::new();
        let mut ask = false;
        while let Some(bytes) = self.management.next_to_write() {
            out.extend_from_slice(bytes);
            if self.management.should_ask_again() {
                self.management.asked();
                out.extend_from_slice(b"<r xmlns='urn:xmpp:sm:3'/>");
                ask = true;
            }
        }
        if out.is_empty() {
            return;
        }
        self.write_bytes(&out);
        if ask {
            self.expect_answer(None, 0, PATIENCE);
        }
        if self.alive.probe.is_none() {
            self.probe(PATIENCE);
        }
    }

    /// `<a/>`: what we have dealt with.
    pub(super) fn tell_handled(&mut self) {
        let h = self.management.tell();
        self.write(&format!("<a xmlns='{NS_SM}' h='{h}'/>"));
    }

    /// Tells whether somebody is looking, if the server cares and does not know.
    pub(super) fn tell_activity(&mut self) {
        if self.active == self.active_told || !self.summary.client_state_indication {
            return;
        }
        self.active_told = self.active;
        let name = if self.active { "active" } else { "inactive" };
        self.write(&format!("<{name} xmlns='urn:xmpp:csi:0'/>"));
    }

    /// Asks for a sign of life that also settles what is under way.
    pub(super) fn probe(&mut self, patience: Duration) {
        if self.management.is_enabled() {
            self.management.asked();
            self.write("<r xmlns='urn:xmpp:sm:3'/>");
            self.expect_answer(None, 0, patience);
        } else if let Some(probe) = &mut self.alive.probe {
            probe.deadline = probe.deadline.min(self.clock + patience);
        } else {
            let id = self.new_id();
            let domain = escape(self.config.address.domain().as_str());
            self.write(&format!("<iq id='{id}' to='{domain}' type='get'><ping xmlns='urn:xmpp:ping'/></iq>"));
            let settles = self.management.asked();
            self.expect_answer(Some(id), settles, patience);
        }
    }

    fn expect_answer(&mut self, ping: Option<String>, settles: usize, patience: Duration) {
        let (patience, last_patience) = if self.alive.unproven {
            (RESUMED_PATIENCE, RESUMED_PATIENCE)
        } else {
            (patience, LAST_PATIENCE)
        };
        let deadline = self.clock + patience;
        let last_deadline = self.clock + last_patience;
        match &mut self.alive.probe {
            // The oldest question counts.
            Some(probe) => probe.deadline = probe.deadline.min(deadline),
            None => {
                self.alive.probe = Some(Probe { ping, settles, deadline, last_deadline });
            }
        }
    }

    fn is_pong(&self, stanza: &Stanza) -> bool {
        let Some(Probe { ping: Some(id), .. }) = &self.alive.probe else {
            return false;
        };
        stanza.kind == StanzaKind::Iq
            && stanza.id.as_ref() == Some(id)
            && (stanza.is_type("result") || stanza.is_type("error"))
            && stanza.from.as_ref().is_none_or(|from| {
                from.resource().is_none()
                    && from.domain() == self.config.address.domain().as_str()
                    && (from.local().is_none() || *from == self.config.address)
            })
    }

    fn pong_came(&mut self) {
        let settles = self.alive.probe.as_ref().map_or(0, |probe| probe.settles);
        let arrived = self.management.settle(settles);
        self.acknowledged(arrived);
    }

    /// Something was heard: the link lives, even if the answer is still out.
    pub(super) fn heard(&mut self) {
        self.alive.heard = self.clock;
        if let Some(probe) = &mut self.alive.probe {
            let extended = (self.clock + PATIENCE).max(probe.deadline);
            probe.deadline = extended.min(probe.last_deadline);
        }
    }

    pub(super) fn alive_deadline(&self) -> Duration {
        let next = match &self.alive.probe {
            Some(probe) => probe.deadline,
            None => self.idle_deadline(),
        };
        self.alive.ask_again.map_or(next, |ask_again| ask_again.min(next))
    }

    fn idle_deadline(&self) -> Duration {
        let heard = self.alive.heard + IDLE;
        match self.summary.idle_seconds {
            // The server ends silent links (XEP-0478): speak in good time.
            Some(seconds) => {
                let patience = Duration::from_secs(u64::from(seconds)) * 3 / 4;
                heard.min(self.alive.sent + patience.max(Duration::from_secs(5)))
            }
            None => heard,
        }
    }

    pub(super) fn check_alive(&mut self) {
        let probed = self.alive.probe.as_ref().map(|probe| probe.deadline);
        if probed.is_some_and(|deadline| deadline <= self.clock) {
            if self.alive.unproven {
                // To resume once more would end the same way: a fresh session, and the archive, settle what is open.
                self.management.forget_session();
            }
            self.fail(StreamFailure::Timeout(Step::Alive));
            return;
        }
        if probed.is_none() && self.idle_deadline() <= self.clock {
            self.probe(PATIENCE);
        }
        if self.alive.ask_again.is_some_and(|ask_again| ask_again <= self.clock) {
            self.alive.ask_again = None;
            self.probe(PATIENCE);
        }
    }

    /// An id nobody can guess.
    pub(super) fn new_id(&mut self) -> String {
        self.drawn += 1;
        let nonce = super::authentication::nonce(&self.seed, self.drawn);
        nonce.chars().filter(char::is_ascii_alphanumeric).take(16).collect()
    }

    pub(super) fn is_registering(&self) -> bool {
        matches!(self.state, State::FillingForm)
    }
}
