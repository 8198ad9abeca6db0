//! From a message stanza to a row of the history.
//!
//! A message reaches us by up to three ways: live, as a carbon, and from the archive, in any order and more
//! than once. All three end in [`Copy`] and one function, [`take`], so that the order makes no difference:
//!
//! 1. *whose?* (`whose`): which conversation, whose side. What is not ours is refused here.
//! 2. *what?* (`meaning`): words, a correction, reactions, a retraction, a receipt…
//! 3. *seen before?* (`copies`): then only what this copy knows better is added.
//! 4. a row, or a change to one; what refers to a message that is not here waits for it (`edits`).
//! 5. only for what is new, live and from somebody accepted: receipts, states, notifications (`courtesies`).
//!
//! A stranger's message gets its row and nothing else (DESIGN rule 12).

mod call_lines;
mod conversations;
mod copies;
mod courtesies;
mod edits;
mod errors;
mod meaning;
mod place;
pub mod read;
mod stamps;
mod told;
mod whose;
mod words;

pub use call_lines::{call_line, own_call};
pub use conversations::{accept, ensure_called, is_stranger, open, recheck_strangers};
pub use courtesies::{Memory, end};
pub use place::newest_place;
pub use whose::{Parties, Route};

use model::{Direction, Timestamp};
use xmpp::{
    Stanza, minidom::Element, xep_0280_carbons as carbons, xep_0313_mam as mam,
    xep_0359_stanza_ids as stanza_ids,
};

use self::meaning::{Act, Meaning};
use crate::{
    Error,
    archive::{self, Run},
    calls,
    omemo::{self, Opened},
    outbox, pep,
    refused::Kind,
    turn::Turn,
};

const NS_PUBSUB_EVENT: &str = "http://jabber.org/protocol/pubsub#event";

/// One copy of a message.
pub struct Copy<'a> {
    /// The message.
    pub message: &'a Element,
    /// How this copy came.
    pub route: Route,
    /// Its id in the own archive, if that is known for certain.
    pub archive_id: Option<String>,
    /// When it was sent, if the own server says so and can be believed.
    pub stamp: Option<Timestamp>,
    /// The reading of the archive that brought it.
    pub run: Option<Run>,
}

/// A message stanza came.
pub fn receive(turn: &mut Turn<'_, '_>, stanza: &Stanza) -> Result<(), Error> {
    let message = &stanza.element;
    if carbons::is_carbon(message) {
        return carbon(turn, stanza);
    }
    if mam::is_result(message) {
        return archive::result(turn, stanza.from.as_ref(), message);
    }
    if let Some(event) = message.get_child("event", NS_PUBSUB_EVENT) {
        return pep::handle_event(turn, stanza.from.as_ref(), event);
    }
    let copy = Copy {
        message,
        route: Route::Live,
        archive_id: own_archive_id(turn, message),
        stamp: stamps::live(turn, message),
        run: None,
    };
    take(turn, &copy)
}

fn carbon(turn: &mut Turn<'_, '_>, stanza: &Stanza) -> Result<(), Error> {
    // Anybody can write what looks like a carbon; only the own account sends real ones (XEP-0280 §11).
    if !turn.is_own_account(stanza.from.as_ref()) {
        turn.refuse(Kind::Carbon);
        return Ok(());
    }
    let Some(carbon) = carbons::carbon(&stanza.element) else {
        turn.refuse(Kind::CarbonContent);
        return Ok(());
    };
    let route = match carbon {
        carbons::Carbon::Received(_) => Route::CarbonReceived,
        carbons::Carbon::Sent(_) => Route::CarbonSent,
    };
    let message = carbon.forwarded().message;
    let copy = Copy {
        message,
        route,
        archive_id: own_archive_id(turn, message),
        stamp: stamps::carbon(turn, &stanza.element, &carbon),
        run: None,
    };
    take(turn, &copy)
}

/// Handles one copy of a message, however it came.
pub fn take(turn: &mut Turn<'_, '_>, copy: &Copy<'_>) -> Result<(), Error> {
    match copy.message.attr("type") {
        Some("error") => return errors::take(turn, copy),
        // Rooms have an archive and a road of their own.
        Some("groupchat") => return Ok(()),
        Some("headline") if !is_own_server_headline(turn, copy) => return Ok(()),
        _ => {}
    }
    let Some(parties) = whose::parties(copy.message, copy.route, &turn.state.own.bare) else {
        turn.refuse(match copy.route {
            Route::CarbonSent | Route::CarbonReceived => Kind::CarbonContent,
            Route::Live | Route::Archive => Kind::Address,
        });
        return Ok(());
    };
    if copy.route != Route::Archive && turn.tx.reads().is_blocked(&parties.peer)? && is_incoming(&parties) {
        return Ok(());
    }
    if parties.direction == Direction::Outgoing {
        outbox::reflected(turn, xmpp::payload::id_attr(copy.message, "id").as_deref())?;
    }
    if calls::hear(turn, copy, &parties)? {
        return Ok(());
    }
    let meaning = meaning_of(turn, copy, &parties)?;
    match &meaning.act {
        Act::Nothing => {}
        Act::Say(said) => words::say(turn, copy, &parties, &meaning, said)?,
        Act::Correct { target, said } => edits::correct(turn, copy, &parties, &meaning, target, said)?,
        Act::React { target, emoji } => edits::react(turn, copy, &parties, target, emoji)?,
        Act::Retract { target } => edits::retract(turn, copy, &parties, target)?,
        Act::Tombstone { .. } => words::tombstone(turn, copy, &parties, &meaning)?,
    }
    told::take(turn, copy, &parties, &meaning)?;
    courtesies::hear(turn, copy, &parties, &meaning)?;
    omemo::settle(turn)
}

/// What a copy means, opened if it is sealed.
fn meaning_of(turn: &mut Turn<'_, '_>, copy: &Copy<'_>, parties: &Parties) -> Result<Meaning, Error> {
    let opened = omemo::open(turn, copy, parties)?;
    let language = &turn.state.setup.lang;
    Ok(match opened {
        Opened::Clear => meaning::read(copy.message, language),
        Opened::Words(message, sealed) => {
            Meaning { sealed: Some(sealed), ..meaning::read(&message, language) }
        }
        Opened::Unreadable(reason, kind) => meaning::unreadable(copy.message, reason, kind),
        Opened::Empty => meaning::nothing(copy.message),
        Opened::Seen(message) => {
            let meaning = meaning::nothing(copy.message);
            if let Some(message) = message {
                words::again(turn, copy, &meaning, message)?;
            }
            meaning
        }
    })
}

fn is_incoming(parties: &Parties) -> bool {
    parties.direction == Direction::Incoming
}

/// A headline wants no answer and is not kept (RFC 6121 §5.2.2), but what the own server has to say is.
fn is_own_server_headline(turn: &Turn<'_, '_>, copy: &Copy<'_>) -> bool {
    let from = copy.message.attr("from").and_then(xmpp::Address::parse);
    copy.route == Route::Live && turn.is_own_server(from.as_ref())
}

/// The id in the own archive, if the account announces that it gives such ids: only then it also strips
/// forged ones (XEP-0359 §6).
fn own_archive_id(turn: &mut Turn<'_, '_>, message: &Element) -> Option<String> {
    if !message.has_child("stanza-id", stanza_ids::NS) {
        return None;
    }
    if turn.state.own.server.account.contains(stanza_ids::NS)
        || turn.state.own.server.account.contains(mam::NS)
    {
        let id = stanza_ids::stanza_id(message, &turn.state.own.bare);
        let own = turn.state.own.bare.as_str();
        if id.is_none()
            && message
                .children()
                .any(|child| child.is("stanza-id", stanza_ids::NS) && child.attr("by") == Some(own))
        {
            turn.refuse(Kind::StanzaId);
        }
        return id;
    }
    turn.refuse(Kind::StanzaId);
    None
}
