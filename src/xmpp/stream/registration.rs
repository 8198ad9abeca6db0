//! Making an account before signing in (XEP-0077 §3.1).
//!
//! The server's form is a data form (XEP-0004) or, on old servers, a list of empty elements; both
//! become one [`RegistrationForm`]. Fields that nobody sees are sent back as they came.

use std::fmt::Write as _;
use std::time::Duration;

use minidom::Element;
use model::{ConnectionStep, FormField, FormFieldKind, RegistrationForm};

use super::Stream;
use super::event::StreamEvent;
use super::failure::{RegistrationRefusal, Step, StreamFailure};
use super::features::NS_REGISTER;
use super::negotiation::STEP;
use super::state::State;
use crate::stanza::{StanzaError, words_for_people};
use crate::xml::{NS_CLIENT, escape};

const NS_DATA: &str = "jabber:x:data";
/// A person fills in a form.
const FILLING: Duration = Duration::from_secs(900);
/// Fields of a form, choices of a field.
const LIST_LIMIT: usize = 64;
/// Characters of a name or a value.
const TEXT_LIMIT: usize = 4096;

impl Stream {
    pub(super) fn request_form(&mut self) {
        self.emit(StreamEvent::Progress(ConnectionStep::SigningIn));
        let id = self.new_id();
        let domain = escape(self.config.address.domain().as_str());
        self.write(&format!("<iq id='{id}' to='{domain}' type='get'><query xmlns='{NS_REGISTER}'/></iq>"));
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
        let Some(query) = element.get_child("query", NS_REGISTER) else {
            self.fail(StreamFailure::RegistrationClosed(None));
            return;
        };
        let instructions = query
            .get_child("instructions", NS_REGISTER)
            .and_then(|instructions| words_for_people(&instructions.text()));
        let data = query.get_child("x", NS_DATA);
        self.registration_form_is_data = data.is_some();
        let (instructions, fields) = match data {
            Some(form) => {
                let own = form
                    .get_child("instructions", NS_DATA)
                    .and_then(|instructions| words_for_people(&instructions.text()));
                (own.or(instructions), data_fields(form))
            }
            None => (instructions, plain_fields(query)),
        };
        if fields.is_empty() {
            // Some servers only say where to go instead, in words.
            self.fail(StreamFailure::RegistrationClosed(instructions));
            return;
        }
        self.fill_form();
        self.emit(StreamEvent::RegistrationForm(RegistrationForm {
            domain: self.config.address.domain().to_string(),
            instructions,
            fields,
        }));
    }

    fn fill_form(&mut self) {
        self.state = State::FillingForm;
        self.await_step(Step::Registration, FILLING);
    }

    pub(super) fn submit_registration(&mut self, form: &RegistrationForm) {
        if !self.is_registering() {
            return;
        }
        let id = self.new_id();
        let domain = escape(self.config.address.domain().as_str());
        let mut out = format!("<iq id='{id}' to='{domain}' type='set'><query xmlns='{NS_REGISTER}'>");
        if self.registration_form_is_data {
            let _ = write!(out, "<x xmlns='{NS_DATA}' type='submit'>");
            for field in form.fields.iter().filter(|field| field.kind != FormFieldKind::Note) {
                let _ = write!(
                    out,
                    "<field var='{}'><value>{}</value></field>",
                    escape(&field.name),
                    escape(&field.value)
                );
            }
            out.push_str("</x>");
        } else {
            for field in form.fields.iter().filter(|field| is_plain_name(&field.name)) {
                let name = &field.name;
                let _ = write!(out, "<{name}>{}</{name}>", escape(&field.value));
            }
        }
        out.push_str("</query></iq>");
        self.write(&out);
        self.state = State::AwaitingRegistered(id);
        self.await_step(Step::Registration, STEP);
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

/// XEP-0077 §14.1 lists the names; all of them are lower-case letters.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn plain_fields(query: &Element) -> Vec<FormField> {
    query
        .children()
        .filter(|child| {
            child.has_ns(NS_REGISTER)
                && is_plain_name(child.name())
                && !matches!(child.name(), "instructions" | "registered" | "remove" | "misc" | "text")
        })
        .take(LIST_LIMIT)
        .map(|child| FormField {
            name: child.name().to_owned(),
            label: None,
            kind: match child.name() {
                "username" => FormFieldKind::Username,
                "password" => FormFieldKind::Password,
                "key" => FormFieldKind::Hidden,
                _ => FormFieldKind::Text,
            },
            required: child.name() != "key",
            value: bounded(&child.text()),
        })
        .collect()
}

fn data_fields(form: &Element) -> Vec<FormField> {
    form.children()
        .filter(|child| child.is("field", NS_DATA))
        .take(LIST_LIMIT)
        .filter_map(data_field)
        .collect()
}

fn data_field(field: &Element) -> Option<FormField> {
    let name = bounded(field.attr("var").unwrap_or_default());
    let value = field.get_child("value", NS_DATA).map_or_else(String::new, |value| bounded(&value.text()));
    let kind = match (field.attr("type").unwrap_or_default(), name.as_str()) {
        ("fixed", _) => FormFieldKind::Note,
        (_, "") => return None,
        ("hidden", _) => FormFieldKind::Hidden,
        (_, "username") => FormFieldKind::Username,
        (_, "password") => FormFieldKind::Password,
        ("text-private", _) => FormFieldKind::Secret,
        ("boolean", _) => FormFieldKind::Flag,
        ("list-single" | "list-multi", _) => FormFieldKind::Choice(choices(field)),
        _ => FormFieldKind::Text,
    };
    let value = match kind {
        FormFieldKind::Note => words_for_people(&value)?,
        FormFieldKind::Flag => String::from(if matches!(value.as_str(), "1" | "true") { "1" } else { "0" }),
        _ => value,
    };
    Some(FormField {
        name,
        label: field.attr("label").and_then(words_for_people),
        kind,
        required: field.has_child("required", NS_DATA),
        value,
    })
}

fn choices(field: &Element) -> Vec<(String, String)> {
    field
        .children()
        .filter(|child| child.is("option", NS_DATA))
        .take(LIST_LIMIT)
        .filter_map(|option| {
            let value = bounded(&option.get_child("value", NS_DATA)?.text());
            let label = option.attr("label").and_then(words_for_people);
            Some((value.clone(), label.unwrap_or(value)))
        })
        .collect()
}

fn bounded(text: &str) -> String {
    text.chars().take(TEXT_LIMIT).collect()
}
