//! Nicknames (XEP-0172): what people call themselves.
//!
//! A nickname is only shown for somebody to whom the user gave no name. A stranger may tell theirs, but not one
//! that could be taken for a contact's: then their address is shown instead.

use model::{BareJid, Change};
use xmpp::{IqOutcome, xep_0060_pubsub as pubsub, xep_0172_nickname as wire};

use crate::{
    Error,
    intentions::{self, Intention},
    names, roster,
    turn::{IqKind, PendingIq, Turn},
};

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// To keep our nickname.
    Publish,
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(turn: &mut Turn<'_, '_>, asked: Asked, answer: IqOutcome) -> Result<(), Error> {
    let Asked::Publish = asked;
    match answer {
        IqOutcome::Result(_) | IqOutcome::Error(_) => intentions::done(turn, &Intention::Nickname),
        IqOutcome::TimedOut | IqOutcome::Lost => Ok(()),
    }
}

/// `Command::SetNickname`
pub fn set(turn: &mut Turn<'_, '_>, nickname: Option<String>) -> Result<(), Error> {
    if turn.tx.set_own_nickname(nickname.as_deref().and_then(names::clean).as_deref())? {
        turn.changed(Change::Account);
        intentions::add(turn, Intention::Nickname)?;
    }
    Ok(())
}

/// Publishes the nickname as it is here (§4.3); an empty one takes it back.
pub fn publish(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let name = turn.tx.reads().account()?.and_then(|account| account.nickname).unwrap_or_default();
    let payload = pubsub::publish(wire::NS, "current", wire::element(&name), &[]);
    turn.send_iq(IqKind::Set, None, payload, PendingIq::Nickname(Asked::Publish));
    Ok(())
}

/// A message or subscription request carried a nickname (XEP-0172 §4.2).
pub fn heard(turn: &mut Turn<'_, '_>, from: &BareJid, nickname: &str) -> Result<(), Error> {
    let Some(name) = names::clean(nickname) else { return Ok(()) };
    if from == turn.own_bare() || turn.tx.reads().nickname(from)?.as_ref() == Some(&name) {
        return Ok(());
    }
    let contacts = turn.tx.reads().contacts()?;
    let is_contact = contacts.iter().any(|contact| contact.address == *from && contact.in_roster);
    let is_taken = contacts.iter().any(|contact| {
        contact.in_roster && contact.address != *from && names::same_shape(&contact.name, &name)
    });
    if !is_contact && is_taken {
        tracing::warn!("a stranger calls themselves like a contact");
        return Ok(());
    }
    keep(turn, from, Some(&name))
}

/// Somebody whose presence we see, or another device of ours, published a nickname, or took it back (§4.3).
pub fn published(turn: &mut Turn<'_, '_>, who: &BareJid, nickname: Option<&str>) -> Result<(), Error> {
    let name = nickname.and_then(names::clean);
    if who != turn.own_bare() {
        return keep(turn, who, name.as_deref());
    }
    // What was set here and is not there yet is younger.
    if !intentions::waits(turn, &Intention::Nickname)? && turn.tx.set_own_nickname(name.as_deref())? {
        turn.changed(Change::Account);
    }
    Ok(())
}

fn keep(turn: &mut Turn<'_, '_>, who: &BareJid, name: Option<&str>) -> Result<(), Error> {
    if turn.tx.set_nickname(who, name)? {
        roster::contact_changed(turn, who)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
