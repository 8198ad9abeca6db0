//! XEP-0085: chat state notifications.

use minidom::Element;
use model::ChatState;

use crate::payload::tag;

/// The namespace.
pub const NS: &str = "http://jabber.org/protocol/chatstates";

const STATES: [(&str, ChatState); 5] = [
    ("active", ChatState::Active),
    ("composing", ChatState::Composing),
    ("paused", ChatState::Paused),
    ("inactive", ChatState::Inactive),
    ("gone", ChatState::Gone),
];

/// The state that a message tells (§5.5).
#[must_use]
pub fn chat_state(message: &Element) -> Option<ChatState> {
    message
        .children()
        .filter(|child| child.has_ns(NS))
        .find_map(|child| STATES.iter().find(|(name, _)| child.name() == *name).map(|(_, state)| *state))
}

/// Tells a state.
#[must_use]
pub fn element(state: ChatState) -> Element {
    let name = STATES.iter().find(|(_, known)| *known == state).map_or("active", |(name, _)| *name);
    tag(name, NS, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::parent_tag;

    #[test]
    fn states_read_what_they_write() {
        for (_, state) in STATES {
            let message = parent_tag("message", "jabber:client", &[], [element(state)]);
            assert_eq!(chat_state(&message), Some(state));
        }
    }

    #[test]
    fn unknown_states_are_passed_over() {
        let message = parent_tag(
            "message",
            "jabber:client",
            &[],
            [tag("dancing", NS, &[]), tag("composing", "urn:x", &[]), element(ChatState::Gone)],
        );
        assert_eq!(chat_state(&message), Some(ChatState::Gone));
    }
}
