//! Presence (RFC 6121 §4), ours and theirs. To be written: this is its face.

use model::Availability;
use xmpp::{Address, minidom::Element};

use crate::{Error, turn::Turn};

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {}

/// Announces the own presence in a fresh session.
pub fn announce(_turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    Ok(())
}

/// A presence stanza of any type; `unavailable` from ourselves included.
pub fn handle(_turn: &mut Turn<'_, '_>, _from: &Address, _stanza: &Element) -> Result<(), Error> {
    Ok(())
}

/// The session is over: nobody's presence is known any more.
pub fn end(_turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    Ok(())
}

/// `Command::SetAvailability`, while online; `Show::Offline` never comes here.
pub fn set_availability(_turn: &mut Turn<'_, '_>, _availability: &Availability) -> Result<(), Error> {
    Ok(())
}

/// Before signing out: the last presence (RFC 6121 §4.5).
pub fn say_goodbye(_turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    Ok(())
}
