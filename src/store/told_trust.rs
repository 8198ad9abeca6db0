//! What devices said of keys (XEP-0450), until it counts.
//!
//! A device that is not verified yet may say what it likes: it counts from the moment the user verifies it. And a key may
//! be spoken of before it is met. Both wait here, a few hundred for each device that tells.

use model::BareJid;
use rusqlite::params;

use crate::rows::bare_jid;
use crate::{Error, Reads, Tx};

/// What is kept of one device.
const MOST: i64 = 512;

/// What was said of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldTrust {
    /// Who said it: the owner of the device that did.
    pub teller: BareJid,
    /// Their device.
    pub teller_device: u32,
    /// Whose key.
    pub owner: BareJid,
    /// The key, as 32 bytes of Curve25519.
    pub key: [u8; 32],
    /// Whether it is trusted.
    pub trusted: bool,
}

impl Reads<'_> {
    /// What was said of the keys of somebody, and what was said by somebody's devices, in the order it was.
    pub fn told_trust(self, about_or_by: &BareJid) -> Result<Vec<ToldTrust>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT ta.address, d.device, oa.address, t.key, t.trusted
             FROM omemo_told_trust t JOIN omemo_devices d ON d.id = t.teller
             JOIN addresses ta ON ta.id = d.address JOIN addresses oa ON oa.id = t.address
             WHERE ?1 IN (ta.address, oa.address) ORDER BY t.id",
        )?;
        let rows = statement.query_map([about_or_by.as_str()], |row| {
            Ok(ToldTrust {
                teller: bare_jid(row, 0)?,
                teller_device: row.get(1)?,
                owner: bare_jid(row, 2)?,
                key: row.get(3)?,
                trusted: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Tx<'_> {
    /// Keeps what a device said of a key; what it said of it before is void.
    pub fn put_told_trust(&mut self, told: &ToldTrust) -> Result<(), Error> {
        let teller = self.ensure_address(&told.teller)?;
        let owner = self.ensure_address(&told.owner)?;
        self.execute(
            "INSERT INTO omemo_told_trust (teller, address, key, trusted)
             SELECT id, ?3, ?4, ?5 FROM omemo_devices WHERE address = ?1 AND device = ?2
             ON CONFLICT (teller, address, key) DO UPDATE SET trusted = ?5",
            params![teller.0, told.teller_device, owner.0, told.key, told.trusted],
        )?;
        self.execute(
            "DELETE FROM omemo_told_trust WHERE id IN (
               SELECT t.id FROM omemo_told_trust t JOIN omemo_devices d ON d.id = t.teller
               WHERE d.address = ?1 AND d.device = ?2 ORDER BY t.id DESC LIMIT -1 OFFSET ?3)",
            params![teller.0, told.teller_device, MOST],
        )?;
        Ok(())
    }

    /// It was heeded.
    pub fn remove_told_trust(&mut self, told: &ToldTrust) -> Result<(), Error> {
        let teller = self.ensure_address(&told.teller)?;
        let owner = self.ensure_address(&told.owner)?;
        self.execute(
            "DELETE FROM omemo_told_trust WHERE address = ?3 AND key = ?4 AND teller =
               (SELECT id FROM omemo_devices WHERE address = ?1 AND device = ?2)",
            params![teller.0, told.teller_device, owner.0, told.key],
        )?;
        Ok(())
    }
}
