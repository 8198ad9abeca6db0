//! The roster (RFC 6121 §2). To be written: this is its face.

use model::BareJid;
use xmpp::{Address, IqOutcome, minidom::Element};

use crate::{Error, inbound::Reply, turn::Turn};

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {}

/// Asks for the roster, or what changed in it since the version on disk (§2.6).
pub fn request(_turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    Ok(())
}

/// A push (§2.1.6): an IQ `set`.
pub fn handle_push(_turn: &mut Turn<'_, '_>, _from: Option<&Address>, _query: &Element) -> Result<Reply, Error> {
    Ok(Reply::UNAVAILABLE)
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(_turn: &mut Turn<'_, '_>, asked: Asked, _answer: IqOutcome) -> Result<(), Error> {
    match asked {}
}

/// Whether somebody sees our presence (subscription `from` or `both`): they know that we are here.
pub fn sees_us(_turn: &mut Turn<'_, '_>, _who: &BareJid) -> Result<bool, Error> {
    Ok(false)
}

/// `Command::AddContact`
pub fn add(_turn: &mut Turn<'_, '_>, _who: &BareJid, _name: Option<String>, _groups: Vec<String>) -> Result<(), Error> {
    Ok(())
}

/// `Command::ChangeContact`
pub fn change(_turn: &mut Turn<'_, '_>, _who: &BareJid, _name: Option<String>, _groups: Vec<String>) -> Result<(), Error> {
    Ok(())
}

/// `Command::RemoveContact`
pub fn remove(_turn: &mut Turn<'_, '_>, _who: &BareJid) -> Result<(), Error> {
    Ok(())
}

/// `Command::AnswerSubscription`
pub fn answer_subscription(_turn: &mut Turn<'_, '_>, _who: &BareJid, _yes: bool) -> Result<(), Error> {
    Ok(())
}

/// The user took a stranger in (`Command::AcceptStranger`): approve a waiting request and ask for theirs.
pub fn stranger_accepted(_turn: &mut Turn<'_, '_>, _who: &BareJid) -> Result<(), Error> {
    Ok(())
}
