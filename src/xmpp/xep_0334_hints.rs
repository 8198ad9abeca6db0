//! XEP-0334: message processing hints.

use minidom::Element;

use crate::payload::tag;

/// The namespace.
pub const NS: &str = "urn:xmpp:hints";

/// What a server should do with a message (§3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Archive it though it has no body.
    Store,
    /// Do not archive it.
    NoPermanentStore,
    /// Neither archive it nor keep it for later.
    NoStore,
    /// Do not copy it to other devices.
    NoCopy,
}

impl Hint {
    fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::NoPermanentStore => "no-permanent-store",
            Self::NoStore => "no-store",
            Self::NoCopy => "no-copy",
        }
    }

    /// Writes the hint.
    #[must_use]
    pub fn element(self) -> Element {
        tag(self.name(), NS, &[])
    }

    /// Whether a message carries it.
    #[must_use]
    pub fn is_in(self, message: &Element) -> bool {
        message.has_child(self.name(), NS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::parent_tag;

    #[test]
    fn hints_read_what_they_write() {
        for hint in [Hint::Store, Hint::NoPermanentStore, Hint::NoStore, Hint::NoCopy] {
            let message = parent_tag("message", "jabber:client", &[], [hint.element()]);
            assert!(hint.is_in(&message));
            assert!(!hint.is_in(&Element::bare("message", "jabber:client")));
        }
        let message = parent_tag("message", "jabber:client", &[], [tag("store", "urn:x", &[])]);
        assert!(!Hint::Store.is_in(&message));
    }
}
