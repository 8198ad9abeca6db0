use std::collections::VecDeque;

use super::{MOST_SKIPPED, OPEN_CHAINS, Parties, Ratchet, ReceivingChain, SendingChain, SkippedKey};
use crate::codec::{Reader, Writer};
use crate::keys::KeyPair;
use crate::{Refusal, Version};

impl Ratchet {
    /// How many bytes [`Self::write`] writes, or a few more.
    pub(crate) fn capacity(&self) -> usize {
        256 + self.receiving.len() * 72 + self.skipped.len() * 72
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u8(tag(self.version));
        writer.bytes(&self.parties.own);
        writer.bytes(&self.parties.theirs);
        writer.flag(self.parties.began);
        writer.secret(&self.root);
        writer.secret(&self.own.secret);
        writer.array(&self.own.public);
        writer.flag(self.sending.is_some());
        if let Some(chain) = &self.sending {
            writer.secret(&chain.key);
            writer.u32(chain.next);
        }
        writer.u32(self.previous_length);
        writer.u32(self.turns);
        writer.flag(self.says_last_counter);
        writer.length(self.receiving.len());
        for chain in &self.receiving {
            writer.array(&chain.their_key);
            writer.secret(&chain.key);
            writer.u32(chain.next);
            writer.u32(chain.said_length);
        }
        writer.length(self.skipped.len());
        for skipped in &self.skipped {
            writer.array(&skipped.their_key);
            writer.u32(skipped.counter);
            writer.secret(&skipped.key);
            writer.u32(skipped.turn);
        }
    }

    pub(crate) fn read(version: Version, reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        if reader.u8()? != tag(version) {
            return Err(Refusal::DamagedRecord);
        }
        let parties = Parties {
            own: reader.bytes()?.to_vec(),
            theirs: reader.bytes()?.to_vec(),
            began: reader.flag()?,
        };
        let root = reader.secret()?;
        let own = KeyPair { secret: reader.secret()?, public: reader.array()? };
        let sending = if reader.flag()? {
            Some(SendingChain { key: reader.secret()?, next: reader.u32()? })
        } else {
            None
        };
        let previous_length = reader.u32()?;
        let turns = reader.u32()?;
        let says_last_counter = reader.flag()?;
        let receiving = reader.list(OPEN_CHAINS, |reader| {
            Ok(ReceivingChain {
                their_key: reader.array()?,
                key: reader.secret()?,
                next: reader.u32()?,
                said_length: reader.u32()?,
            })
        })?;
        let skipped = VecDeque::from(reader.list(MOST_SKIPPED, |reader| {
            Ok(SkippedKey {
                their_key: reader.array()?,
                counter: reader.u32()?,
                key: reader.secret()?,
                turn: reader.u32()?,
            })
        })?);
        Ok(Self {
            version,
            parties,
            root,
            own,
            sending,
            previous_length,
            turns,
            says_last_counter,
            receiving,
            skipped,
        })
    }
}

/// A record of one version that was put in the place of another is noticed.
fn tag(version: Version) -> u8 {
    match version {
        Version::Legacy => 0,
        Version::Two => 2,
    }
}
