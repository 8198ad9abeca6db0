//! XEP-0166: Jingle, the elements that set up, change and end a session.
//!
//! A session is negotiated content by content. What a content carries and how it travels stand in other files
//! (`xep_0167_rtp`, `xep_0176_ice`); here is what holds them together. Everything comes from whoever may send us a
//! request, and much of it becomes lines of another format later: so numbers and lengths are bounded, names are words, and
//! a session that goes beyond is refused as a whole, since half of it would be another session.

mod reason;

pub use reason::{Condition, Reason};

use minidom::Element;
use model::{IceTransport, RtpDescription};

use crate::{
    payload::{self, tag, word_attr},
    xep_0167_rtp::{self as rtp, Info},
    xep_0176_ice as ice,
    xep_0320_dtls::{self as dtls, SealedFingerprint},
    xep_0338_grouping as grouping,
};

/// The namespace.
pub const NS: &str = "urn:xmpp:jingle:1";
/// The namespace of its error conditions (§10).
pub const NS_ERRORS: &str = "urn:xmpp:jingle:errors:1";

/// More contents than this nobody has.
pub const MAX_CONTENTS: usize = 16;
/// The longest name of a content.
pub const MAX_NAME: usize = 128;
/// The longest id of a session.
pub const MAX_SESSION_ID: usize = 256;

/// What a `<jingle/>` does (§7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Takes contents that were added.
    ContentAccept,
    /// Adds contents.
    ContentAdd,
    /// Changes who sends.
    ContentModify,
    /// Does not take contents that were added.
    ContentReject,
    /// Takes contents away.
    ContentRemove,
    /// Tells more of what a content carries.
    DescriptionInfo,
    /// Tells something about security.
    SecurityInfo,
    /// Takes the session.
    SessionAccept,
    /// Tells something about the session, or nothing, to see whether it is there.
    SessionInfo,
    /// Offers the session.
    SessionInitiate,
    /// Ends it.
    SessionTerminate,
    /// Takes a transport that was put in place of another.
    TransportAccept,
    /// Tells candidates.
    TransportInfo,
    /// Does not take a transport.
    TransportReject,
    /// Puts a transport in place of another.
    TransportReplace,
}

/// Actions, by their names.
const ACTIONS: [(Action, &str); 15] = [
    (Action::ContentAccept, "content-accept"),
    (Action::ContentAdd, "content-add"),
    (Action::ContentModify, "content-modify"),
    (Action::ContentReject, "content-reject"),
    (Action::ContentRemove, "content-remove"),
    (Action::DescriptionInfo, "description-info"),
    (Action::SecurityInfo, "security-info"),
    (Action::SessionAccept, "session-accept"),
    (Action::SessionInfo, "session-info"),
    (Action::SessionInitiate, "session-initiate"),
    (Action::SessionTerminate, "session-terminate"),
    (Action::TransportAccept, "transport-accept"),
    (Action::TransportInfo, "transport-info"),
    (Action::TransportReject, "transport-reject"),
    (Action::TransportReplace, "transport-replace"),
];

impl Action {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        ACTIONS.iter().find(|(action, _)| *action == self).map_or("", |(_, name)| name)
    }

    /// The action of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|(_, known)| *known == name).map(|(action, _)| *action)
    }
}

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who offered the session.
    Initiator,
    /// Who was offered it.
    Responder,
}

impl Side {
    /// As an attribute says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initiator => "initiator",
            Self::Responder => "responder",
        }
    }
}

/// Who sends in a content (§7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Senders {
    /// Both.
    Both,
    /// Who offered the session.
    Initiator,
    /// Who was offered it.
    Responder,
    /// Nobody.
    Nobody,
}

impl Senders {
    /// Those who send.
    #[must_use]
    pub fn new(initiator: bool, responder: bool) -> Self {
        match (initiator, responder) {
            (true, true) => Self::Both,
            (true, false) => Self::Initiator,
            (false, true) => Self::Responder,
            (false, false) => Self::Nobody,
        }
    }

    /// Whether one side sends.
    #[must_use]
    pub fn include(self, side: Side) -> bool {
        match self {
            Self::Both => true,
            Self::Nobody => false,
            Self::Initiator => side == Side::Initiator,
            Self::Responder => side == Side::Responder,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Initiator => "initiator",
            Self::Responder => "responder",
            Self::Nobody => "none",
        }
    }

    fn named(name: Option<&str>) -> Option<Self> {
        Some(match name {
            // The schema says that both send where nothing is said.
            None | Some("both") => Self::Both,
            Some("initiator") => Self::Initiator,
            Some("responder") => Self::Responder,
            Some("none") => Self::Nobody,
            Some(_) => return None,
        })
    }
}

/// A `<jingle/>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Jingle {
    /// What it does.
    pub action: Action,
    /// Which session.
    pub session: String,
    /// Who began it, where that is said.
    pub initiator: Option<String>,
    /// Who was called, where that is said.
    pub responder: Option<String>,
    /// The contents.
    pub contents: Vec<Content>,
    /// Those that share a transport (XEP-0338).
    pub bundle: Vec<String>,
    /// Why.
    pub reason: Option<Reason>,
    /// What a `session-info` tells.
    pub info: Option<Info>,
}

/// A `<content/>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// Who made it.
    pub creator: Side,
    /// Its name.
    pub name: String,
    /// Who sends.
    pub senders: Senders,
    /// What it carries.
    pub description: Option<Description>,
    /// How it travels.
    pub transport: Option<Transport>,
}

/// What a content carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Description {
    /// Media (XEP-0167).
    Rtp(RtpDescription),
    /// Something else.
    Other,
}

/// How a content travels.
#[derive(Clone, Debug, PartialEq)]
pub enum Transport {
    /// By ICE over UDP (XEP-0176).
    Ice {
        /// Its parts in the clear.
        ice: IceTransport,
        /// Fingerprints that are sealed for a device.
        sealed: Vec<SealedFingerprint>,
    },
    /// Otherwise.
    Other,
}

/// Why a `<jingle/>` cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It makes no sense, or has too much of something.
    Malformed,
    /// The action is not known.
    UnknownAction,
}

impl Content {
    /// A content of which only the name matters.
    #[must_use]
    pub fn stub(creator: Side, name: &str, senders: Senders) -> Self {
        Self { creator, name: name.to_owned(), senders, description: None, transport: None }
    }

    fn read(element: &Element) -> Option<Self> {
        let creator = match element.attr("creator") {
            // Some leave it out; it says nothing that the name does not.
            None | Some("initiator") => Side::Initiator,
            Some("responder") => Side::Responder,
            Some(_) => return None,
        };
        let description = element.children().find(|child| child.name() == "description");
        let transport = element.children().find(|child| child.name() == "transport");
        Some(Self {
            creator,
            name: word_attr(element, "name", MAX_NAME)?,
            senders: Senders::named(element.attr("senders"))?,
            description: match description {
                None => None,
                Some(child) if child.has_ns(rtp::NS) => {
                    Some(rtp::read(child)?.map_or(Description::Other, Description::Rtp))
                }
                Some(_) => Some(Description::Other),
            },
            transport: match transport {
                None => None,
                Some(child) if child.has_ns(ice::NS) => {
                    Some(Transport::Ice { ice: ice::read(child)?, sealed: dtls::read_sealed(child) })
                }
                Some(_) => Some(Transport::Other),
            },
        })
    }

    fn element(&self) -> Element {
        let attributes =
            [("creator", self.creator.as_str()), ("name", &self.name), ("senders", self.senders.as_str())];
        let description = match &self.description {
            Some(Description::Rtp(description)) => Some(rtp::element(description)),
            Some(Description::Other) | None => None,
        };
        let transport = match &self.transport {
            Some(Transport::Ice { ice, sealed }) => Some(ice::element(ice, sealed)),
            Some(Transport::Other) | None => None,
        };
        payload::parent_tag("content", NS, &attributes, description.into_iter().chain(transport))
    }
}

impl Jingle {
    /// A `<jingle/>` with nothing in it.
    #[must_use]
    pub fn new(action: Action, session: &str) -> Self {
        Self {
            action,
            session: session.to_owned(),
            initiator: None,
            responder: None,
            contents: Vec::new(),
            bundle: Vec::new(),
            reason: None,
            info: None,
        }
    }

    /// Reads a `<jingle/>`.
    pub fn read(element: &Element) -> Result<Self, Unreadable> {
        let action = element.attr("action").and_then(Action::named).ok_or(Unreadable::UnknownAction)?;
        let session = session_id(element, "sid").ok_or(Unreadable::Malformed)?;
        let mut contents: Vec<Content> = Vec::new();
        for child in element.children().filter(|child| child.is("content", NS)) {
            let content = Content::read(child).ok_or(Unreadable::Malformed)?;
            let is_double = contents.iter().any(|other| other.name == content.name);
            if is_double || contents.len() == MAX_CONTENTS {
                return Err(Unreadable::Malformed);
            }
            contents.push(content);
        }
        Ok(Self {
            action,
            session,
            initiator: payload::id_attr(element, "initiator"),
            responder: payload::id_attr(element, "responder"),
            contents,
            bundle: grouping::bundle(element).ok_or(Unreadable::Malformed)?,
            reason: element.get_child("reason", NS).map(Reason::read),
            info: (action == Action::SessionInfo).then(|| Info::read(element)),
        })
    }

    /// The element.
    #[must_use]
    pub fn element(&self) -> Element {
        let mut attributes = vec![("action", self.action.as_str()), ("sid", self.session.as_str())];
        attributes.extend(self.initiator.as_deref().map(|who| ("initiator", who)));
        attributes.extend(self.responder.as_deref().map(|who| ("responder", who)));
        let mut element = tag("jingle", NS, &attributes);
        let children = self.contents.iter().map(Content::element);
        let group = (!self.bundle.is_empty()).then(|| grouping::element(&self.bundle));
        let reason = self.reason.as_ref().map(Reason::element);
        let info = self.info.as_ref().and_then(Info::element);
        for child in children.chain(group).chain(reason).chain(info) {
            element.append_child(child);
        }
        element
    }
}

/// The id of a session.
pub(crate) fn session_id(element: &Element, name: &str) -> Option<String> {
    element
        .attr(name)
        .filter(|id| !id.is_empty() && id.len() <= MAX_SESSION_ID && !id.chars().any(char::is_control))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests;
