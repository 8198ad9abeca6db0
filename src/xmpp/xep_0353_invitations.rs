//! XEP-0353: a call is proposed to all devices of somebody by a message, and taken by one of them, before a Jingle session
//! begins.
//!
//! Versions 0.3 and 0.6 and later share a namespace. The older one has `accept`, with which a device tells the others of
//! its own account that it took the call; the newer one relies on carbons of `proceed` for that, and knows `ringing`,
//! `finish`, reasons and tie-breaks. All of it is read.

use minidom::Element;
use model::MediaKind;

use crate::{
    payload::{parent_tag, tag},
    xep_0166_jingle::{self as jingle, Reason, session_id},
    xep_0167_rtp as rtp,
};

/// The namespace.
pub const NS: &str = "urn:xmpp:jingle-message:0";

/// More kinds of media than this a proposal does not name.
const MAX_DESCRIPTIONS: usize = 8;

/// What is said about a session that is, or is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The id of the session.
    pub session: String,
    /// What is said.
    pub act: Act,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A session with this media is wanted. Empty: of something that is no call, or that we do not know.
    Propose(Vec<MediaKind>),
    /// A device rings.
    Ringing,
    /// To the other side: this device takes it.
    Proceed {
        /// Which of its OMEMO devices it is, if it seals fingerprints for it.
        device: Option<u32>,
    },
    /// To the own devices, in version 0.3: this device takes it.
    Accept,
    /// It is not wanted.
    Reject {
        /// Why.
        reason: Option<Reason>,
        /// Both sides proposed, and the other proposal goes on.
        tie_break: bool,
    },
    /// It is wanted no more.
    Retract {
        /// Why.
        reason: Option<Reason>,
        /// Both sides proposed, and the other proposal goes on.
        tie_break: bool,
    },
    /// It is over.
    Finish {
        /// Why.
        reason: Option<Reason>,
        /// The session that goes on in its place.
        migrated: Option<String>,
    },
}

/// What a message says about a session.
#[must_use]
pub fn read(message: &Element) -> Option<Invitation> {
    let element = message.children().find(|child| child.has_ns(NS))?;
    let session = session_id(element, "id")?;
    let reason = element.get_child("reason", jingle::NS).map(Reason::read);
    let tie_break = element.has_child("tie-break", NS);
    let act = match element.name() {
        "propose" => Act::Propose(proposed(element)),
        "ringing" => Act::Ringing,
        "proceed" => Act::Proceed { device: crate::xep_0320_dtls::device(element) },
        "accept" => Act::Accept,
        "reject" => Act::Reject { reason, tie_break },
        "retract" => Act::Retract { reason, tie_break },
        "finish" => {
            let migrated = element.get_child("migrated", NS).and_then(|child| session_id(child, "to"));
            Act::Finish { reason, migrated }
        }
        _ => return None,
    };
    Some(Invitation { session, act })
}

/// The media of a proposal, in order and without repetition. With anything else among it, it is no call.
fn proposed(element: &Element) -> Vec<MediaKind> {
    let mut media = Vec::new();
    let descriptions = || element.children().filter(|child| child.name() == "description");
    if descriptions().count() > MAX_DESCRIPTIONS {
        return Vec::new();
    }
    for description in descriptions() {
        match rtp::media_of(description).filter(|_| description.has_ns(rtp::NS)) {
            Some(kind) if media.contains(&kind) => {}
            Some(kind) => media.push(kind),
            None => return Vec::new(),
        }
    }
    media
}

impl Invitation {
    /// The element, to be put into a message.
    #[must_use]
    pub fn element(&self) -> Element {
        let (name, children) = match &self.act {
            Act::Propose(media) => ("propose", media.iter().map(|kind| description(*kind)).collect()),
            Act::Ringing => ("ringing", Vec::new()),
            Act::Proceed { device } => (
                "proceed",
                device.iter().map(|device| crate::xep_0320_dtls::device_element(*device)).collect(),
            ),
            Act::Accept => ("accept", Vec::new()),
            Act::Reject { reason, tie_break } => ("reject", ended(reason.as_ref(), *tie_break)),
            Act::Retract { reason, tie_break } => ("retract", ended(reason.as_ref(), *tie_break)),
            Act::Finish { reason, migrated } => {
                let migrated = migrated.iter().map(|to| tag("migrated", NS, &[("to", to)]));
                ("finish", reason.iter().map(Reason::element).chain(migrated).collect())
            }
        };
        parent_tag(name, NS, &[("id", &self.session)], children)
    }
}

fn description(kind: MediaKind) -> Element {
    tag("description", rtp::NS, &[("media", rtp::media_name(kind))])
}

fn ended(reason: Option<&Reason>, tie_break: bool) -> Vec<Element> {
    reason.map(Reason::element).into_iter().chain(tie_break.then(|| tag("tie-break", NS, &[]))).collect()
}

#[cfg(test)]
mod tests;
