use model::{BareJid, Jid};
use rusqlite::OptionalExtension;

use crate::rows::damaged_text;
use crate::{Error, Reads, Tx};

impl Reads<'_> {
    /// Everything on the blocklist (XEP-0191): bare and full addresses, and whole domains.
    pub fn blocklist(self) -> Result<Vec<Jid>, Error> {
        let mut statement = self.connection.prepare_cached("SELECT address FROM blocked ORDER BY address")?;
        let rows = statement.query_map([], |row| {
            let text: String = row.get(0)?;
            Jid::new(&text).map_err(|error| damaged_text(0, error))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether someone is blocked, themselves or with their whole domain.
    pub fn is_blocked(self, address: &BareJid) -> Result<bool, Error> {
        let found: Option<i64> = self
            .connection
            .prepare_cached("SELECT 1 FROM blocked WHERE address IN (?1, ?2) LIMIT 1")?
            .query_row([address.as_str(), address.domain().as_str()], |row| row.get(0))
            .optional()?;
        Ok(found.is_some())
    }
}

impl Tx<'_> {
    /// Blocks or unblocks one address. True if that changed something.
    pub fn set_blocked(&mut self, address: &Jid, blocked: bool) -> Result<bool, Error> {
        if blocked {
            self.execute(
                "INSERT INTO blocked (address) VALUES (?) ON CONFLICT DO NOTHING",
                [address.as_str()],
            )
        } else {
            self.execute("DELETE FROM blocked WHERE address = ?", [address.as_str()])
        }
    }

    /// Takes the server's whole list. True if it differed from what was here.
    pub fn replace_blocklist(&mut self, addresses: &[Jid]) -> Result<bool, Error> {
        let mut changed = false;
        for old in self.reads().blocklist()? {
            if !addresses.contains(&old) {
                changed |= self.set_blocked(&old, false)?;
            }
        }
        for address in addresses {
            changed |= self.set_blocked(address, true)?;
        }
        Ok(changed)
    }
}
