//! XEP-0482: invitations to a call that may be joined in several ways.
//!
//! Of those ways only a Jingle session of two is known here. A note on ids: the text names an invitation by the id of
//! its message, Dino by an attribute of its own on `<invite/>`. Where there is such an attribute it counts, since Dino's
//! answers use it.

use minidom::Element;

use crate::{
    Address,
    payload::{flag_attr, id_attr, parent_tag, tag},
    xep_0166_jingle::session_id,
    xep_0359_stanza_ids as stanza_ids,
};

/// The namespace.
pub const NS: &str = "urn:xmpp:call-invites:0";

/// What is said about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallInvite {
    /// The id of the invitation.
    pub id: String,
    /// What is said.
    pub act: Act,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Come.
    Invite {
        /// With video.
        video: bool,
        /// The Jingle session, if the call can be joined that way.
        session: Option<Session>,
    },
    /// It is wanted no more.
    Retract,
    /// It is taken, by this session if it is one.
    Accept(Option<Session>),
    /// It is not wanted.
    Reject,
    /// Somebody left.
    Left,
}

/// A Jingle session by which a call is joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Who will begin it; the sender, if nobody is named.
    pub from: Option<Address>,
}

/// What a message says about a call.
#[must_use]
pub fn read(message: &Element) -> Option<CallInvite> {
    let element = message.children().find(|child| child.has_ns(NS))?;
    let act = match element.name() {
        "invite" => {
            Act::Invite { video: flag_attr(element, "video").unwrap_or(false), session: session(element) }
        }
        "retract" => Act::Retract,
        "accept" => Act::Accept(session(element)),
        "reject" => Act::Reject,
        "left" => Act::Left,
        _ => return None,
    };
    let id = match act {
        Act::Invite { .. } => id_attr(element, "id")
            .or_else(|| stanza_ids::origin_id(message))
            .or_else(|| id_attr(message, "id"))?,
        _ => id_attr(element, "id")?,
    };
    Some(CallInvite { id, act })
}

fn session(element: &Element) -> Option<Session> {
    let jingle = element.get_child("jingle", NS)?;
    Some(Session { id: session_id(jingle, "sid")?, from: jingle.attr("jid").and_then(Address::parse) })
}

impl CallInvite {
    /// The element that answers an invitation, to be put into a message.
    #[must_use]
    pub fn element(&self) -> Element {
        let id = [("id", self.id.as_str())];
        match &self.act {
            Act::Invite { video, session } => {
                let video = if *video { "true" } else { "false" };
                let attributes = [("id", self.id.as_str()), ("video", video)];
                parent_tag("invite", NS, &attributes, session.as_ref().map(session_element))
            }
            Act::Retract => tag("retract", NS, &id),
            Act::Accept(session) => parent_tag("accept", NS, &id, session.as_ref().map(session_element)),
            Act::Reject => tag("reject", NS, &id),
            Act::Left => tag("left", NS, &id),
        }
    }
}

fn session_element(session: &Session) -> Element {
    let from = session.from.as_ref().map(ToString::to_string);
    let attributes: Vec<_> =
        [("sid", session.id.as_str())].into_iter().chain(from.as_deref().map(|from| ("jid", from))).collect();
    tag("jingle", NS, &attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(children: &str) -> Element {
        format!("<message xmlns='jabber:client' id='m'>{children}</message>").parse().unwrap()
    }

    #[test]
    fn an_invitation_is_named_by_its_own_id_or_its_message() {
        let invite = |attributes: &str| {
            let text = format!("<invite xmlns='{NS}' video='true' {attributes}><jingle sid='s'/></invite>");
            read(&message(&text)).unwrap()
        };
        assert_eq!((invite("").id.as_str(), invite("id='own'").id.as_str()), ("m", "own"));
        let Act::Invite { video: true, session: Some(session) } = invite("").act else { panic!() };
        assert_eq!(session, Session { id: "s".to_owned(), from: None });
    }

    #[test]
    fn what_is_written_is_read() {
        let session = || Some(Session { id: "s".to_owned(), from: Address::parse("a@b.example/c") });
        for act in [
            Act::Invite { video: false, session: session() },
            Act::Invite { video: true, session: None },
            Act::Retract,
            Act::Accept(session()),
            Act::Reject,
            Act::Left,
        ] {
            let invite = CallInvite { id: "i".to_owned(), act };
            let message = parent_tag("message", "jabber:client", &[], [invite.element()]);
            assert_eq!(read(&message), Some(invite));
        }
    }

    #[test]
    fn an_answer_without_an_id_is_none() {
        assert_eq!(read(&message(&format!("<accept xmlns='{NS}'/>"))), None);
        assert_eq!(read(&message(&format!("<dance xmlns='{NS}' id='i'/>"))), None);
        assert_eq!(read(&message("<invite xmlns='urn:other'/>")), None);
    }
}
