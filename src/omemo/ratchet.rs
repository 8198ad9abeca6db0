//! The Double Ratchet.
//!
//! Each side has a chain of message keys to send with, and chains to receive with: a chain key gives one
//! message key after the other, and none backwards. With every change of turn the side that answers makes a
//! new key pair, and both find the keys of a new chain from it ([`Ratchet::turn`]).
//!
//! Messages may be lost, late or doubled. The keys of those that were jumped over wait in a list of bounded
//! length. A key that was used is gone: its message is then a duplicate.
//!
//! A chain that its sender has left stays open for five turns. The message after it says how long it was,
//! but libsignal-style senders say the last counter instead of the length, and never look at it themselves, so
//! what others write there cannot be relied on. Only when a chain is closed does that number say which keys
//! may still be missing from it.
//!
//! [`Ratchet::decrypt`] takes the ratchet and gives it back only if the message was authentic: there is no
//! way to keep one that a forged message has moved.

mod record;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::keys::{KeyPair, PublicKey, agree};
use crate::secret::Secret;
use crate::symmetric::{SealingKeys, array, hkdf, hmac};
use crate::wire::{RatchetMessage, write_authenticated};
use crate::{Refusal, Version};

/// So many keys of messages that were jumped over are kept; the oldest go first.
pub(crate) const MOST_SKIPPED: usize = 2_000;
/// A message may be so far ahead in its chain. More than is kept, for a device that was away for long must not
/// be locked out; and few enough to reckon in some milliseconds, for anybody can make us try.
pub(crate) const LONGEST_JUMP: u32 = 25_000;
/// So many chains of the other side stay open.
const OPEN_CHAINS: usize = 5;

/// One side of a session.
pub(crate) struct Ratchet {
    version: Version,
    parties: Parties,
    root: Secret,
    /// The own ratchet key, which the other side answers to.
    own: KeyPair,
    /// `None` only before the first message of the one who began.
    sending: Option<SendingChain>,
    /// How many messages the own chain before this one had.
    previous_length: u32,
    /// The other side's present chain last.
    receiving: Vec<ReceivingChain>,
    /// The oldest first.
    skipped: VecDeque<SkippedKey>,
}

/// Who talks: every message is authenticated together with both identities.
pub(crate) struct Parties {
    /// As their version writes them.
    pub(crate) own: Vec<u8>,
    pub(crate) theirs: Vec<u8>,
    /// Whether we began.
    pub(crate) began: bool,
}

struct SendingChain {
    key: Secret,
    next: u32,
}

struct ReceivingChain {
    their_key: PublicKey,
    key: Secret,
    next: u32,
    /// How long its sender said that it was, once they left it.
    length: u32,
}

struct SkippedKey {
    their_key: PublicKey,
    counter: u32,
    key: Secret,
}

impl Ratchet {
    /// For the one who begins: the other side's first ratchet key is their signed prekey.
    pub(crate) fn begin(
        version: Version,
        parties: Parties,
        shared: &Secret,
        signed_prekey: &PublicKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Refusal> {
        let own = KeyPair::generate(rng);
        let (root, key) = next_root(version, shared, &agree(&own.secret, signed_prekey)?);
        let sending = Some(SendingChain { key, next: 0 });
        let (receiving, skipped) = (Vec::new(), VecDeque::new());
        Ok(Self { version, parties, root, own, sending, previous_length: 0, receiving, skipped })
    }

    /// For the one who follows: their first ratchet key is their signed prekey. It can only receive yet.
    pub(crate) fn follow(version: Version, parties: Parties, shared: Secret, signed_prekey: Secret) -> Self {
        let (receiving, skipped) = (Vec::new(), VecDeque::new());
        let own = KeyPair::from_secret(signed_prekey);
        Self { version, parties, root: shared, own, sending: None, previous_length: 0, receiving, skipped }
    }

    /// Encrypts with the next key: the bytes to be authenticated, and their code.
    pub(crate) fn encrypt(&mut self, plaintext: &[u8]) -> Result<(Vec<u8>, [u8; 32]), Refusal> {
        let chain = self.sending.as_mut().ok_or(Refusal::NoSession)?;
        let counter = chain.next;
        chain.next = counter.checked_add(1).ok_or(Refusal::NoSession)?;
        let keys = SealingKeys::derive(step(&mut chain.key).bytes(), self.version.message_info());
        let authenticated = write_authenticated(
            self.version,
            &self.own.public,
            counter,
            self.previous_length,
            keys.encrypt(plaintext),
        );
        let [first, second] = self.parties.order(self.version, true);
        let code = keys.authenticate(&[first, second, &authenticated]);
        Ok((authenticated, code))
    }

    /// Decrypts, and moves on.
    pub(crate) fn decrypt(
        mut self,
        message: &RatchetMessage,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Zeroizing<Vec<u8>>), Refusal> {
        let known = self.receiving.iter().any(|chain| chain.their_key == message.ratchet_key);
        let skipped = self.take_skipped(message);
        let turned = !known && skipped.is_none();
        if turned {
            self.turn(message)?;
        }
        let key = match skipped {
            Some(key) => key,
            None => self.jump_to(message)?,
        };
        let plaintext = self.open(&key, message)?;
        // Only now: an own key pair costs, and a forged message is not worth it.
        if turned {
            self.answer(message, rng)?;
        }
        Ok((self, plaintext))
    }

    fn open(&self, key: &Secret, message: &RatchetMessage) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let keys = SealingKeys::derive(key.bytes(), self.version.message_info());
        let [first, second] = self.parties.order(self.version, false);
        keys.check(&[first, second, &message.authenticated], &message.code)?;
        keys.decrypt(&message.ciphertext)
    }

    fn take_skipped(&mut self, message: &RatchetMessage) -> Option<Secret> {
        let at = self.skipped.iter().position(|skipped| {
            skipped.counter == message.counter && skipped.their_key == message.ratchet_key
        })?;
        self.skipped.remove(at).map(|skipped| skipped.key)
    }

    /// Steps the message's chain up to it. The keys on the way are kept, as far as there is room.
    fn jump_to(&mut self, message: &RatchetMessage) -> Result<Secret, Refusal> {
        let chain = self
            .receiving
            .iter_mut()
            .find(|chain| chain.their_key == message.ratchet_key)
            .ok_or(Refusal::NoSession)?;
        let jump = message.counter.checked_sub(chain.next).ok_or(Refusal::Duplicate)?;
        if jump > LONGEST_JUMP || message.counter == u32::MAX {
            return Err(Refusal::TooFarAhead);
        }
        chain.skip_to(message.counter, &mut self.skipped);
        chain.next += 1;
        Ok(step(&mut chain.key))
    }

    /// The other side has a new ratchet key: opens its chain, and closes the one of five turns ago.
    fn turn(&mut self, message: &RatchetMessage) -> Result<(), Refusal> {
        if let Some(left) = self.receiving.last_mut() {
            // Who means the last counter says one too few; one key too many does no harm. Who means minus
            // one, before their first message, says 2³² − 1.
            left.length = message.previous_counter.wrapping_add(1);
        }
        let (root, key) =
            next_root(self.version, &self.root, &agree(&self.own.secret, &message.ratchet_key)?);
        self.root = root;
        self.receiving.push(ReceivingChain { their_key: message.ratchet_key, key, next: 0, length: 0 });
        if self.receiving.len() > OPEN_CHAINS {
            let mut closed = self.receiving.remove(0);
            let missing = closed.length.saturating_sub(closed.next).min(MOST_SKIPPED as u32);
            closed.skip_to(closed.next.saturating_add(missing), &mut self.skipped);
        }
        Ok(())
    }

    /// A new own ratchet key, and the chain to answer with.
    fn answer(&mut self, message: &RatchetMessage, rng: &mut impl CryptoRng) -> Result<(), Refusal> {
        self.own = KeyPair::generate(rng);
        let (root, key) =
            next_root(self.version, &self.root, &agree(&self.own.secret, &message.ratchet_key)?);
        self.root = root;
        self.previous_length = self.sending.as_ref().map_or(0, |chain| chain.next);
        self.sending = Some(SendingChain { key, next: 0 });
        Ok(())
    }
}

impl ReceivingChain {
    /// Steps up to a counter that is not behind, and keeps the keys on the way: the last of them, if there
    /// are too many.
    fn skip_to(&mut self, counter: u32, skipped: &mut VecDeque<SkippedKey>) {
        while self.next < counter {
            let key = step(&mut self.key);
            if (counter - self.next) as usize <= MOST_SKIPPED {
                if skipped.len() >= MOST_SKIPPED {
                    skipped.pop_front();
                }
                skipped.push_back(SkippedKey { their_key: self.their_key, counter: self.next, key });
            }
            self.next += 1;
        }
    }
}

impl Parties {
    /// In 0.3 the sender comes first, in version 2 the one who began.
    fn order(&self, version: Version, sending: bool) -> [&[u8]; 2] {
        let own_first = match version {
            Version::Legacy => sending,
            Version::Two => self.began,
        };
        if own_first { [&self.own, &self.theirs] } else { [&self.theirs, &self.own] }
    }
}

/// The next message key of a chain, which is one further then.
fn step(chain: &mut Secret) -> Secret {
    let key = Secret::new(hmac(chain.bytes(), &[&[1]]));
    *chain = Secret::new(hmac(chain.bytes(), &[&[2]]));
    key
}

/// The next root key, and the key of the chain it opens.
fn next_root(version: Version, root: &Secret, product: &Secret) -> (Secret, Secret) {
    let output = hkdf::<64>(root.bytes(), product.bytes(), version.root_info());
    (Secret::new(array(&*output)), Secret::new(array(output.iter().skip(32))))
}
