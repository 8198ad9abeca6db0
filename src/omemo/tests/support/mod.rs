//! What the tests of this crate share: people with a store each, and letters between them.

use std::collections::BTreeMap;

use model::Timestamp;
use omemo::{
    Bundle, Decrypted, DeviceId, Encrypted, EncryptedKey, Error, IdentityKey, Incoming, Omemo, OmemoStore,
    Peer, Recipient, Refusal, Version,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// When all tests begin.
pub const START: Timestamp = Timestamp(1_700_000_000_000);
pub const DAY: i64 = 24 * 60 * 60 * 1000;

type Key = (String, DeviceId);

/// A store in memory. Two are equal if everything in them is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryStore {
    pub own: Option<Vec<u8>>,
    pub identities: BTreeMap<Key, IdentityKey>,
    pub sessions: BTreeMap<(Key, Version), Vec<u8>>,
    /// So many more writes succeed.
    pub writes_left: Option<usize>,
}

/// The disk is full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskFull;

impl MemoryStore {
    fn write(&mut self) -> Result<(), DiskFull> {
        if let Some(left) = &mut self.writes_left {
            *left = left.checked_sub(1).ok_or(DiskFull)?;
        }
        Ok(())
    }
}

fn key(peer: Peer<'_>) -> Key {
    (peer.address.to_owned(), peer.device)
}

impl OmemoStore for MemoryStore {
    type Error = DiskFull;

    fn own_device(&self) -> Result<Option<Vec<u8>>, DiskFull> {
        Ok(self.own.clone())
    }

    fn save_own_device(&mut self, record: &[u8]) -> Result<(), DiskFull> {
        self.write()?;
        self.own = Some(record.to_vec());
        Ok(())
    }

    fn identity(&self, peer: Peer<'_>) -> Result<Option<IdentityKey>, DiskFull> {
        Ok(self.identities.get(&key(peer)).copied())
    }

    fn save_identity(&mut self, peer: Peer<'_>, identity: &IdentityKey) -> Result<(), DiskFull> {
        self.write()?;
        self.identities.insert(key(peer), *identity);
        Ok(())
    }

    fn sessions(&self, peer: Peer<'_>, version: Version) -> Result<Option<Vec<u8>>, DiskFull> {
        Ok(self.sessions.get(&(key(peer), version)).cloned())
    }

    fn save_sessions(&mut self, peer: Peer<'_>, version: Version, record: &[u8]) -> Result<(), DiskFull> {
        self.write()?;
        self.sessions.insert((key(peer), version), record.to_vec());
        Ok(())
    }

    fn remove_sessions(&mut self, peer: Peer<'_>, version: Version) -> Result<(), DiskFull> {
        self.write()?;
        self.sessions.remove(&(key(peer), version));
        Ok(())
    }

    fn remove_all_sessions(&mut self) -> Result<(), DiskFull> {
        self.write()?;
        self.sessions.clear();
        Ok(())
    }
}

/// A device of somebody.
#[derive(Clone)]
pub struct Person {
    pub address: &'static str,
    pub device: DeviceId,
    pub store: MemoryStore,
    pub rng: ChaCha20Rng,
}

/// A message on its way to one device.
#[derive(Clone, Debug)]
pub struct Letter {
    pub from: (&'static str, DeviceId),
    pub key: EncryptedKey,
    pub payload: omemo::Payload,
}

pub type Answer = Result<Decrypted, Error<DiskFull>>;

impl Person {
    pub fn new(address: &'static str, seed: u64) -> Self {
        let mut store = MemoryStore::default();
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let device = Omemo::new(&mut store).create_own_device(&[], START, &mut rng).unwrap().id();
        Self { address, device, store, rng }
    }

    pub fn peer(&self) -> Peer<'static> {
        Peer { address: self.address, device: self.device }
    }

    pub fn bundle(&mut self, version: Version) -> Bundle {
        Omemo::new(&mut self.store).own_device().unwrap().bundle(version)
    }

    pub fn identity(&mut self) -> IdentityKey {
        Omemo::new(&mut self.store).own_device().unwrap().identity()
    }

    pub fn has_session(&mut self, with: &Person, version: Version) -> bool {
        Omemo::new(&mut self.store).has_session(with.peer(), version).unwrap()
    }

    /// Fetches the other's bundle and starts a session.
    pub fn start(&mut self, with: &mut Person, version: Version) {
        let bundle = with.bundle(version);
        self.start_with(with.peer(), &bundle).unwrap();
    }

    pub fn start_with(&mut self, peer: Peer<'_>, bundle: &Bundle) -> Result<IdentityKey, Error<DiskFull>> {
        Omemo::new(&mut self.store).start_session(peer, bundle, &mut self.rng)
    }

    pub fn write(&mut self, to: &Person, version: Version, text: &str) -> Letter {
        let recipients = [Recipient { address: to.address, devices: &[to.device] }];
        let encrypted = Omemo::new(&mut self.store)
            .encrypt(version, &recipients, text.as_bytes(), &mut self.rng)
            .unwrap();
        self.letter(encrypted)
    }

    pub fn write_nothing(&mut self, to: &Person, version: Version) -> Letter {
        let recipients = [Recipient { address: to.address, devices: &[to.device] }];
        let encrypted =
            Omemo::new(&mut self.store).encrypt_empty(version, &recipients, &mut self.rng).unwrap();
        self.letter(encrypted)
    }

    fn letter(&self, mut encrypted: Encrypted) -> Letter {
        let key = encrypted.recipients.remove(0).keys.remove(0);
        Letter { from: (self.address, encrypted.sender), key, payload: encrypted.payload }
    }

    /// Reads, or says why not; then nothing has changed.
    pub fn try_read(&mut self, letter: &Letter) -> Answer {
        let (address, device) = letter.from;
        let incoming = Incoming {
            sender: Peer { address, device },
            key: &letter.key.bytes,
            key_exchange: letter.key.key_exchange,
            payload: &letter.payload,
        };
        let before = self.store.clone();
        let answer = Omemo::new(&mut self.store).decrypt(&incoming, &mut self.rng);
        if let Err(Error::Refused(_)) = &answer {
            assert_eq!(self.store, before, "a refusal changes nothing");
        }
        answer
    }

    #[track_caller]
    pub fn read(&mut self, letter: &Letter) -> Decrypted {
        self.try_read(letter).unwrap()
    }

    #[track_caller]
    pub fn refuse(&mut self, letter: &Letter) -> Refusal {
        match self.try_read(letter) {
            Err(Error::Refused(refusal)) => refusal,
            other => panic!("not refused: {other:?}"),
        }
    }
}

/// Two people who never wrote to each other.
pub fn alice_and_bob() -> (Person, Person) {
    (Person::new("alice@example.org", 1), Person::new("bob@example.net", 2))
}

/// Two people in the middle of a conversation that Alice began.
pub fn acquainted(version: Version) -> (Person, Person) {
    let (mut alice, mut bob) = alice_and_bob();
    alice.start(&mut bob, version);
    let hello = alice.write(&bob, version, "hello");
    bob.read(&hello);
    let answer = bob.write_nothing(&alice, version);
    alice.read(&answer);
    (alice, bob)
}

/// What a message says, as text.
#[track_caller]
pub fn text(decrypted: &Decrypted) -> &str {
    match &decrypted.content {
        omemo::Content::Message(bytes) => std::str::from_utf8(bytes).unwrap(),
        omemo::Content::KeyTransport(_) => panic!("an empty message"),
    }
}
