//! Requests of ours, and their answers.
//!
//! Each request ends exactly once: by an answer from whom was asked, by its deadline, or with the session.
//! Whichever it is, it goes to the module that asked.

use std::time::Duration;

use xmpp::{IqOutcome, Stanza, iq::Taken, jid::Jid, minidom::Element, payload};

use crate::{
    Error, archive, avatars, blocking, calls, caps, commands, disco, displayed_sync, files, messages,
    nickname, omemo, outbox, pep,
    refused::Kind,
    roster,
    turn::{IqKind, PendingIq, Turn},
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a page of an archive may take: its results come long before its end.
const ARCHIVE_PATIENCE: Duration = Duration::from_secs(120);

/// Sends a request.
pub fn ask(
    turn: &mut Turn<'_, '_>,
    kind: IqKind,
    to: Option<&str>,
    payload: Element,
    pending: PendingIq,
) -> String {
    let id = turn.new_id();
    let address = to.and_then(|to| Jid::new(to).ok());
    let patience = if matches!(pending, PendingIq::Archive(_)) { ARCHIVE_PATIENCE } else { PATIENCE };
    if turn.is_online() && address.is_some() == to.is_some() {
        let deadline = turn.now.monotonic.saturating_add(patience);
        match turn.state.requests.sent(id.clone(), address, deadline, pending) {
            Ok(()) => {
                let attributes = [("id", id.as_str()), ("type", kind.as_str())];
                let attributes: Vec<_> = attributes.into_iter().chain(to.map(|to| ("to", to))).collect();
                turn.send(&payload::parent_tag("iq", "jabber:client", &attributes, [payload]));
            }
            Err(pending) => turn.state.unsent.push(pending),
        }
    } else {
        turn.state.unsent.push(pending);
    }
    id
}

/// An IQ of type `result` or `error` came.
pub fn receive(turn: &mut Turn<'_, '_>, stanza: Box<Stanza>) -> Result<(), Error> {
    match turn.state.requests.take(stanza) {
        Taken::Answer(pending, outcome) => deliver(turn, pending, outcome),
        Taken::Unasked | Taken::NotAnAnswer(_) => {
            turn.refuse(Kind::IqAnswer);
            Ok(())
        }
    }
}

/// Ends the requests whose time is over.
pub fn expire(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    for pending in turn.state.requests.expired(turn.now.monotonic) {
        deliver(turn, pending, IqOutcome::TimedOut)?;
    }
    Ok(())
}

/// Ends all requests: the session they were made in is gone.
pub fn lost(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    for pending in turn.state.requests.lost() {
        deliver(turn, pending, IqOutcome::Lost)?;
    }
    Ok(())
}

/// Ends the requests that could not be sent. One that asks again when it hears so waits for the next turn,
/// so that two modules cannot keep each other busy for ever.
pub fn fail_unsent(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    for pending in std::mem::take(&mut turn.state.unsent) {
        deliver(turn, pending, IqOutcome::Lost)?;
    }
    Ok(())
}

fn deliver(turn: &mut Turn<'_, '_>, pending: PendingIq, outcome: IqOutcome) -> Result<(), Error> {
    match pending {
        PendingIq::Archive(asked) => archive::handle_answer(turn, asked, outcome),
        PendingIq::Password(request, password) => {
            commands::password_answered(turn, request, password, outcome)
        }
        PendingIq::Roster(asked) => {
            roster::handle_answer(turn, asked, outcome)?;
            messages::recheck_strangers(turn)
        }
        PendingIq::OutboxProbe => outbox::probe_answered(turn, &outcome),
        PendingIq::Disco(asked) => disco::handle_answer(turn, asked, outcome),
        PendingIq::Calls(asked) => calls::handle_answer(turn, asked, outcome),
        PendingIq::Caps(asked) => caps::handle_answer(turn, asked, outcome),
        PendingIq::Avatars(asked) => avatars::handle_answer(turn, asked, outcome),
        PendingIq::Nickname(asked) => nickname::handle_answer(turn, asked, outcome),
        PendingIq::Blocking(asked) => blocking::handle_answer(turn, asked, outcome),
        PendingIq::DisplayedSync(asked) => displayed_sync::handle_answer(turn, asked, outcome),
        PendingIq::Files(asked) => files::handle_answer(turn, asked, outcome),
        PendingIq::Omemo(asked) => omemo::handle_answer(turn, asked, outcome),
        PendingIq::Pep(asked) => pep::handle_answer(turn, &asked, &outcome),
        PendingIq::Carbons => {
            if !matches!(outcome, IqOutcome::Result(_)) {
                tracing::info!("no carbons from this server");
            }
            Ok(())
        }
    }
}
