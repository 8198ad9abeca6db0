//! The Double Ratchet.
//!
//! Each side has a chain of message keys to send with, and chains to receive with: a chain key gives one
//! message key after the other, and none backwards. With every change of turn the side that answers makes a
//! new key pair, and both find the keys of a new chain from it ([`Ratchet::turn`]).
//!
//! Messages may be lost, late or doubled. The keys of those that were jumped over wait in a list of bounded
//! length, and not for ever. A key that was used is gone: its message is then a duplicate.
//!
//! A chain that its sender has left stays open for five turns. The next chain's messages say how long it
//! was, but libsignal-style senders say the last counter instead of the length, and never look at it
//! themselves, so what others write there cannot be relied on. Only when a chain is closed does that number
//! say which keys may still be missing from it, and by then we have seen what this sender means.
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
/// A key that was jumped over waits for so many turns.
const LONGEST_WAIT: u32 = 1_000;
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
    /// How often the other side has had a new ratchet key.
    turns: u32,
    /// They say the last counter of a chain where its length is meant.
    says_last_counter: bool,
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
    /// What its sender said of its length, once they left it.
    said_length: u32,
}

struct SkippedKey {
    their_key: PublicKey,
    counter: u32,
    key: Secret,
    /// In which turn it was jumped over.
    turn: u32,
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
        Ok(Self { sending, ..Self::new(version, parties, root, own) })
    }

    /// For the one who follows: their first ratchet key is their signed prekey. It can only receive yet.
    pub(crate) fn follow(version: Version, parties: Parties, shared: Secret, signed_prekey: Secret) -> Self {
        Self::new(version, parties, shared, KeyPair::from_secret(signed_prekey))
    }

    fn new(version: Version, parties: Parties, root: Secret, own: KeyPair) -> Self {
        Self {
            version,
            parties,
            root,
            own,
            sending: None,
            previous_length: 0,
            turns: 0,
            says_last_counter: false,
            receiving: Vec::new(),
            skipped: VecDeque::new(),
        }
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

    /// Whether nothing was said yet with the present own ratchet key.
    pub(crate) fn is_silent(&self) -> bool {
        self.sending.as_ref().is_none_or(|chain| chain.next == 0)
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
        chain.skip_to(message.counter, self.turns, &mut self.skipped);
        chain.next += 1;
        Ok(step(&mut chain.key))
    }

    /// The other side has a new ratchet key: opens its chain, and closes the one of five turns ago.
    fn turn(&mut self, message: &RatchetMessage) -> Result<(), Refusal> {
        if let Some(left) = self.receiving.last_mut() {
            left.said_length = message.previous_counter;
            self.says_last_counter |= left.next > left.said_length;
        }
        let (root, key) =
            next_root(self.version, &self.root, &agree(&self.own.secret, &message.ratchet_key)?);
        self.root = root;
        self.receiving.push(ReceivingChain { their_key: message.ratchet_key, key, next: 0, said_length: 0 });
        self.turns = self.turns.saturating_add(1);
        if self.receiving.len() > OPEN_CHAINS {
            let mut closed = self.receiving.remove(0);
            let length = closed.said_length.saturating_add(u32::from(self.says_last_counter));
            let most = closed.next.saturating_add(MOST_SKIPPED as u32);
            closed.skip_to(length.min(most), self.turns, &mut self.skipped);
        }
        let earliest = self.turns.saturating_sub(LONGEST_WAIT);
        while self.skipped.front().is_some_and(|skipped| skipped.turn < earliest) {
            self.skipped.pop_front();
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
    /// Steps up to a counter, if that is ahead, and keeps the keys on the way: the last of them, if there are
    /// too many.
    fn skip_to(&mut self, counter: u32, turn: u32, skipped: &mut VecDeque<SkippedKey>) {
        while self.next < counter {
            let key = step(&mut self.key);
            if (counter - self.next) as usize <= MOST_SKIPPED {
                if skipped.len() >= MOST_SKIPPED {
                    skipped.pop_front();
                }
                skipped.push_back(SkippedKey { their_key: self.their_key, counter: self.next, key, turn });
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
