//! Service discovery (XEP-0030): what our server can do, and what we say of ourselves. To be written: this is its face.

use std::collections::BTreeSet;

use xmpp::{Address, IqOutcome, minidom::Element};

use crate::{Error, inbound::Reply, turn::Turn};

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {}

/// What our server told of itself and of the account. Empty until it did, or what is on disk from the last time.
#[derive(Clone, Debug, Default)]
pub struct ServerFeatures {
    /// Features of the own bare address.
    pub account: BTreeSet<String>,
    /// Features of the domain.
    pub domain: BTreeSet<String>,
}

/// Asks the server and the account what they can do (own bare address and domain).
pub fn request_server(_turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    Ok(())
}

/// A disco#info request from somebody: answered in full only to those who see our presence.
pub fn handle_query(_turn: &mut Turn<'_, '_>, _from: Option<&Address>, _query: &Element) -> Result<Reply, Error> {
    Ok(Reply::UNAVAILABLE)
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(_turn: &mut Turn<'_, '_>, asked: Asked, _answer: IqOutcome) -> Result<(), Error> {
    match asked {}
}

/// The session is over.
pub fn end(_turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    Ok(())
}
