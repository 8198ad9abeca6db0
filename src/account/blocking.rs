//! Blocking (XEP-0191).
//!
//! The list is the server's, which then lets nothing through. What is here is a copy, and what stands in it is
//! not shown and not answered even where the server cannot block.

use model::{BareJid, Change, Jid};
use xmpp::{Address, IqOutcome, minidom::Element, xep_0191_blocking as wire};

use crate::{
    Error,
    inbound::Reply,
    intentions::{self, Intention},
    presence,
    refused::Kind,
    roster,
    turn::{IqKind, PendingIq, Turn},
};

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// The list.
    List,
    /// A change.
    Change(Intention),
}

/// Asks for the block list (§3.2). From then on the server also pushes changes to us.
pub fn request(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.send_iq(IqKind::Get, None, wire::list(), PendingIq::Blocking(Asked::List));
    Ok(())
}

/// A push (§3.3, §3.4): `<block/>` or `<unblock/>` in an IQ `set`.
pub fn handle_push(
    turn: &mut Turn<'_, '_>,
    from: Option<&Address>,
    payload: &Element,
) -> Result<Reply, Error> {
    if !turn.is_own_server(from) {
        turn.refuse(Kind::BlockingPush);
        return Ok(Reply::Silence);
    }
    if wire::unblocks_all(payload) {
        take_list(turn, &[])?;
        return Ok(Reply::Result(None));
    }
    let blocked = payload.name() == "block";
    for address in readable(payload) {
        if turn.tx.set_blocked(&address, blocked)? {
            changed(turn, &address, blocked)?;
        }
    }
    Ok(Reply::Result(None))
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(turn: &mut Turn<'_, '_>, asked: Asked, answer: IqOutcome) -> Result<(), Error> {
    match (asked, answer) {
        (Asked::List, IqOutcome::Result(stanza)) => {
            let Some(list) = stanza.child("blocklist", wire::NS) else { return Ok(()) };
            let mut addresses = readable(list);
            // What the user did meanwhile stands until the server has it.
            for address in turn.tx.reads().blocklist()? {
                let who = address.to_bare();
                if intentions::waits(turn, &Intention::Block(who))? && !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
            let mut kept = Vec::new();
            for address in addresses {
                if !intentions::waits(turn, &Intention::Unblock(address.to_bare()))? {
                    kept.push(address);
                }
            }
            take_list(turn, &kept)
        }
        (Asked::Change(intention), IqOutcome::Result(_)) => intentions::done(turn, &intention),
        (Asked::Change(intention), IqOutcome::Error(error)) => {
            tracing::info!(condition = error.condition, "the server does not block; it is done here");
            intentions::done(turn, &intention)
        }
        // A server that keeps no list: what is here stays.
        (Asked::List, _) | (Asked::Change(_), IqOutcome::TimedOut | IqOutcome::Lost) => Ok(()),
    }
}

fn readable(payload: &Element) -> Vec<Jid> {
    wire::addresses(payload).iter().filter_map(|address| address.as_jid().cloned()).collect()
}

fn take_list(turn: &mut Turn<'_, '_>, addresses: &[Jid]) -> Result<(), Error> {
    if turn.tx.replace_blocklist(addresses)? {
        for address in addresses {
            presence::forget(turn, &address.to_bare());
        }
        turn.changed(Change::Everything);
    }
    Ok(())
}

fn changed(turn: &mut Turn<'_, '_>, address: &Jid, blocked: bool) -> Result<(), Error> {
    let who = address.to_bare();
    if blocked {
        presence::forget(turn, &who);
    }
    if who.node().is_none() {
        // A whole domain: everybody there.
        turn.changed(Change::Everything);
        return Ok(());
    }
    roster::contact_changed(turn, &who)
}

/// `Command::SetBlocked`
pub fn set(turn: &mut Turn<'_, '_>, who: &BareJid, blocked: bool) -> Result<(), Error> {
    let address = Jid::from(who.clone());
    if turn.tx.set_blocked(&address, blocked)? {
        changed(turn, &address, blocked)?;
    }
    let who = who.clone();
    intentions::add(turn, if blocked { Intention::Block(who) } else { Intention::Unblock(who) })
}

/// Sends a change.
pub fn send(turn: &mut Turn<'_, '_>, who: &BareJid, blocked: bool) {
    let (payload, intention) = if blocked {
        (wire::block(who.as_str()), Intention::Block(who.clone()))
    } else {
        (wire::unblock(who.as_str()), Intention::Unblock(who.clone()))
    };
    turn.send_iq(IqKind::Set, None, payload, PendingIq::Blocking(Asked::Change(intention)));
}

#[cfg(test)]
mod tests;
