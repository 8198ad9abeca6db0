//! From signed in to online: resuming, or a resource and what goes with it (RFC 6120 §7,
//! XEP-0198 §3 and §5).

use std::time::Duration;

use minidom::Element;
use sha2::{Digest, Sha256};

use super::Stream;
use super::event::{Online, StreamEvent};
use super::failure::{Step, StreamFailure};
use super::features::{NS_BIND, NS_SESSION, NS_SM, RememberedFeatures};
use super::negotiation::STEP;
use super::session::Alive;
use super::state::State;
use crate::stanza::{Stanza, StanzaError, StanzaKind, words_for_people};
use crate::xml::{NS_CLIENT, escape};

/// How long the features after a success are awaited: they come in the same packet or not at all.
const SETTLE: Duration = Duration::from_secs(1);

impl Stream {
    /// The features of the signed-in stream are here.
    pub(super) fn begin_binding(&mut self) {
        match &self.resumption {
            Some(resumption) if self.features.stream_management => {
                let text = format!(
                    "<resume xmlns='{NS_SM}' h='{}' previd='{}'/>",
                    resumption.management.handled(),
                    escape(&resumption.id),
                );
                self.write(&text);
                self.state = State::AwaitingResumed;
                self.await_step(Step::Binding, STEP);
            }
            _ => self.bind(),
        }
    }

    pub(super) fn resume_answered(&mut self, element: &Element) {
        if element.is("resumed", NS_SM) {
            self.resumed(element);
        } else if element.is("failed", NS_SM) {
            self.resume_failed(Some(element));
            self.bind();
        }
    }

    /// The earlier session goes on.
    pub(super) fn resumed(&mut self, resumed: &Element) {
        let Some(resumption) = self.resumption.take() else {
            return;
        };
        self.management = resumption.management;
        self.bound = Some(resumption.bound);
        self.carbons = resumption.carbons;
        // What this link told already is newer.
        let mut summary = resumption.features;
        summary.merge(&self.summary);
        self.summary = summary;
        let h = resumed.attr("h").and_then(|h| h.trim().parse().ok());
        let Some(Ok(arrived)) = h.map(|h| self.management.resumed(h)) else {
            self.fail(StreamFailure::AcknowledgementInvalid);
            return;
        };
        if !arrived.is_empty() {
            self.emit(StreamEvent::Acked(arrived));
        }
        // Servers differ in whether they still know: tell them again.
        self.active_told = !self.active;
        self.go_online(true);
    }

    /// The server does not have the earlier session. It may know what it received of it.
    pub(super) fn resume_failed(&mut self, failed: Option<&Element>) {
        if let Some(resumption) = &mut self.resumption {
            let h = failed.and_then(|failed| failed.attr("h")).and_then(|h| h.trim().parse().ok());
            if let Some(Ok(arrived)) = h.map(|h| resumption.management.acknowledge(h))
                && !arrived.is_empty()
            {
                self.events.push_back(StreamEvent::Acked(arrived));
            }
        }
        self.drop_resumption();
    }

    /// A fresh session begins: of what was sent in the earlier one nobody will hear any more.
    pub(super) fn drop_resumption(&mut self) {
        if let Some(mut resumption) = self.resumption.take() {
            let lost = resumption.management.give_up();
            if !lost.is_empty() {
                self.emit(StreamEvent::Unacked(lost));
            }
        }
    }

    fn bind(&mut self) {
        if !self.features.bind {
            self.fail(StreamFailure::BindRefused {
                condition: "feature-not-implemented".to_owned(),
                text: None,
            });
            return;
        }
        self.drop_resumption();
        let id = self.new_id();
        let resource = if self.bind_without_resource {
            String::new()
        } else {
            format!("<resource>{}</resource>", escape(&self.resource()))
        };
        self.write(&format!("<iq id='{id}' type='set'><bind xmlns='{NS_BIND}'>{resource}</bind></iq>"));
        self.state = State::AwaitingBind(id);
        self.await_step(Step::Binding, STEP);
    }

    /// The same for this account on this device every time, so that a new link replaces a dead
    /// one instead of standing beside it; and telling strangers nothing.
    fn resource(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.config.user_agent_id.as_bytes());
        hash.update(self.config.address.as_str().as_bytes());
        let suffix = hash.finalize().iter().take(4).fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        format!("{}.{suffix:08x}", self.config.resource_hint)
    }

    pub(super) fn binding_answered(&mut self, element: Element) {
        if matches!(self.state, State::AwaitingEnabled) && element.has_ns(NS_SM) {
            match element.name() {
                "enabled" => {
                    self.enabled(&element);
                    self.go_online(false);
                }
                "failed" => self.go_online(false),
                _ => {}
            }
            return;
        }
        let Some(kind) = StanzaKind::of(&element) else {
            return;
        };
        let answers = kind == StanzaKind::Iq
            && matches!(&self.state, State::AwaitingBind(id) | State::AwaitingSession(id)
                if element.attr("id") == Some(id))
            && matches!(element.attr("type"), Some("result" | "error"));
        if !answers {
            // It came before counting began: it is handed up, but not counted.
            self.management.received_uncounted();
            self.emit(match Stanza::from_element(element) {
                Ok(stanza) => StreamEvent::Stanza(Box::new(stanza)),
                Err(refused) => StreamEvent::Refused(refused),
            });
            return;
        }
        let error = (element.attr("type") == Some("error"))
            .then(|| StanzaError::read(element.get_child("error", NS_CLIENT)));
        let session = matches!(self.state, State::AwaitingSession(_));
        match error {
            Some(error) if session || self.bind_without_resource => {
                let condition = error.condition;
                let text = error.text;
                self.fail(StreamFailure::BindRefused { condition, text });
            }
            // Perhaps only the resource was not welcome.
            Some(_) => {
                self.bind_without_resource = true;
                self.bind();
            }
            None if session => self.enable(),
            None => self.bound_by(&element),
        }
    }

    fn bound_by(&mut self, element: &Element) {
        let address = element
            .get_child("bind", NS_BIND)
            .and_then(|bind| bind.get_child("jid", NS_BIND))
            .and_then(|jid| jid.text().trim().parse().ok());
        let Some(address) = address else {
            self.fail(StreamFailure::Malformed("no address was bound"));
            return;
        };
        self.bound = Some(address);
        if self.features.session_required {
            let id = self.new_id();
            self.write(&format!("<iq id='{id}' type='set'><session xmlns='{NS_SESSION}'/></iq>"));
            self.state = State::AwaitingSession(id);
            self.await_step(Step::Binding, STEP);
        } else {
            self.enable();
        }
    }

    fn enable(&mut self) {
        if self.features.stream_management {
            self.write(&format!("<enable xmlns='{NS_SM}' resume='true'/>"));
            self.state = State::AwaitingEnabled;
            self.await_step(Step::Binding, STEP);
        } else {
            self.go_online(false);
        }
    }

    /// `<enabled/>`: what is sent and received from here on is counted.
    pub(super) fn enabled(&mut self, enabled: &Element) {
        let resumable = matches!(enabled.attr("resume"), Some("true" | "1"));
        let id = enabled.attr("id").filter(|id| resumable && !id.is_empty() && id.len() <= 4096);
        let location = enabled.attr("location").and_then(words_for_people);
        self.management.enable(id.map(ToOwned::to_owned), location);
        self.summary.stream_management = true;
    }

    /// Bound inline: what is left is to hear what the server can do.
    pub(super) fn settle(&mut self) {
        self.state = State::Settling;
        self.await_step(Step::Features, SETTLE);
    }

    pub(super) fn go_online(&mut self, resumed: bool) {
        let Some(bound) = self.bound.clone() else {
            self.fail(StreamFailure::Malformed("no address was bound"));
            return;
        };
        self.state = State::Online;
        self.was_online = true;
        self.deadline = None;
        self.exchange = None;
        self.alive = if resumed { Alive::resumed(self.clock) } else { Alive::starting(self.clock) };
        let remembered = RememberedFeatures {
            offer: self.features.sasl2.take().unwrap_or_default(),
            channel_bindings: self.features.channel_bindings.take(),
        };
        let online = Online {
            bound,
            resumed,
            archive_hint: self.archive_hint.take(),
            carbons_enabled: self.carbons,
            features: self.summary.clone(),
            pin: self.credentials.pin.clone().unwrap_or_default(),
            remembered,
        };
        self.emit(StreamEvent::Online(Box::new(online)));
        self.tell_activity();
        self.write_waiting();
    }
}
