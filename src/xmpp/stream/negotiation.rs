//! From the open socket to the features of a secured stream (RFC 6120 §4, §5).

use std::time::Duration;

use minidom::Element;
use model::{ConnectionStep, Now};

use super::config::Purpose;
use super::event::{StreamEvent, TlsFacts};
use super::failure::{Step, StreamFailure};
use super::features::{NS_TLS, ServerFeatures};
use super::state::{Phase, State};
use super::{Stream, stream_error};
use crate::parser::StreamHeader;
use crate::stanza::{RefusedStanza, StanzaKind};
use crate::xml::escape;

/// For an answer while negotiating. A phone network may need most of it.
pub(super) const STEP: Duration = Duration::from_secs(20);

impl Stream {
    pub(super) fn connected(&mut self, tls: Option<TlsFacts>, now: Now) {
        if !matches!(self.state, State::Unconnected) {
            return;
        }
        if tls.is_some() {
            self.secured(tls, now);
        } else {
            self.emit(StreamEvent::Progress(ConnectionStep::Securing));
            self.open(Phase::Cleartext);
        }
    }

    pub(super) fn tls_started(&mut self, facts: TlsFacts, now: Now) {
        if matches!(self.state, State::StartingTls) {
            self.secured(Some(facts), now);
        }
    }

    /// Everything that was heard before TLS is forgotten (RFC 6120 §5.4.3.3).
    fn secured(&mut self, tls: Option<TlsFacts>, now: Now) {
        self.tls = tls;
        self.features = ServerFeatures::default();
        self.incoming.clear();
        self.new_parser();
        self.open(Phase::Secured);
        if self.config.purpose == Purpose::SignIn {
            self.emit(StreamEvent::Progress(ConnectionStep::SigningIn));
            self.sign_in_early(now);
        }
    }

    /// Sends a header. Who we are is said only within TLS (RFC 6120 §4.7.1).
    pub(super) fn open(&mut self, phase: Phase) {
        let mut header = format!(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='{}'",
            escape(self.config.address.domain().as_str()),
        );
        if phase != Phase::Cleartext && self.config.purpose == Purpose::SignIn {
            header.push_str(" from='");
            header.push_str(&escape(self.config.address.as_str()));
            header.push('\'');
        }
        if !self.config.lang.is_empty() {
            header.push_str(" xml:lang='");
            header.push_str(&escape(&self.config.lang));
            header.push('\'');
        }
        header.push('>');
        self.header_written = true;
        self.write(&header);
        self.state = State::AwaitingFeatures(phase);
        self.await_step(Step::Features, STEP);
    }

    pub(super) fn header_came(&mut self, header: &StreamHeader) {
        // Before version 1.0 there were no features, no TLS and no SASL (RFC 6120 §4.7.5).
        let known = header
            .version
            .as_deref()
            .is_some_and(|version| version.split('.').next().is_some_and(|major| major != "0"));
        if !known {
            self.fail(StreamFailure::Malformed("not XMPP 1.0"));
        }
    }

    pub(super) fn element_came(&mut self, element: Element, now: Now) {
        if stream_error::is_stream_error(&element) {
            self.stream_error_came(&element);
            return;
        }
        // `Settling` waits for features only for so long as nothing else comes.
        if matches!(self.state, State::Settling) && !ServerFeatures::is_features(&element) {
            self.go_online(false);
        }
        match self.state {
            State::Online => self.element_while_online(element),
            State::Closing => self.element_while_closing(&element),
            State::Settling => {
                self.summary.merge(&ServerFeatures::read(&element).summary);
                self.go_online(false);
            }
            State::AwaitingFeatures(phase) => {
                if ServerFeatures::is_features(&element) {
                    self.features_came(phase, ServerFeatures::read(&element), now);
                } else if self.exchange.is_some() {
                    // An answer to what was sent early, from a server that sends no features.
                    self.fail(StreamFailure::RememberedFeaturesStale);
                }
            }
            State::AwaitingProceed => self.tls_answered(&element),
            State::Authenticating => self.authentication_answered(&element, now),
            State::AwaitingResumed => self.resume_answered(&element),
            State::AwaitingBind(_) | State::AwaitingSession(_) | State::AwaitingEnabled => {
                self.binding_answered(element);
            }
            State::AwaitingForm(_) | State::AwaitingRegistered(_) => {
                self.registration_answered(&element);
            }
            State::Unconnected
            | State::StartingTls
            | State::FillingForm
            | State::Registered
            | State::Over => {}
        }
    }

    fn features_came(&mut self, phase: Phase, features: ServerFeatures, now: Now) {
        match phase {
            Phase::Cleartext => {
                if features.starttls {
                    self.write("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
                    self.state = State::AwaitingProceed;
                    self.await_step(Step::Tls, STEP);
                } else {
                    self.fail(StreamFailure::NoEncryptionOffered);
                }
            }
            Phase::Secured => {
                self.features = features;
                self.summary = self.features.summary.clone();
                // For strangers (Prosody: 10 kB). What holds for us comes later, or not at all.
                self.summary.max_stanza_bytes = None;
                if self.config.purpose == Purpose::Register {
                    self.request_form();
                } else if self.exchange.is_none() {
                    self.sign_in(now);
                } else if self.features.sasl2.is_some() {
                    self.state = State::Authenticating;
                    self.await_step(Step::Authentication, STEP);
                } else {
                    self.fail(StreamFailure::RememberedFeaturesStale);
                }
            }
            Phase::SignedIn => {
                self.summary.merge(&features.summary);
                self.features = ServerFeatures {
                    // Kept for what is remembered.
                    sasl2: self.features.sasl2.take(),
                    channel_bindings: self.features.channel_bindings.take(),
                    ..features
                };
                self.begin_binding();
            }
        }
    }

    fn tls_answered(&mut self, element: &Element) {
        if element.is("proceed", NS_TLS) {
            self.incoming.clear();
            self.state = State::StartingTls;
            self.await_step(Step::Tls, STEP);
            self.emit(StreamEvent::StartTls);
        } else if element.is("failure", NS_TLS) {
            self.fail(StreamFailure::NoEncryptionOffered);
        }
    }

    pub(super) fn refused_came(&mut self, refused: RefusedStanza) {
        // Stream management counts stanzas only, and nothing else that is this large matters.
        if refused.kind.is_none() {
            return;
        }
        if matches!(self.state, State::Settling) {
            self.go_online(false);
        }
        match self.state {
            State::Online => self.emit(StreamEvent::Refused(refused)),
            State::AwaitingBind(_) | State::AwaitingSession(_) | State::AwaitingEnabled
                if refused.kind != Some(StanzaKind::Iq) =>
            {
                self.management.received_uncounted();
                self.emit(StreamEvent::Refused(refused));
            }
            _ => {}
        }
    }

    pub(super) fn stream_error_came(&mut self, error: &Element) {
        let early = self.exchange.as_ref().is_some_and(|exchange| exchange.pipelined)
            && (self.awaits(Phase::Secured) || matches!(self.state, State::Authenticating));
        let condition = stream_error::condition(error);
        let not_understood = matches!(
            condition.as_str(),
            "unsupported-stanza-type" | "not-authorized" | "bad-format" | "invalid-namespace"
        );
        if early && not_understood {
            self.fail(StreamFailure::RememberedFeaturesStale);
        } else if matches!(self.state, State::AwaitingForm(_)) && condition == "not-authorized" {
            // A server that knows nothing of making accounts takes no question before signing in (RFC 6120 §4.9.3.12).
            self.fail(StreamFailure::RegistrationClosed(None));
        } else {
            self.fail(stream_error::read(error, self.tls.is_some()));
        }
    }

    pub(super) fn server_ended(&mut self) {
        if matches!(self.state, State::Closing) {
            self.finish_close();
        } else {
            self.write("</stream:stream>");
            self.emit(StreamEvent::Close);
            self.fail(StreamFailure::Disconnected);
        }
    }

    pub(super) fn link_closed(&mut self) {
        if matches!(self.state, State::Closing | State::Registered) {
            self.end();
            self.emit(StreamEvent::Closed);
        } else {
            self.fail(StreamFailure::Disconnected);
        }
    }

    pub(super) fn step_timed_out(&mut self, step: Step) {
        match self.state {
            State::Settling => self.go_online(false),
            State::Closing | State::Registered => self.finish_close(),
            _ => self.fail(StreamFailure::Timeout(step)),
        }
    }

    pub(super) fn begin_close(&mut self) {
        match self.state {
            State::Over | State::Closing => {}
            State::Online => {
                if self.management.has_untold() {
                    self.tell_handled();
                }
                self.write("</stream:stream>");
                self.management.forget_session();
                self.state = State::Closing;
                self.await_step(Step::Alive, Duration::from_secs(3));
            }
            _ => {
                if self.header_written && !matches!(self.state, State::StartingTls) {
                    self.write("</stream:stream>");
                }
                self.finish_close();
            }
        }
    }

    fn finish_close(&mut self) {
        self.emit(StreamEvent::Close);
        self.end();
        self.emit(StreamEvent::Closed);
    }
}
