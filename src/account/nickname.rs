//! Nicknames (XEP-0172). To be written: this is its face.

use model::BareJid;

use xmpp::IqOutcome;

use crate::{Error, turn::Turn};

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(_turn: &mut Turn<'_, '_>, asked: Asked, _answer: IqOutcome) -> Result<(), Error> {
    match asked {}
}

/// `Command::SetNickname`
pub fn set(_turn: &mut Turn<'_, '_>, _nickname: Option<String>) -> Result<(), Error> {
    Ok(())
}

/// A message or subscription request carried a nickname (XEP-0172 §4.2).
pub fn heard(_turn: &mut Turn<'_, '_>, _from: &BareJid, _nickname: &str) -> Result<(), Error> {
    Ok(())
}
