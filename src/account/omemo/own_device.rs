//! Our own device: made once, published, and given up when its ratchets may have been used by another life.
//!
//! A database that is a copy, or came out of a backup, must never turn a ratchet: its original may have turned it further.
//! Two signs tell. The file stands elsewhere, or was made at another time, than when the device was made ([`store`] knows
//! that). Or the archive, read forward, has a message of this very device that this database never sent. In either case
//! the device is replaced by a new one, with a new number, new keys and no sessions.
//!
//! What is published: the bundle of each version, and then our place on the list of each version. A place that somebody
//! else's program took from us is taken again, more and more slowly.

use std::{collections::BTreeMap, collections::VecDeque, time::Duration};

use ::omemo::{DeviceId, OwnDevice};
use model::{BareJid, Change, OmemoVersion};
use xmpp::{
    IqOutcome, xep_0060_pubsub as pubsub,
    xep_0384_omemo::{self as wire, ListedDevice},
};

use super::{Asked, crypto_version, device_lists, model_version, ratchets, removed_devices};
use crate::{
    Error, archive, names, outbox,
    turn::{IqKind, PendingIq, State, Turn},
};

/// The fact that names the versions whose bundle the server may not have.
const FACT_UNPUBLISHED: &str = "omemo unpublished";
/// The first pause before our place on a list is taken again, and the longest.
const PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// How long a prekey that began a session is kept, though it stands in no bundle any more: whoever fetched the bundle just
/// before, as happens when several write at once, may have chosen the same.
const GRACE: Duration = Duration::from_secs(5 * 60);

/// How often the prekeys are looked after while a session lasts.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {
    /// Our lists as the server has them.
    lists: BTreeMap<OmemoVersion, Vec<ListedDevice>>,
    queue: VecDeque<Publication>,
    under_way: Option<Publication>,
    /// How often our place was taken again in each version, and when it may be next.
    taken_again: BTreeMap<OmemoVersion, (u32, Duration)>,
    /// Versions whose bundle the server does not take: without it we are on no list.
    given_up: Vec<OmemoVersion>,
    retry_at: Option<Duration>,
    /// When the prekeys are looked after again.
    look_at: Option<Duration>,
    /// When the prekeys that began sessions are deleted.
    delete_at: Option<Duration>,
    rotated: bool,
}

/// Something that we publish, and how it was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publication {
    what: What,
    version: OmemoVersion,
    attempt: Attempt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Bundle,
    List,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    /// With the options the node should have.
    First,
    /// After the node was told its options.
    Configured,
    /// As the server likes it.
    Plain,
}

/// One of our lists, as the server has it.
pub fn listed(turn: &mut Turn<'_, '_>, version: OmemoVersion, devices: Vec<ListedDevice>) {
    turn.state.omemo.own.lists.insert(version, devices);
}

/// Both of our lists are known: sees that we are on them, with keys.
pub fn lists_known(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if turn.tx.reads().own_device_number()?.is_none() || !turn.tx.is_in_its_place()? {
        make(turn)?;
    }
    turn.state.omemo.own.look_at = Some(turn.now.monotonic.saturating_add(DAY));
    let now = turn.now.wall;
    let stale = ratchets(turn, |omemo, mut rng| omemo.maintain(now, &mut rng))?;
    for version in stale.unwrap_or_default() {
        set_unpublished(turn, model_version(version), true)?;
    }
    for version in unpublished(turn)? {
        enqueue(turn, What::Bundle, version);
    }
    for version in wire::VERSIONS {
        // On a list that is not known we cannot be put without wiping others off it.
        let is_known = turn.state.omemo.own.lists.contains_key(&version);
        if is_known && !stands_on_list(turn, version)? {
            take_place(turn, version);
        }
    }
    take_off_removed(turn)?;
    next(turn)
}

/// A new device in place of the one before, if there was one.
fn make(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let own = turn.own_bare().clone();
    let taken: Vec<DeviceId> =
        turn.tx.reads().devices(&own)?.iter().filter_map(|device| DeviceId::new(device.id)).collect();
    if let Some(before) = turn.tx.reads().own_device_number()? {
        removed_devices::replace(turn, before)?;
    }
    let now = turn.now.wall;
    let made = ratchets(turn, |omemo, mut rng| omemo.create_own_device(&taken, now, &mut rng))?;
    let Ok(device) = made else { return Ok(()) };
    let id = device.id().get();
    turn.tx.set_own_device_number(id)?;
    let peer = ::omemo::Peer { address: own.as_str(), device: device.id() };
    ::omemo::OmemoStore::save_identity(turn.tx, peer, &device.identity())?;
    turn.tx.set_ed25519_key(&own, id, device.identity_ed25519())?;
    turn.tx.note_device(&own, id, now)?;
    for version in wire::VERSIONS {
        set_unpublished(turn, version, true)?;
    }
    turn.changed(Change::Devices(own));
    tracing::info!("a new device for encrypted messages");
    Ok(())
}

/// The archive has a message of ours that this database never sent: another life of it did. Once in a session, for an
/// archive can be made to say so for ever.
pub fn rotate(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if std::mem::replace(&mut turn.state.omemo.own.rotated, true) {
        return Ok(());
    }
    tracing::warn!("this device was restored from a copy");
    let own = turn.own_bare().clone();
    make(turn)?;
    if device_lists::state(turn, &own) == device_lists::State::Known {
        lists_known(turn)?;
    }
    Ok(())
}

/// After key exchanges: others are published in place of their prekeys, which are deleted after a while.
pub fn replace_spent(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if !std::mem::take(&mut turn.state.omemo.spent) {
        return Ok(());
    }
    delete_spent_later(turn);
    let now = turn.now.wall;
    let done = ratchets(turn, |omemo, mut rng| omemo.maintain(now, &mut rng))?;
    if done.is_ok() {
        for version in wire::VERSIONS {
            set_unpublished(turn, version, true)?;
            enqueue(turn, What::Bundle, version);
        }
    }
    next(turn)
}

/// Deletes the prekeys that began sessions after a while, those of earlier streams too. Others that are spent meanwhile do
/// not put it off: nobody keeps them alive by beginning session after session.
pub fn delete_spent_later(turn: &mut Turn<'_, '_>) {
    let at = turn.now.monotonic.saturating_add(GRACE);
    turn.state.omemo.own.delete_at.get_or_insert(at);
}

/// `AccountCommand::NameDevice`
pub fn name(turn: &mut Turn<'_, '_>, label: Option<String>) -> Result<(), Error> {
    if turn.tx.set_device_label(label.as_deref().and_then(names::clean).as_deref())? {
        let own = turn.own_bare().clone();
        turn.changed(Change::Devices(own.clone()));
        // Otherwise it is told when the lists are known.
        if turn.state.omemo.own.lists.contains_key(&OmemoVersion::Two) {
            enqueue(turn, What::List, OmemoVersion::Two);
        }
    }
    next(turn)
}

/// What we are called on our list.
fn label(turn: &Turn<'_, '_>) -> Result<Option<String>, Error> {
    let setup = &turn.state.setup;
    let given = turn.tx.reads().device_label()?;
    Ok(given.or_else(|| names::clean(&format!("{} {}", setup.software_name, setup.device_name))))
}

fn stands_on_list(turn: &Turn<'_, '_>, version: OmemoVersion) -> Result<bool, Error> {
    let own = turn.tx.reads().own_device_number()?;
    let list = turn.state.omemo.own.lists.get(&version);
    Ok(list.is_some_and(|list| list.iter().any(|device| Some(device.id) == own)))
}

/// Publishes lists anew on which a device stands that the user removed.
fn take_off_removed(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let removed = removed_devices::removed(turn)?;
    let lists = &turn.state.omemo.own.lists;
    let has_removed = |list: &Vec<ListedDevice>| list.iter().any(|device| removed.contains(&device.id));
    let stale: Vec<OmemoVersion> =
        lists.iter().filter(|(_, list)| has_removed(list)).map(|(version, _)| *version).collect();
    // What stands on a list that could not be had is not known.
    if lists.len() == wire::VERSIONS.len() {
        let listed = lists.values().flatten().map(|device| device.id).collect();
        removed_devices::forget_all_but(turn, &listed)?;
    }
    for version in stale {
        enqueue(turn, What::List, version);
    }
    Ok(())
}

/// Takes our place on a list: at once at first, later after a pause.
fn take_place(turn: &mut Turn<'_, '_>, version: OmemoVersion) {
    let now = turn.now.monotonic;
    let memory = &mut turn.state.omemo.own;
    // An event about the list of the other version is no reason to begin this one again.
    if memory.under_way.iter().chain(&memory.queue).any(|it| (it.what, it.version) == (What::List, version)) {
        return;
    }
    let (times, earliest) = memory.taken_again.entry(version).or_default();
    if *earliest > now {
        let earliest = *earliest;
        memory.retry_at = Some(memory.retry_at.map_or(earliest, |at| at.min(earliest)));
        return;
    }
    // The first time is no battle yet.
    let pause = match times.checked_sub(1) {
        None => Duration::ZERO,
        Some(before) => PAUSE.saturating_mul(1 << before.min(6)).min(LONGEST_PAUSE),
    };
    *times += 1;
    *earliest = now.saturating_add(pause);
    // Whoever wipes lists often wipes what belongs to them.
    enqueue(turn, What::Bundle, version);
    enqueue(turn, What::List, version);
}

fn enqueue(turn: &mut Turn<'_, '_>, what: What, version: OmemoVersion) {
    let publication = Publication { what, version, attempt: Attempt::First };
    let memory = &mut turn.state.omemo.own;
    let is_queued = memory.queue.iter().any(|queued| (queued.what, queued.version) == (what, version));
    if !is_queued && !memory.given_up.contains(&version) {
        memory.queue.push_back(publication);
    }
}

fn next(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if turn.state.omemo.own.under_way.is_some() || !turn.is_online() {
        return Ok(());
    }
    match turn.state.omemo.own.queue.pop_front() {
        Some(publication) => publish(turn, publication),
        None => Ok(()),
    }
}

fn node(turn: &Turn<'_, '_>, publication: Publication) -> Result<String, Error> {
    let device = turn.tx.reads().own_device_number()?.unwrap_or_default();
    Ok(match publication.what {
        What::Bundle => wire::bundle_node(publication.version, device),
        What::List => wire::device_list_node(publication.version).to_owned(),
    })
}

fn options(publication: Publication) -> &'static [(&'static str, &'static str)] {
    match (publication.attempt, publication.what, publication.version) {
        (Attempt::Plain, ..) => &[],
        (_, What::Bundle, OmemoVersion::Two) => &wire::BUNDLES_OPTIONS,
        _ => &wire::OPTIONS,
    }
}

fn publish(turn: &mut Turn<'_, '_>, publication: Publication) -> Result<(), Error> {
    let version = publication.version;
    let Ok(device) = ratchets(turn, |omemo, _| omemo.own_device())? else { return Ok(()) };
    let (item, payload) = match publication.what {
        What::Bundle => {
            let bundle = device.bundle(crypto_version(version));
            let bundle = wire::Bundle {
                identity_key: bundle.identity,
                signed_prekey_id: bundle.signed_prekey.id,
                signed_prekey: bundle.signed_prekey.key,
                signature: bundle.signature,
                prekeys: bundle.prekeys.into_iter().map(|prekey| (prekey.id, prekey.key)).collect(),
            };
            (wire::bundle_item(version, device.id().get()), wire::bundle_element(version, &bundle))
        }
        What::List => {
            let list = own_list(turn, version, &device)?;
            ("current".to_owned(), wire::device_list_element(version, &list))
        }
    };
    let node = node(turn, publication)?;
    turn.state.omemo.own.under_way = Some(publication);
    let payload = pubsub::publish(&node, &item, payload, options(publication));
    turn.send_iq(IqKind::Set, None, payload, PendingIq::Omemo(Asked::Publish(publication)));
    Ok(())
}

/// Our list with us on it, and without the device that this one replaced.
fn own_list(
    turn: &mut Turn<'_, '_>,
    version: OmemoVersion,
    device: &OwnDevice,
) -> Result<Vec<ListedDevice>, Error> {
    let id = device.id().get();
    let mut list = turn.state.omemo.own.lists.get(&version).cloned().unwrap_or_default();
    list.retain(|device| device.id != id);
    removed_devices::strike(turn, &mut list)?;
    list.truncate(wire::MAX_DEVICES - 1);
    let label = label(turn)?;
    let signature =
        label.as_deref().map(|label| device.sign_label(label, &mut &mut *turn.state.rng).to_vec());
    list.push(ListedDevice { id, label, label_signature: signature });
    Ok(list)
}

/// The server answered what we published.
pub fn publish_answered(
    turn: &mut Turn<'_, '_>,
    publication: Publication,
    outcome: IqOutcome,
) -> Result<(), Error> {
    turn.state.omemo.own.under_way = None;
    match (outcome, publication.attempt) {
        (IqOutcome::Lost, _) => return Ok(()),
        (IqOutcome::Result(_), _) => {
            if publication.what == What::Bundle {
                set_unpublished(turn, publication.version, false)?;
            }
        }
        (IqOutcome::Error(error), Attempt::First) if pubsub::is_precondition_not_met(&error) => {
            let configure = pubsub::configure(&node(turn, publication)?, options(publication));
            turn.state.omemo.own.under_way = Some(publication);
            turn.send_iq(IqKind::Set, None, configure, PendingIq::Omemo(Asked::Configure(publication)));
            return Ok(());
        }
        (IqOutcome::TimedOut, _) => again_later(turn, publication.version),
        // The server is in trouble of its own, and says nothing of what we want to keep.
        (IqOutcome::Error(error), _)
            if error.type_ == "wait" || error.condition == "internal-server-error" =>
        {
            again_later(turn, publication.version);
        }
        (IqOutcome::Error(_), Attempt::First | Attempt::Configured) => {
            // Some servers know no `max`, some no options at all.
            return publish(turn, Publication { attempt: Attempt::Plain, ..publication });
        }
        (IqOutcome::Error(_), Attempt::Plain) => {
            tracing::info!("the server does not take what encrypted messages need");
            turn.state.omemo.own.given_up.push(publication.version);
            turn.state.omemo.own.queue.retain(|queued| queued.version != publication.version);
        }
    }
    next(turn)?;
    outbox::pump(turn)
}

/// What of a version could not be published is tried again after a pause, when all is looked at anew.
fn again_later(turn: &mut Turn<'_, '_>, version: OmemoVersion) {
    let at = turn.now.monotonic.saturating_add(PAUSE);
    let memory = &mut turn.state.omemo.own;
    memory.queue.retain(|queued| queued.version != version);
    memory.retry_at = Some(memory.retry_at.map_or(at, |earlier| earlier.min(at)));
}

/// The server answered that a node has our options now.
pub fn configure_answered(
    turn: &mut Turn<'_, '_>,
    publication: Publication,
    outcome: &IqOutcome,
) -> Result<(), Error> {
    turn.state.omemo.own.under_way = None;
    match outcome {
        IqOutcome::Lost => Ok(()),
        IqOutcome::Result(_) => publish(turn, Publication { attempt: Attempt::Configured, ..publication }),
        _ => publish(turn, Publication { attempt: Attempt::Plain, ..publication }),
    }
}

fn unpublished(turn: &Turn<'_, '_>) -> Result<Vec<OmemoVersion>, Error> {
    let fact = turn.tx.reads().fact(FACT_UNPUBLISHED)?.unwrap_or_default();
    let words = String::from_utf8_lossy(&fact);
    let versions = wire::VERSIONS.into_iter();
    Ok(versions.filter(|version| words.lines().any(|line| line == wire::namespace(*version))).collect())
}

fn set_unpublished(turn: &mut Turn<'_, '_>, version: OmemoVersion, is_missing: bool) -> Result<(), Error> {
    let mut versions = unpublished(turn)?;
    versions.retain(|known| *known != version);
    if is_missing {
        versions.push(version);
    }
    let text: Vec<&str> = versions.into_iter().map(wire::namespace).collect();
    turn.tx.set_fact(FACT_UNPUBLISHED, Some(text.join("\n").as_bytes()))?;
    Ok(())
}

/// When our place is to be taken again, the prekeys are to be looked after, or spent ones to be deleted.
pub fn timeout(state: &State) -> Option<Duration> {
    let own = &state.omemo.own;
    let times = [own.retry_at, own.look_at, own.delete_at];
    times.into_iter().flatten().min().filter(|_| state.own.full.is_some())
}

/// Does what has come to its time.
pub fn timer(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let now = turn.now.monotonic;
    let is_due = |at: Option<Duration>| at.is_some_and(|at| at <= now);
    if is_due(turn.state.omemo.own.delete_at) {
        turn.state.omemo.own.delete_at = None;
        if archive::is_reading(turn.state) {
            // Somebody may have used one of them in what is still to be read.
            delete_spent_later(turn);
        } else {
            let _ = ratchets(turn, |omemo, _| omemo.delete_spent_prekeys())?;
        }
    }
    let own = &turn.state.omemo.own;
    if (is_due(own.retry_at) || is_due(own.look_at)) && turn.is_online() {
        turn.state.omemo.own.retry_at = None;
        return lists_known(turn);
    }
    Ok(())
}

/// Our device, if it is made and our lists are known: who seals must know who else is to read it.
pub fn ready(turn: &Turn<'_, '_>) -> Result<Option<u32>, Error> {
    let own: &BareJid = turn.own_bare();
    if device_lists::state(turn, own) == device_lists::State::Asked {
        return Ok(None);
    }
    Ok(turn.tx.reads().own_device_number()?)
}
