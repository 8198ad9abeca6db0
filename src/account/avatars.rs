//! Pictures (XEP-0084, XEP-0153). To be written: this is its face.

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

/// `Command::SetAvatar`: PNG bytes with width and height.
pub fn set(_turn: &mut Turn<'_, '_>, _picture: Option<(Vec<u8>, u32, u32)>) -> Result<(), Error> {
    Ok(())
}
