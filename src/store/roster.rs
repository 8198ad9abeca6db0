use model::{BareJid, Contact, Subscription};
use rusqlite::{OptionalExtension, Row, params};

use crate::addresses::name_contact;
use crate::rows::{address_warning, bare_jid, from_subscription, subscription};
use crate::{Error, Reads, Tx};

/// Someone on the roster, as the server tells it (RFC 6121 §2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterItem {
    /// Who.
    pub address: BareJid,
    /// The name the user gave.
    pub name: Option<String>,
    /// Their groups.
    pub groups: Vec<String>,
    /// Who sees whose presence.
    pub subscription: Subscription,
    /// Whether we asked to see theirs and wait.
    pub asked: bool,
    /// Whether their request was approved in advance.
    pub approved: bool,
}

/// Everyone worth showing as a contact: on the roster, asking, or spoken with.
const CONTACTS: &str = "
  SELECT a.address, a.nickname, a.avatar, r.name, r.subscription, r.listed, r.asks, r.asked,
         EXISTS (SELECT 1 FROM blocked WHERE blocked.address IN
                   (a.address, substr(a.address, instr(a.address, '@') + 1))),
         (SELECT group_concat(name, char(10)) FROM roster_groups WHERE roster_groups.address = a.id),
         iif(r.listed, NULL, a.warning)
  FROM addresses a LEFT JOIN roster r ON r.address = a.id";

fn contact(row: &Row<'_>) -> rusqlite::Result<Contact> {
    let groups: Option<String> = row.get(9)?;
    let contact = Contact {
        address: bare_jid(row, 0)?,
        name: String::new(),
        given_name: row.get(3)?,
        groups: groups.map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default(),
        subscription: subscription(row.get::<_, Option<i64>>(4)?.unwrap_or_default()),
        in_roster: row.get::<_, Option<bool>>(5)?.unwrap_or_default(),
        asks_subscription: row.get::<_, Option<bool>>(6)?.unwrap_or_default(),
        asked_subscription: row.get::<_, Option<bool>>(7)?.unwrap_or_default(),
        blocked: row.get(8)?,
        avatar: row.get(2)?,
        warning: address_warning(row, 10)?,
    };
    Ok(name_contact(contact, row.get(1)?))
}

impl Reads<'_> {
    /// The version of the roster that is here (RFC 6121 §2.6).
    pub fn roster_version(self) -> Result<Option<String>, Error> {
        Ok(self
            .connection
            .prepare_cached("SELECT version FROM roster_version")?
            .query_one([], |row| row.get(0))?)
    }

    /// Everyone on the roster, everyone who asks to be, and everyone spoken with.
    pub fn contacts(self) -> Result<Vec<Contact>, Error> {
        let sql = format!(
            "{CONTACTS} WHERE r.address IS NOT NULL OR a.id IN
               (SELECT address FROM conversations WHERE deleting = 0 AND kind = 0)"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([], contact)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One of them, or anyone else whose address was met.
    pub fn contact(self, address: &BareJid) -> Result<Option<Contact>, Error> {
        let sql = format!("{CONTACTS} WHERE a.address = ?");
        Ok(self.connection.prepare_cached(&sql)?.query_row([address.as_str()], contact).optional()?)
    }
}

impl Tx<'_> {
    /// Takes the server's whole roster. Requests that wait for an answer stay.
    pub fn replace_roster(&mut self, version: Option<&str>, items: &[RosterItem]) -> Result<(), Error> {
        self.execute("DELETE FROM roster WHERE listed = 1 AND asks = 0", [])?;
        self.execute(
            "UPDATE roster SET listed = 0, name = NULL, subscription = 0, asked = 0, approved = 0",
            [],
        )?;
        self.execute("DELETE FROM roster_groups", [])?;
        for item in items {
            self.put_roster_item(item)?;
        }
        self.set_roster_version(version)
    }

    /// Keeps the version of the roster.
    pub fn set_roster_version(&mut self, version: Option<&str>) -> Result<(), Error> {
        self.execute("UPDATE roster_version SET version = ?1 WHERE version IS NOT ?1", [version])?;
        Ok(())
    }

    /// Adds or changes one contact.
    pub fn put_roster_item(&mut self, item: &RosterItem) -> Result<(), Error> {
        let id = self.ensure_address(&item.address)?.0;
        self.execute(
            "INSERT INTO roster (address, listed, name, subscription, asked, approved)
             VALUES (?1, 1, ?2, ?3, ?4, ?5)
             ON CONFLICT (address) DO UPDATE SET
               listed = 1, name = ?2, subscription = ?3, asked = ?4, approved = ?5",
            params![id, item.name, from_subscription(item.subscription), item.asked, item.approved],
        )?;
        self.execute("DELETE FROM roster_groups WHERE address = ?", [id])?;
        for group in &item.groups {
            self.execute(
                "INSERT INTO roster_groups (address, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![id, group],
            )?;
        }
        Ok(())
    }

    /// Takes someone off the roster. Their nickname, picture and messages stay.
    pub fn remove_roster_item(&mut self, address: &BareJid) -> Result<bool, Error> {
        let Some(id) = self.reads().address_id(address)? else { return Ok(false) };
        self.execute("DELETE FROM roster WHERE address = ?", [id.0])
    }

    /// Keeps whether someone waits for an answer to their request to see our presence.
    pub fn set_asks_subscription(&mut self, address: &BareJid, asks: bool) -> Result<bool, Error> {
        let id = self.ensure_address(address)?.0;
        if asks {
            return self.execute(
                "INSERT INTO roster (address, listed, asks) VALUES (?1, 0, 1)
                 ON CONFLICT (address) DO UPDATE SET asks = 1 WHERE asks = 0",
                [id],
            );
        }
        let changed = self.execute("UPDATE roster SET asks = 0 WHERE address = ? AND asks = 1", [id])?;
        self.execute("DELETE FROM roster WHERE address = ? AND listed = 0 AND asks = 0", [id])?;
        Ok(changed)
    }
}

#[cfg(test)]
mod tests;
