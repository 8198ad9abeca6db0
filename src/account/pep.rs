//! Personal eventing (XEP-0163): sorts events by node. To be written: this is its face.

use xmpp::{Address, minidom::Element};

use crate::{Error, turn::Turn};

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {}

/// An `<event/>` in a message from `from`, `None` being the own account.
pub fn handle_event(_turn: &mut Turn<'_, '_>, _from: Option<&Address>, _event: &Element) -> Result<(), Error> {
    Ok(())
}
