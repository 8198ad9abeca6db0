//! Blocking (XEP-0191). To be written: this is its face.

use model::BareJid;
use xmpp::{Address, IqOutcome, minidom::Element};

use crate::{Error, inbound::Reply, turn::Turn};

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {}

/// Asks for the block list.
pub fn request(_turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    Ok(())
}

/// A push (§3.3, §3.4): `<block/>` or `<unblock/>` in an IQ `set`.
pub fn handle_push(_turn: &mut Turn<'_, '_>, _from: Option<&Address>, _payload: &Element) -> Result<Reply, Error> {
    Ok(Reply::UNAVAILABLE)
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(_turn: &mut Turn<'_, '_>, asked: Asked, _answer: IqOutcome) -> Result<(), Error> {
    match asked {}
}

/// `Command::SetBlocked`
pub fn set(_turn: &mut Turn<'_, '_>, _who: &BareJid, _blocked: bool) -> Result<(), Error> {
    Ok(())
}
