//! What is asked when a session begins.
//!
//! All of it is sent at once, without waiting for any answer: a sign-in then takes one round trip more than its
//! longest answer. A fresh session knows nothing, so everything that is not on disk is told anew (DESIGN rule 2);
//! a resumed one goes on where it was, and asks nothing.

use xmpp::Online;

use crate::{
    Error, archive, avatars, blocking, calls, chat_states, disco, files, intentions, messages, omemo, outbox,
    presence, roster,
    turn::{IqKind, PendingIq, Turn},
};

/// Begins a session.
pub fn begin(turn: &mut Turn<'_, '_>, online: &Online) -> Result<(), Error> {
    if online.resumed {
        intentions::begin(turn)?;
        calls::resumed(turn);
        files::begin(turn)?;
        return outbox::resumed(turn);
    }
    if !online.carbons_enabled {
        turn.send_iq(IqKind::Set, None, xmpp::xep_0280_carbons::enable(), PendingIq::Carbons);
    }
    roster::request(turn)?;
    // After the roster request (RFC 6121 §2.2), so that the server pushes changes to us.
    presence::announce(turn)?;
    // The archive as soon as we are there to get what is said from now on, and no sooner: what is said after the
    // archive looked and before we are there would come by neither way. It is what the user waits for, and it
    // settles what the last session left open.
    archive::begin(turn)?;
    disco::request_server(turn)?;
    calls::begin(turn);
    // With its answer the user's wishes that wait are pursued: before, it is not known what is there.
    blocking::request(turn)?;
    files::begin(turn)?;
    outbox::begin(turn)
}

/// Forgets what only held for the session that is over, when it is known that it will not be resumed: a link
/// that comes back after some seconds should not make everybody flicker.
pub fn end(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    calls::end(turn)?;
    archive::end(turn)?;
    presence::end(turn)?;
    disco::end(turn)?;
    avatars::end(turn);
    chat_states::end(turn);
    messages::end(turn);
    omemo::end(turn);
    files::end(turn);
    outbox::end(turn)
}
