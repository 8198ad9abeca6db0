use minidom::Element;

use super::NS;
use crate::{
    payload::{tag, text_tag},
    stanza::words_for_people,
};

/// Why something is done (§7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Another session is to be used.
    AlternativeSession,
    /// In another call.
    Busy,
    /// The caller thought better of it.
    Cancel,
    /// Media found no way.
    ConnectivityError,
    /// Not wanted.
    Decline,
    /// It lasted too long, or was overtaken.
    Expired,
    /// The machinery of what is carried failed.
    FailedApplication,
    /// The machinery of the transport failed.
    FailedTransport,
    /// Nothing that others need to know.
    GeneralError,
    /// Somebody is gone.
    Gone,
    /// Nothing in common in what was offered.
    IncompatibleParameters,
    /// Media cannot be carried as offered.
    MediaError,
    /// Something is not safe.
    SecurityError,
    /// It is over, as it should be.
    Success,
    /// It took too long.
    Timeout,
    /// What is carried is not known.
    UnsupportedApplications,
    /// The transport is not known.
    UnsupportedTransports,
}

/// Conditions, by their names.
const CONDITIONS: [(Condition, &str); 17] = [
    (Condition::AlternativeSession, "alternative-session"),
    (Condition::Busy, "busy"),
    (Condition::Cancel, "cancel"),
    (Condition::ConnectivityError, "connectivity-error"),
    (Condition::Decline, "decline"),
    (Condition::Expired, "expired"),
    (Condition::FailedApplication, "failed-application"),
    (Condition::FailedTransport, "failed-transport"),
    (Condition::GeneralError, "general-error"),
    (Condition::Gone, "gone"),
    (Condition::IncompatibleParameters, "incompatible-parameters"),
    (Condition::MediaError, "media-error"),
    (Condition::SecurityError, "security-error"),
    (Condition::Success, "success"),
    (Condition::Timeout, "timeout"),
    (Condition::UnsupportedApplications, "unsupported-applications"),
    (Condition::UnsupportedTransports, "unsupported-transports"),
];

/// A `<reason/>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The kind; a kind that is not known is read as a general error.
    pub condition: Condition,
    /// Words, free of control characters, at most 500 characters.
    pub text: Option<String>,
}

impl From<Condition> for Reason {
    fn from(condition: Condition) -> Self {
        Self { condition, text: None }
    }
}

impl Reason {
    /// Reads a `<reason/>`, whatever it holds.
    #[must_use]
    pub fn read(element: &Element) -> Self {
        let condition = element.children().find_map(|child| {
            CONDITIONS.iter().find(|(_, name)| child.is(*name, NS)).map(|(condition, _)| *condition)
        });
        let text = element.get_child("text", NS).and_then(|text| words_for_people(&text.text()));
        Self { condition: condition.unwrap_or(Condition::GeneralError), text }
    }

    /// The element.
    #[must_use]
    pub fn element(&self) -> Element {
        let name = CONDITIONS.iter().find(|(condition, _)| *condition == self.condition);
        let mut element = Element::bare("reason", NS);
        element.append_child(tag(name.map_or("general-error", |(_, name)| name), NS, &[]));
        if let Some(text) = &self.text {
            element.append_child(text_tag("text", NS, text));
        }
        element
    }
}
