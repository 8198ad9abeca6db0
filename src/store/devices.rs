//! Devices of people, and how far their keys are trusted.
//!
//! A list of devices is a hint of the server's: a device that vanishes from it is written to no more, and nothing else.
//! What was decided about its key stays.

use model::{
    BareJid, Device, EncryptionSettings, Fingerprint, MessageId, MessageKey, OmemoVersion, Timestamp, Trust,
    Wait,
};
use rusqlite::{OptionalExtension, Row, params};

use crate::rows::{bare_jid, from_trust, from_wait, trust};
use crate::{Error, Reads, Tx};

/// A device as a list names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDevice {
    /// Its number.
    pub id: u32,
    /// What its owner calls it.
    pub label: Option<String>,
    /// The signature of the label.
    pub label_signature: Option<Vec<u8>>,
}

/// A label whose signature was not checked yet, with the key to check it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UncheckedLabel {
    /// The device.
    pub device: u32,
    /// The label.
    pub label: String,
    /// Its signature.
    pub signature: Vec<u8>,
    /// The device's key as version 2 writes it.
    pub key: [u8; 32],
}

/// Devices kept of one person. Who has more is up to something; the oldest that are on no list go.
const MOST_DEVICES: i64 = 512;

const DEVICE: &str = "
  SELECT a.address, d.device, d.identity_key, d.shown_key, d.trust, iif(d.label_is_believed, d.label, NULL), d.listed, d.first_seen, d.last_seen,
         d.device = ifnull((SELECT device FROM omemo_own), 0)
           AND a.address = ifnull((SELECT address FROM account), '')
  FROM omemo_devices d JOIN addresses a ON a.id = d.address";

fn fingerprint(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Fingerprint>> {
    let key: Option<Vec<u8>> = row.get(column)?;
    Ok(key.and_then(|key| key.try_into().ok()).map(Fingerprint))
}

fn device(row: &Row<'_>) -> rusqlite::Result<Device> {
    let listed: i64 = row.get(6)?;
    let versions = [OmemoVersion::Two, OmemoVersion::Legacy];
    let is_this: bool = row.get(9)?;
    Ok(Device {
        owner: bare_jid(row, 0)?,
        id: row.get(1)?,
        is_this,
        fingerprint: fingerprint(row, 2)?,
        shown: fingerprint(row, 3)?,
        trust: if is_this { Trust::Verified } else { trust(row.get(4)?) },
        label: row.get(5)?,
        versions: versions.into_iter().filter(|version| listed & bit(*version) != 0).collect(),
        first_seen: Timestamp(row.get(7)?),
        last_seen: row.get::<_, Option<i64>>(8)?.map(Timestamp),
    })
}

fn bit(version: OmemoVersion) -> i64 {
    match version {
        OmemoVersion::Legacy => 1,
        OmemoVersion::Two => 2,
    }
}

impl Reads<'_> {
    /// All devices of somebody that were ever met, in the order in which they were.
    pub fn devices(self, owner: &BareJid) -> Result<Vec<Device>, Error> {
        let mut statement =
            self.connection.prepare_cached(&format!("{DEVICE} WHERE a.address = ? ORDER BY d.id"))?;
        let rows = statement.query_map([owner.as_str()], device)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One device.
    pub fn device(self, owner: &BareJid, id: u32) -> Result<Option<Device>, Error> {
        let sql = format!("{DEVICE} WHERE a.address = ?1 AND d.device = ?2");
        Ok(self.connection.prepare_cached(&sql)?.query_row(params![owner.as_str(), id], device).optional()?)
    }

    /// Everybody who has a verified device.
    pub fn people_with_verified_devices(self) -> Result<Vec<BareJid>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT a.address FROM omemo_devices d JOIN addresses a ON a.id = d.address
             WHERE d.trust = ? ORDER BY a.address",
        )?;
        let rows = statement.query_map([from_trust(Trust::Verified)], |row| bare_jid(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A device's key as version 2 writes it, if it is known.
    pub fn ed25519_key(self, owner: &BareJid, id: u32) -> Result<Option<[u8; 32]>, Error> {
        let key: Option<Option<Vec<u8>>> = self
            .connection
            .prepare_cached(
                "SELECT d.ed25519_key FROM omemo_devices d JOIN addresses a ON a.id = d.address
                 WHERE a.address = ?1 AND d.device = ?2",
            )?
            .query_row(params![owner.as_str(), id], |row| row.get(0))
            .optional()?;
        Ok(key.flatten().and_then(|key| key.try_into().ok()))
    }

    /// Labels of somebody's devices that can be checked now.
    pub fn unchecked_labels(self, owner: &BareJid) -> Result<Vec<UncheckedLabel>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT d.device, d.label, d.label_signature, d.ed25519_key
             FROM omemo_devices d JOIN addresses a ON a.id = d.address
             WHERE a.address = ? AND d.label_is_believed = 0 AND d.label IS NOT NULL
               AND d.label_signature IS NOT NULL AND d.ed25519_key IS NOT NULL",
        )?;
        let rows = statement.query_map([owner.as_str()], |row| {
            Ok(UncheckedLabel {
                device: row.get(0)?,
                label: row.get(1)?,
                signature: row.get(2)?,
                key: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// With which key a message was written, and how far that was trusted then.
    pub fn message_key(self, message: MessageId) -> Result<Option<MessageKey>, Error> {
        let found: Option<(String, u32, i64)> = self
            .connection
            .prepare_cached(
                "SELECT a.address, d.device, ifnull(m.sender_trust, 0)
                 FROM messages m JOIN omemo_devices d ON d.id = m.sender_device
                 JOIN addresses a ON a.id = d.address WHERE m.id = ?",
            )?
            .query_row([message.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((owner, id, then)) = found else { return Ok(None) };
        let owner = BareJid::new(&owner).map_err(|error| Error::damaged(error.to_string()))?;
        let device = self.device(&owner, id)?;
        Ok(device.map(|device| MessageKey { device, trust_then: trust(then) }))
    }

    /// What the user wants of encryption in general.
    pub fn encryption_settings(self) -> Result<EncryptionSettings, Error> {
        let settings = self
            .connection
            .prepare_cached("SELECT blind_trust, verified_only, reactions_in_clear FROM account")?
            .query_row([], |row| {
                Ok(EncryptionSettings {
                    blind_trust: row.get(0)?,
                    verified_only: row.get(1)?,
                    reactions_in_clear: row.get(2)?,
                })
            })
            .optional()?;
        let first = EncryptionSettings { blind_trust: true, verified_only: false, reactions_in_clear: false };
        Ok(settings.unwrap_or(first))
    }

    /// What the user calls this device.
    pub fn device_label(self) -> Result<Option<String>, Error> {
        let label = self
            .connection
            .prepare_cached("SELECT device_label FROM account")?
            .query_row([], |row| row.get(0))
            .optional()?;
        Ok(label.flatten())
    }
}

impl Tx<'_> {
    /// Keeps the list of somebody's devices in one version. True if anything changed.
    pub fn list_devices(
        &mut self,
        owner: &BareJid,
        version: OmemoVersion,
        devices: &[NewDevice],
        now: Timestamp,
    ) -> Result<bool, Error> {
        let address = self.ensure_address(owner)?;
        let mut changed = false;
        for device in self.reads().devices(owner)? {
            if !devices.iter().any(|new| new.id == device.id) && device.versions.contains(&version) {
                changed |= self.execute(
                    "UPDATE omemo_devices SET listed = listed & ~?3 WHERE address = ?1 AND device = ?2",
                    params![address.0, device.id, bit(version)],
                )?;
            }
        }
        for NewDevice { id, label, label_signature } in devices {
            changed |= self.ensure_device(owner, *id, now)?;
            changed |= self.execute(
                "UPDATE omemo_devices SET listed = listed | ?3
                 WHERE address = ?1 AND device = ?2 AND listed & ?3 = 0",
                params![address.0, id, bit(version)],
            )?;
            // Only version 2 has labels, so only its lists take one away.
            if version == OmemoVersion::Two {
                changed |= self.execute(
                    "UPDATE omemo_devices SET label = ?3, label_signature = ?4, label_is_believed = 0
                     WHERE address = ?1 AND device = ?2 AND (label, label_signature) IS NOT (?3, ?4)",
                    params![address.0, id, label, label_signature],
                )?;
            }
        }
        // What nobody wrote to or heard of leaves no trace.
        self.execute(
            "DELETE FROM omemo_devices WHERE address = ?1 AND listed = 0 AND identity_key IS NULL",
            [address.0],
        )?;
        Ok(changed)
    }

    pub(crate) fn ensure_device(&mut self, owner: &BareJid, id: u32, now: Timestamp) -> Result<bool, Error> {
        let address = self.ensure_address(owner)?;
        let added = self.execute(
            "INSERT INTO omemo_devices (address, device, first_seen) VALUES (?1, ?2, ?3)
             ON CONFLICT (address, device) DO NOTHING",
            params![address.0, id, now.0],
        )?;
        if added {
            self.execute(
                "DELETE FROM omemo_devices WHERE id IN (
                   SELECT id FROM omemo_devices
                   WHERE address = ?1 AND trust NOT IN (2, 3, 4) AND listed = 0 AND device <> ?3
                   ORDER BY id DESC LIMIT -1 OFFSET ?2)",
                params![address.0, MOST_DEVICES, id],
            )?;
        }
        Ok(added)
    }

    /// The label of a device was checked; one that is not its own is forgotten.
    pub fn set_label_checked(&mut self, owner: &BareJid, id: u32, is_its_own: bool) -> Result<(), Error> {
        let address = self.ensure_address(owner)?;
        self.execute(
            "UPDATE omemo_devices SET label_is_believed = ?3, label = iif(?3, label, NULL)
             WHERE address = ?1 AND device = ?2",
            params![address.0, id, is_its_own],
        )?;
        Ok(())
    }

    /// A message of a device was read.
    pub fn note_device(&mut self, owner: &BareJid, id: u32, now: Timestamp) -> Result<(), Error> {
        let address = self.ensure_address(owner)?;
        self.execute(
            "UPDATE omemo_devices SET last_seen = ?3, first_seen = iif(first_seen = 0, ?3, first_seen)
             WHERE address = ?1 AND device = ?2",
            params![address.0, id, now.0],
        )?;
        Ok(())
    }

    /// How far a device's key is trusted from now on.
    pub fn set_trust(&mut self, owner: &BareJid, id: u32, trust: Trust) -> Result<bool, Error> {
        let address = self.ensure_address(owner)?;
        self.execute(
            "UPDATE omemo_devices SET trust = ?3 WHERE address = ?1 AND device = ?2 AND trust <> ?3",
            params![address.0, id, from_trust(trust)],
        )
    }

    /// A device shows another key than it is known by.
    pub fn set_shown_key(&mut self, owner: &BareJid, id: u32, key: Option<[u8; 32]>) -> Result<bool, Error> {
        let address = self.ensure_address(owner)?;
        self.execute(
            "UPDATE omemo_devices SET shown_key = ?3
             WHERE address = ?1 AND device = ?2 AND shown_key IS NOT ?3",
            params![address.0, id, key],
        )
    }

    /// A device's key as version 2 writes it.
    pub fn set_ed25519_key(&mut self, owner: &BareJid, id: u32, key: [u8; 32]) -> Result<bool, Error> {
        let address = self.ensure_address(owner)?;
        self.execute(
            "UPDATE omemo_devices SET ed25519_key = ?3
             WHERE address = ?1 AND device = ?2 AND ed25519_key IS NOT ?3",
            params![address.0, id, key],
        )
    }

    /// Keeps with which device's key a message was written, and how far that is trusted.
    pub fn set_message_key(
        &mut self,
        message: MessageId,
        owner: &BareJid,
        id: u32,
        trust: Trust,
    ) -> Result<(), Error> {
        let address = self.ensure_address(owner)?;
        self.execute(
            "UPDATE messages SET sender_trust = ?4, sender_device =
               (SELECT id FROM omemo_devices WHERE address = ?2 AND device = ?3)
             WHERE id = ?1",
            params![message.0, address.0, id, from_trust(trust)],
        )?;
        Ok(())
    }

    /// Why an own message cannot be encrypted yet, or that it could.
    pub fn set_waits(&mut self, message: MessageId, wait: Option<Wait>) -> Result<bool, Error> {
        self.execute(
            "UPDATE messages SET waits = ?2 WHERE id = ?1 AND waits <> ?2",
            params![message.0, from_wait(wait)],
        )
    }

    /// Keeps what the user wants of encryption in general.
    pub fn set_encryption_settings(&mut self, settings: EncryptionSettings) -> Result<bool, Error> {
        self.execute(
            "UPDATE account SET blind_trust = ?1, verified_only = ?2, reactions_in_clear = ?3
             WHERE (blind_trust, verified_only, reactions_in_clear) IS NOT (?1, ?2, ?3)",
            [settings.blind_trust, settings.verified_only, settings.reactions_in_clear],
        )
    }

    /// Keeps what the user calls this device.
    pub fn set_device_label(&mut self, label: Option<&str>) -> Result<bool, Error> {
        self.execute("UPDATE account SET device_label = ?1 WHERE device_label IS NOT ?1", [label])
    }
}

#[cfg(test)]
mod tests;
