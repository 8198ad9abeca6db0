//! Addresses as others write them.
//!
//! The `jid` crate prepares strings by RFC 3920, whose tables end with Unicode 3.2: it refuses
//! an emoji in a resource, and rooms are full of people who call themselves that. So an
//! [`Address`] is a checked bare address with a resource that may be anything. It is compared as
//! a whole: somebody whose resource is odd is never mistaken for the bare address, which in a
//! room would make an occupant the room itself.

use std::fmt;

use jid::{BareJid, FullJid, Jid};

/// Longest part of an address, in bytes (RFC 7622 §3.1).
const PART_LIMIT: usize = 1023;

/// Who sent a stanza, or to whom it goes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// All of it, or its bare part if `odd_resource` is there.
    jid: Jid,
    odd_resource: Option<Box<str>>,
}

impl Address {
    /// Reads an address that somebody else wrote. `None` if its bare part is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 3 * PART_LIMIT + 2 {
            return None;
        }
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(resource)),
            None => (text, None),
        };
        // A trailing dot is the same domain (RFC 7622 §3.2), and confuses the crate below.
        if bare.ends_with('.') {
            let bare = BareJid::new(bare.strip_suffix('.')?).ok()?;
            return Self::with_resource(bare, resource);
        }
        if let Ok(jid) = Jid::new(text) {
            return Some(Self { jid, odd_resource: None });
        }
        Self::with_resource(BareJid::new(bare).ok()?, resource)
    }

    fn with_resource(bare: BareJid, resource: Option<&str>) -> Option<Self> {
        let Some(resource) = resource else {
            return Some(bare.into());
        };
        if let Ok(full) = bare.with_resource_str(resource) {
            return Some(full.into());
        }
        let acceptable =
            !resource.is_empty() && resource.len() <= PART_LIMIT && !resource.chars().any(char::is_control);
        acceptable.then(|| Self { jid: bare.into(), odd_resource: Some(resource.into()) })
    }

    /// The address without its resource.
    #[must_use]
    pub fn to_bare(&self) -> BareJid {
        self.jid.to_bare()
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.jid.domain().as_str()
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local(&self) -> Option<&str> {
        self.jid.node().map(jid::NodeRef::as_str)
    }

    /// The resource, in a room the nickname.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        match &self.odd_resource {
            Some(resource) => Some(resource),
            None => self.jid.resource().map(jid::ResourceRef::as_str),
        }
    }

    /// Whether there is no resource.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.resource().is_none()
    }

    /// The same as a `Jid`, if that can hold it. `None` if the resource is odd: to answer such a
    /// sender, use the text.
    #[must_use]
    pub fn as_jid(&self) -> Option<&Jid> {
        self.odd_resource.is_none().then_some(&self.jid)
    }

    /// Whether the bare address is this one, whatever the resource.
    #[must_use]
    pub fn is_at(&self, bare: &BareJid) -> bool {
        self.jid.node() == bare.node() && self.jid.domain() == bare.domain()
    }
}

impl From<Jid> for Address {
    fn from(jid: Jid) -> Self {
        Self { jid, odd_resource: None }
    }
}

impl From<BareJid> for Address {
    fn from(jid: BareJid) -> Self {
        Jid::from(jid).into()
    }
}

impl From<FullJid> for Address {
    fn from(jid: FullJid) -> Self {
        Jid::from(jid).into()
    }
}

impl PartialEq<Jid> for Address {
    fn eq(&self, other: &Jid) -> bool {
        self.odd_resource.is_none() && self.jid == *other
    }
}

impl PartialEq<BareJid> for Address {
    fn eq(&self, other: &BareJid) -> bool {
        self.odd_resource.is_none() && self.jid == *other
    }
}

impl PartialEq<FullJid> for Address {
    fn eq(&self, other: &FullJid) -> bool {
        self.odd_resource.is_none() && self.jid == *other
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.jid, formatter)?;
        match &self.odd_resource {
            Some(resource) => write!(formatter, "/{resource}"),
            None => Ok(()),
        }
    }
}

/// Never shows whose it is: addresses stay out of logs.
impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Address")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_nickname_is_kept_and_is_not_the_room() {
        let room = BareJid::new("room@muc.example").unwrap();
        let address = Address::parse("room@muc.example/🦆").unwrap();
        assert_eq!(address.resource(), Some("🦆"));
        assert_eq!(address.to_string(), "room@muc.example/🦆");
        assert!(address.is_at(&room));
        assert!(address != room);
        assert!(!address.is_bare());
        assert_eq!(address.as_jid(), None);
    }

    #[test]
    fn ordinary_addresses_are_prepared() {
        let address = Address::parse("Alice@Example.ORG/Home").unwrap();
        assert_eq!(address.to_string(), "alice@example.org/Home");
        assert!(address.as_jid().is_some());
        assert_eq!(Address::parse("straße.example").unwrap().domain(), "strasse.example");
    }

    #[test]
    fn a_trailing_dot_is_the_same_domain() {
        let dotted = Address::parse("a@example.org./r").unwrap();
        assert_eq!(dotted, Address::parse("a@example.org/r").unwrap());
        assert_eq!(dotted.resource(), Some("r"));
        assert_eq!(Address::parse("example.org.").unwrap().to_string(), "example.org");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["", "@", "a@", "/r", "a@b@c", "a b@c", "🦆@example.org", "a@b/", "a@b/\u{1}🦆", "a@.", "."]
        {
            assert!(Address::parse(text).is_none(), "{text:?}");
        }
        let long = format!("a@b/{}", "🦆".repeat(400));
        assert!(Address::parse(&long).is_none());
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Address::parse("a@b").unwrap()), "Address");
    }
}
