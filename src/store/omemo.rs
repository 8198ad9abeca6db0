//! What the crate `omemo` keeps: its records, in the transaction of the input they belong to.
//!
//! A record is opaque here and holds secrets; the database is encrypted. Because the ratchet writes through [`Tx`], its
//! step and the message it opened, or sealed, reach the disk together or not at all.

use model::{BareJid, MessageId, Timestamp};
use omemo::{IdentityKey, OmemoStore, Peer, Version};
use rusqlite::{OptionalExtension, params};

use crate::addresses::AddressId;
use crate::{Error, Reads, Tx};

fn number(version: Version) -> i64 {
    match version {
        Version::Legacy => 1,
        Version::Two => 2,
    }
}

fn address(peer: Peer<'_>) -> Result<BareJid, Error> {
    BareJid::new(peer.address).map_err(|error| Error::damaged(format!("not an address: {error}")))
}

impl Reads<'_> {
    /// The number of the own device, if there is one.
    pub fn own_device_number(self) -> Result<Option<u32>, Error> {
        let device = self
            .connection
            .prepare_cached("SELECT device FROM omemo_own")?
            .query_row([], |row| row.get(0))
            .optional()?;
        Ok(device)
    }

    /// Whether a sealed key was opened or sent before, and the message it became.
    pub fn seen_sealed(self, mark: i64) -> Result<Option<Option<MessageId>>, Error> {
        let seen = self
            .connection
            .prepare_cached("SELECT message FROM omemo_seen WHERE mark = ?")?
            .query_row([mark], |row| row.get::<_, Option<i64>>(0))
            .optional()?;
        Ok(seen.map(|message| message.map(MessageId)))
    }
}

impl Tx<'_> {
    /// Keeps that a sealed key was opened or sent, and the message it became.
    pub fn note_sealed(&mut self, mark: i64, message: Option<MessageId>) -> Result<(), Error> {
        self.execute(
            "INSERT INTO omemo_seen (mark, message) VALUES (?1, ?2)
             ON CONFLICT (mark) DO UPDATE SET message = ifnull(?2, message)",
            params![mark, message.map(|message| message.0)],
        )?;
        Ok(())
    }

    /// The number of the own device, and where the database stands while it is that device's.
    pub fn set_own_device_number(&mut self, device: u32) -> Result<(), Error> {
        let place = self.place();
        self.execute("UPDATE omemo_own SET device = ?1, place = ?2 WHERE id = 1", params![device, place])?;
        Ok(())
    }

    /// Whether the database stands where it stood when the own device was made. Elsewhere it is a copy, or was
    /// restored from one, and its original may have gone on.
    pub fn is_in_its_place(&self) -> Result<bool, Error> {
        let place: Option<Option<String>> = self
            .connection()
            .prepare_cached("SELECT place FROM omemo_own")?
            .query_row([], |row| row.get(0))
            .optional()?;
        Ok(place.is_none_or(|place| place == self.place()))
    }

    fn peer_row(&self, peer: Peer<'_>) -> Result<Option<AddressId>, Error> {
        self.reads().address_id(&address(peer)?)
    }
}

impl OmemoStore for Tx<'_> {
    type Error = Error;

    fn own_device(&self) -> Result<Option<Vec<u8>>, Error> {
        let record = self
            .connection()
            .prepare_cached("SELECT record FROM omemo_own")?
            .query_row([], |row| row.get(0))
            .optional()?;
        Ok(record)
    }

    fn save_own_device(&mut self, record: &[u8]) -> Result<(), Error> {
        self.execute(
            "INSERT INTO omemo_own (id, device, record) VALUES (1, 0, ?1)
             ON CONFLICT (id) DO UPDATE SET record = ?1",
            [record],
        )?;
        Ok(())
    }

    fn identity(&self, peer: Peer<'_>) -> Result<Option<IdentityKey>, Error> {
        let Some(address) = self.peer_row(peer)? else { return Ok(None) };
        let key: Option<Option<Vec<u8>>> = self
            .connection()
            .prepare_cached("SELECT identity_key FROM omemo_devices WHERE address = ?1 AND device = ?2")?
            .query_row(params![address.0, peer.device.get()], |row| row.get(0))
            .optional()?;
        match key.flatten() {
            None => Ok(None),
            Some(key) => {
                IdentityKey::from_bytes(&key).map(Some).map_err(|error| Error::damaged(error.to_string()))
            }
        }
    }

    fn save_identity(&mut self, peer: Peer<'_>, identity: &IdentityKey) -> Result<(), Error> {
        let owner = address(peer)?;
        self.ensure_device(&owner, peer.device.get(), Timestamp(0))?;
        let row = self.ensure_address(&owner)?;
        self.execute(
            "UPDATE omemo_devices
             SET identity_key = ?3, shown_key = NULL,
                 ed25519_key = iif(identity_key IS ?3, ed25519_key, NULL)
             WHERE address = ?1 AND device = ?2",
            params![row.0, peer.device.get(), identity.to_bytes()],
        )?;
        Ok(())
    }

    fn sessions(&self, peer: Peer<'_>, version: Version) -> Result<Option<Vec<u8>>, Error> {
        let Some(address) = self.peer_row(peer)? else { return Ok(None) };
        let record = self
            .connection()
            .prepare_cached(
                "SELECT record FROM omemo_sessions WHERE address = ?1 AND device = ?2 AND version = ?3",
            )?
            .query_row(params![address.0, peer.device.get(), number(version)], |row| row.get(0))
            .optional()?;
        Ok(record)
    }

    fn save_sessions(&mut self, peer: Peer<'_>, version: Version, record: &[u8]) -> Result<(), Error> {
        let row = self.ensure_address(&address(peer)?)?;
        self.execute(
            "INSERT INTO omemo_sessions (address, device, version, record) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (address, device, version) DO UPDATE SET record = ?4",
            params![row.0, peer.device.get(), number(version), record],
        )?;
        Ok(())
    }

    fn remove_sessions(&mut self, peer: Peer<'_>, version: Version) -> Result<(), Error> {
        if let Some(row) = self.peer_row(peer)? {
            self.execute(
                "DELETE FROM omemo_sessions WHERE address = ?1 AND device = ?2 AND version = ?3",
                params![row.0, peer.device.get(), number(version)],
            )?;
        }
        Ok(())
    }

    fn remove_all_sessions(&mut self) -> Result<(), Error> {
        self.execute("DELETE FROM omemo_sessions", [])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
