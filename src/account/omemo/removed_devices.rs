//! Numbers that come off our lists: of devices that this one replaced, and of devices that the user removes.

use std::collections::BTreeSet;

use model::BareJid;
use xmpp::xep_0384_omemo::ListedDevice;

use super::{device_lists, own_device};
use crate::{Error, turn::Turn};

/// The fact that holds the numbers this database had before: they never stand on our lists again.
const FACT_REPLACED: &str = "omemo replaced";
/// The fact that holds the numbers that the user wants to go, until they are gone.
const FACT_REMOVED: &str = "omemo removed";

/// `AccountCommand::RemoveDevice`: nobody writes to it from now on, or from when we are online. A device that is still in
/// use puts itself back.
pub fn remove(turn: &mut Turn<'_, '_>, device: u32) -> Result<(), Error> {
    let own: BareJid = turn.own_bare().clone();
    let known = turn.tx.reads().device(&own, device)?;
    if known.is_none_or(|known| known.is_this || known.versions.is_empty()) {
        return Ok(());
    }
    let mut numbers = removed(turn)?;
    numbers.insert(device);
    set(turn, FACT_REMOVED, &numbers)?;
    if device_lists::state(turn, &own) == device_lists::State::Asked {
        return Ok(());
    }
    own_device::lists_known(turn)
}

/// The number that this database had until now.
pub fn replace(turn: &mut Turn<'_, '_>, device: u32) -> Result<(), Error> {
    let mut numbers = numbers(turn, FACT_REPLACED)?;
    numbers.insert(device);
    set(turn, FACT_REPLACED, &numbers)
}

/// Takes them off a list that is to be published.
pub fn strike(turn: &Turn<'_, '_>, list: &mut Vec<ListedDevice>) -> Result<(), Error> {
    let (replaced, removed) = (numbers(turn, FACT_REPLACED)?, removed(turn)?);
    list.retain(|device| !replaced.contains(&device.id) && !removed.contains(&device.id));
    Ok(())
}

/// The numbers that the user wants to go.
pub fn removed(turn: &Turn<'_, '_>) -> Result<BTreeSet<u32>, Error> {
    numbers(turn, FACT_REMOVED)
}

/// Those that stand on no list any more are gone: should they come back, they are in use.
pub fn forget_all_but(turn: &mut Turn<'_, '_>, listed: &BTreeSet<u32>) -> Result<(), Error> {
    let before = removed(turn)?;
    let left: BTreeSet<u32> = before.intersection(listed).copied().collect();
    if left == before { Ok(()) } else { set(turn, FACT_REMOVED, &left) }
}

fn numbers(turn: &Turn<'_, '_>, fact: &str) -> Result<BTreeSet<u32>, Error> {
    let fact = turn.tx.reads().fact(fact)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&fact).lines().filter_map(|line| line.parse().ok()).collect())
}

fn set(turn: &mut Turn<'_, '_>, fact: &str, numbers: &BTreeSet<u32>) -> Result<(), Error> {
    let lines: Vec<String> = numbers.iter().map(u32::to_string).collect();
    turn.tx.set_fact(fact, Some(lines.join("\n").as_bytes()))?;
    Ok(())
}
