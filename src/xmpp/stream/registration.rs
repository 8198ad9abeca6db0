//! Making an account before signing in (XEP-0077 §3.1): the steps. The form is read and written by
//! [`xep_0077_registration`](crate::xep_0077_registration).

use std::time::Duration;

use minidom::Element;
use model::{ConnectionStep, RegistrationForm};

use super::Stream;
use super::event::StreamEvent;
use super::failure::{RegistrationRefusal, Step, StreamFailure};
use super::negotiation::STEP;
use super::state::State;
use crate::payload::parent_tag;
use crate::stanza::{StanzaError, words_for_people};
use crate::xep_0077_registration::{self as wire, NS};
use crate::xml::{self, NS_CLIENT};

/// A person fills in a form.
const FILLING: Duration = Duration::from_secs(900);

impl Stream {
    pub(super) fn request_form(&mut self) {
        self.emit(StreamEvent::Progress(ConnectionStep::SigningIn));
        let id = self.ask("get", wire::query());
        self.state = State::AwaitingForm(id);
        self.await_step(Step::Registration, STEP);
    }

    pub(super) fn registration_answered(&mut self, element: &Element) {
        let (State::AwaitingForm(id) | State::AwaitingRegistered(id)) = &self.state else {
            return;
        };
        if !element.is("iq", NS_CLIENT) || element.attr("id") != Some(id) {
            return;
        }
        let form_awaited = matches!(self.state, State::AwaitingForm(_));
        match element.attr("type") {
            Some("result") if form_awaited => self.form_came(element),
            Some("result") => {
                self.state = State::Registered;
                self.await_step(Step::Registration, FILLING);
                self.emit(StreamEvent::Registered);
            }
            Some("error") => {
                let error = StanzaError::read(element.get_child("error", NS_CLIENT));
                if form_awaited {
                    self.fail(StreamFailure::RegistrationClosed(error.text));
                } else {
                    self.fill_form();
                    self.emit(StreamEvent::RegistrationRefused(refusal(error)));
                }
            }
            _ => {}
        }
    }

    fn form_came(&mut self, element: &Element) {
        let Some(query) = element.get_child("query", NS) else {
            self.fail(StreamFailure::RegistrationClosed(None));
            return;
        };
        self.registration_form_is_data = wire::asks_by_data_form(query);
        let domain = self.config.address.domain().to_string();
        match wire::form(&domain, query) {
            Some(form) if !form.fields.is_empty() => {
                self.fill_form();
                self.emit(StreamEvent::RegistrationForm(form));
            }
            _ => {
                // Some servers only say where to go instead, in words.
                let words =
                    query.get_child("instructions", NS).and_then(|words| words_for_people(&words.text()));
                self.fail(StreamFailure::RegistrationClosed(words));
            }
        }
    }

    fn fill_form(&mut self) {
        self.state = State::FillingForm;
        self.await_step(Step::Registration, FILLING);
    }

    pub(super) fn submit_registration(&mut self, form: &RegistrationForm) {
        if !self.is_registering() {
            return;
        }
        let id = self.ask("set", wire::submission(form, self.registration_form_is_data));
        self.state = State::AwaitingRegistered(id);
        self.await_step(Step::Registration, STEP);
    }

    fn ask(&mut self, kind: &str, query: Element) -> String {
        let id = self.new_id();
        let domain = self.config.address.domain().to_string();
        let iq = parent_tag("iq", NS_CLIENT, &[("id", &id), ("to", &domain), ("type", kind)], [query]);
        self.write(&String::from_utf8_lossy(&xml::serialise(&iq)));
        id
    }
}

fn refusal(error: StanzaError) -> RegistrationRefusal {
    match error.condition.as_str() {
        "conflict" => RegistrationRefusal::NameTaken(error.text),
        "resource-constraint" | "policy-violation" | "internal-server-error" => {
            RegistrationRefusal::TryLater(error.text)
        }
        "not-allowed"
        | "forbidden"
        | "not-authorized"
        | "service-unavailable"
        | "feature-not-implemented"
        | "registration-required" => RegistrationRefusal::Forbidden(error.text),
        _ if error.type_ == "wait" => RegistrationRefusal::TryLater(error.text),
        _ => RegistrationRefusal::NotAcceptable(error.text),
    }
}
