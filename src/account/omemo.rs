//! OMEMO (XEP-0384): what is said is sealed for devices, and nobody between them can read it.
//!
//! The crate `omemo` turns ratchets; this folder decides whom for, when, and what of a stanza goes in. Whatever a ratchet
//! does is written by the transaction of the input that made it do so: a kill at any instant leaves both sides together.
//!
//! * `device_lists`, `bundles`: what others publish. Lists are asked for once in a session before something is sealed, and
//!   told by events; bundles are fetched only when something is to be said to a device without a session.
//! * `own_device`: ours. Its keys are published, its place on our lists is kept, it is given up when the database turns
//!   out to be a copy; `removed_devices`: what comes off our lists.
//! * `sending`: an outbox row that waits becomes its final bytes; `carriage` says what of it goes where.
//! * `receiving`: opens what came, once. A second copy is known by its mark before any ratchet is touched.
//! * `answers`: empty messages that move a ratchet; `reset` begins with a device, anew if a person asked.
//! * `trust`, `trust_messages`: whose keys are believed.
//! * `vouching`: words for one device outside of messages, for calls.
//!
//! Nothing is sealed before the archive was read in this session: it may hold what another life of this database sent, and
//! key exchanges that make ours needless.

mod answers;
mod bundles;
mod carriage;
mod device_lists;
mod own_device;
mod receiving;
mod removed_devices;
mod reset;
mod sending;
mod trust;
mod trust_messages;
mod vouching;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use ::omemo::{DeviceId, Error as CryptoError, Omemo, Peer, Refusal, Version};
use model::{
    BareJid, Change, ConversationEncryption, ConversationId, ConversationKind, EncryptionKind,
    EncryptionSettings, OmemoVersion,
};
use rand_core::CryptoRng;
use store::{OutboxKind, StoredConversation, Tx};
use xmpp::IqOutcome;

use crate::{
    Error, archive, files, outbox,
    turn::{State, Turn},
};

pub use device_lists::{look_up, published};
pub use own_device::name as name_device;
pub use receiving::{Opened, Sealed, open};
pub use removed_devices::remove as remove_device;
pub use reset::reset as reset_session;
pub use sending::{Sealing, can_be_sealed, seal, send_now};
pub use trust::set as set_trust;
pub use vouching::{open_words_of, seal_words_for, vouching_device};

/// How long what could not be had is left alone.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// A device in one version.
pub type Key = (BareJid, u32, OmemoVersion);

/// What is remembered while the process runs.
#[derive(Default)]
pub struct Memory {
    /// The archive was read in this session, or there is none.
    caught_up: bool,
    lists: BTreeMap<(BareJid, OmemoVersion), device_lists::State>,
    bundles: bundles::Memory,
    own: own_device::Memory,
    /// Devices to which an empty message is due.
    answers: BTreeSet<Key>,
    /// Devices that wrote in a session that is not here, and were answered.
    helped: BTreeSet<Key>,
    /// Devices with which a session is to be begun.
    restarts: BTreeSet<(BareJid, u32)>,
    /// A prekey began a session, and is to be replaced.
    spent: bool,
    /// When what could not be had is asked for again, while something waits for it.
    retry_at: Option<Duration>,
}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Somebody's device list.
    List(BareJid, OmemoVersion),
    /// The keys of a device.
    Bundle(Key),
    /// To keep what we publish.
    Publish(own_device::Publication),
    /// To let everybody read a node of ours.
    Configure(own_device::Publication),
}

/// Whether this account can have OMEMO at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// The server has not told yet what it can do.
    Unknown,
    /// It keeps nodes for its accounts.
    Yes,
    /// It does not.
    No,
}

/// Whether our server can do what it takes.
pub fn availability(turn: &Turn<'_, '_>) -> Availability {
    let server = &turn.state.own.server;
    match (server.is_account_known, server.has_private_nodes()) {
        (false, _) => Availability::Unknown,
        (true, true) => Availability::Yes,
        (true, false) => Availability::No,
    }
}

/// The server told what it can do: begins, once in a session.
pub fn begin(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if availability(turn) == Availability::Yes {
        let own = turn.own_bare().clone();
        device_lists::request(turn, &own)?;
    }
    files::wake(turn);
    outbox::pump(turn)
}

/// The session is over: what was under way will not come, and lists may have changed when there is another.
pub fn end(turn: &mut Turn<'_, '_>) {
    let memory = std::mem::take(&mut turn.state.omemo);
    turn.state.omemo.answers = memory.answers;
    turn.state.omemo.restarts = memory.restarts;
    turn.state.omemo.spent = memory.spent;
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(turn: &mut Turn<'_, '_>, asked: Asked, outcome: IqOutcome) -> Result<(), Error> {
    match asked {
        Asked::List(who, version) => device_lists::handle_answer(turn, &who, version, outcome),
        Asked::Bundle(key) => bundles::handle_answer(turn, &key, outcome),
        Asked::Publish(publication) => own_device::publish_answered(turn, publication, outcome),
        Asked::Configure(publication) => own_device::configure_answered(turn, publication, &outcome),
    }
}

/// The archive was read to its end, or there is none.
pub fn caught_up(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    turn.state.omemo.caught_up = true;
    own_device::delete_spent_later(turn);
    settle(turn)
}

/// Does what was put off while messages were opened: unless the archive is being read, spent prekeys are replaced and
/// key exchanges answered.
pub fn settle(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    if !turn.state.omemo.caught_up || archive::is_reading(turn.state) {
        return Ok(());
    }
    own_device::replace_spent(turn)?;
    answers::send(turn)
}

/// When something is due.
pub fn timeout(state: &State) -> Option<Duration> {
    let retry = state.omemo.retry_at.filter(|_| state.own.full.is_some());
    [own_device::timeout(state), retry].into_iter().flatten().min()
}

/// Does what is due.
pub fn timer(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    own_device::timer(turn)?;
    let is_due = turn.state.omemo.retry_at.is_some_and(|at| at <= turn.now.monotonic);
    if is_due && turn.is_online() {
        turn.state.omemo.retry_at = None;
        turn.state.omemo.lists.retain(|_, state| *state != device_lists::State::Failed);
        turn.state.omemo.bundles.forget_all_failures();
        files::wake(turn);
        outbox::pump(turn)?;
    }
    Ok(())
}

/// Something waits for keys: what could not be had is asked for again after a while.
pub fn retry_later(turn: &mut Turn<'_, '_>) {
    let at = turn.now.monotonic.saturating_add(PATIENCE);
    turn.state.omemo.retry_at.get_or_insert(at);
}

/// Whether what is said in a conversation waits to be sealed, or to learn whether it can be.
pub fn is_sealed(turn: &Turn<'_, '_>, stored: &StoredConversation) -> bool {
    if stored.kind != ConversationKind::Direct {
        return false;
    }
    match stored.encryption {
        ConversationEncryption::Off => false,
        ConversationEncryption::Omemo => true,
        ConversationEncryption::Undecided => availability(turn) != Availability::No,
    }
}

/// `AccountCommand::SetEncryption`. What waits to be sealed when it is turned off is not sent in the clear: it fails, and
/// the user may try again.
pub fn choose(turn: &mut Turn<'_, '_>, conversation: ConversationId, encrypted: bool) -> Result<(), Error> {
    let choice = if encrypted { ConversationEncryption::Omemo } else { ConversationEncryption::Off };
    if turn.tx.set_encryption(conversation, choice)? {
        turn.changed(Change::Conversation(conversation));
    }
    files::wake(turn);
    if encrypted {
        files::encryption_began(turn, conversation)?;
        outbox::pump(turn)
    } else {
        outbox::give_up_unsealed(turn, conversation)
    }
}

/// `AccountCommand::SetEncryptionSettings`
pub fn set_settings(turn: &mut Turn<'_, '_>, settings: EncryptionSettings) -> Result<(), Error> {
    if turn.tx.set_encryption_settings(settings)? {
        turn.changed(Change::Account);
        outbox::pump(turn)?;
    }
    Ok(())
}

/// The other side is known to have devices for it: a conversation about which nothing was decided is encrypted from now on.
pub fn decide(turn: &mut Turn<'_, '_>, conversation: ConversationId) -> Result<(), Error> {
    let Some(stored) = turn.tx.reads().stored_conversation(conversation)? else { return Ok(()) };
    if stored.encryption == ConversationEncryption::Undecided
        && turn.tx.set_encryption(conversation, ConversationEncryption::Omemo)?
    {
        turn.changed(Change::Conversation(conversation));
        for row in turn.tx.reads().outbox_unsealed(conversation)? {
            if let Some(message) = row.message.filter(|_| row.kind == OutboxKind::Message) {
                turn.tx.set_message_encryption(message, EncryptionKind::Omemo)?;
                turn.changed(Change::MessageChanged(conversation, message));
            }
        }
    }
    Ok(())
}

/// A conversation began: encrypted, if its other side is known to have devices.
pub fn conversation_began(
    turn: &mut Turn<'_, '_>,
    conversation: ConversationId,
    with: &BareJid,
) -> Result<(), Error> {
    let devices = turn.tx.reads().devices(with)?;
    let has_devices = devices.iter().any(|device| !device.is_this && !device.versions.is_empty());
    if has_devices && availability(turn) == Availability::Yes { decide(turn, conversation) } else { Ok(()) }
}

/// The roster says that we see somebody: not every server tells by itself what they published before.
pub fn contact_seen(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    if availability(turn) == Availability::Yes {
        device_lists::request_anew(turn, who);
    }
    Ok(())
}

/// Whether a reaction in a conversation reaches anybody without the servers seeing it, or may be seen.
pub fn may_react(turn: &Turn<'_, '_>, stored: &StoredConversation) -> Result<bool, Error> {
    if stored.encryption != ConversationEncryption::Omemo {
        return Ok(true);
    }
    let reads = turn.tx.reads();
    let devices = reads.devices(&stored.address)?;
    let only_legacy = devices.iter().any(|device| !device.versions.is_empty())
        && !devices.iter().any(|device| device.versions.contains(&OmemoVersion::Two));
    Ok(!only_legacy || reads.encryption_settings()?.reactions_in_clear)
}

/// How words will travel that are written now: sealed where that was decided, else in the clear until it is.
pub fn promised(stored: &StoredConversation) -> EncryptionKind {
    match stored.encryption {
        ConversationEncryption::Omemo => EncryptionKind::Omemo,
        ConversationEncryption::Undecided | ConversationEncryption::Off => EncryptionKind::None,
    }
}

/// How rows name a version.
pub fn kind(version: OmemoVersion) -> EncryptionKind {
    match version {
        OmemoVersion::Legacy => EncryptionKind::OmemoLegacy,
        OmemoVersion::Two => EncryptionKind::Omemo,
    }
}

/// How the crate of the ratchets names a version.
fn crypto_version(version: OmemoVersion) -> Version {
    match version {
        OmemoVersion::Legacy => Version::Legacy,
        OmemoVersion::Two => Version::Two,
    }
}

fn model_version(version: Version) -> OmemoVersion {
    match version {
        Version::Legacy => OmemoVersion::Legacy,
        Version::Two => OmemoVersion::Two,
    }
}

fn peer(owner: &BareJid, device: u32) -> Option<Peer<'_>> {
    Some(Peer { address: owner.as_str(), device: DeviceId::new(device)? })
}

/// Works with the ratchets. A refusal is an answer; a failing store ends the turn.
fn ratchets<'tx, T>(
    turn: &mut Turn<'_, 'tx>,
    work: impl FnOnce(
        &mut Omemo<'_, Tx<'tx>>,
        &mut (dyn CryptoRng + Send),
    ) -> Result<T, CryptoError<store::Error>>,
) -> Result<Result<T, Refusal>, Error> {
    match work(&mut Omemo::new(turn.tx), &mut *turn.state.rng) {
        Ok(done) => Ok(Ok(done)),
        Err(CryptoError::Refused(refusal)) => Ok(Err(refusal)),
        Err(CryptoError::Store(error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
