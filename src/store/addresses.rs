use model::{AddressWarning, BareJid, Contact};
use rusqlite::{OptionalExtension, params};

use crate::{Error, Reads, Tx};

/// The row of an address. It never leaves this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AddressId(pub(crate) i64);

impl Reads<'_> {
    pub(crate) fn address_id(self, address: &BareJid) -> Result<Option<AddressId>, Error> {
        let id = self
            .connection
            .prepare_cached("SELECT id FROM addresses WHERE address = ?")?
            .query_row([address.as_str()], |row| row.get(0).map(AddressId))
            .optional()?;
        Ok(id)
    }

    /// What someone calls themselves (XEP-0172).
    pub fn nickname(self, address: &BareJid) -> Result<Option<String>, Error> {
        let name = self
            .connection
            .prepare_cached("SELECT nickname FROM addresses WHERE address = ?")?
            .query_row([address.as_str()], |row| row.get(0))
            .optional()?;
        Ok(name.flatten())
    }

    /// SHA-1 of someone's picture, in hexadecimal.
    pub fn avatar_hash(self, address: &BareJid) -> Result<Option<String>, Error> {
        let hash = self
            .connection
            .prepare_cached("SELECT avatar FROM addresses WHERE address = ?")?
            .query_row([address.as_str()], |row| row.get(0))
            .optional()?;
        Ok(hash.flatten())
    }
}

impl Tx<'_> {
    /// The row of an address, made if there is none.
    pub(crate) fn ensure_address(&mut self, address: &BareJid) -> Result<AddressId, Error> {
        if let Some(id) = self.reads().address_id(address)? {
            return Ok(id);
        }
        self.execute("INSERT INTO addresses (address) VALUES (?)", [address.as_str()])?;
        Ok(AddressId(self.last_id()))
    }

    /// Keeps what someone calls themselves. True if it changed.
    pub fn set_nickname(&mut self, address: &BareJid, nickname: Option<&str>) -> Result<bool, Error> {
        let id = self.ensure_address(address)?;
        self.execute(
            "UPDATE addresses SET nickname = ?2 WHERE id = ?1 AND nickname IS NOT ?2",
            params![id.0, nickname],
        )
    }

    /// Keeps why an address should be looked at twice. True if it changed.
    pub fn set_address_warning(
        &mut self,
        address: &BareJid,
        warning: Option<&AddressWarning>,
    ) -> Result<bool, Error> {
        let id = self.ensure_address(address)?;
        let text = warning.map(|warning| match warning {
            AddressWarning::LooksLike(contact) => contact.as_str(),
            AddressWarning::MixedScripts => "",
        });
        self.execute(
            "UPDATE addresses SET warning = ?2 WHERE id = ?1 AND warning IS NOT ?2",
            params![id.0, text],
        )
    }

    /// Keeps which picture is someone's. True if it changed. The bytes go to [`Tx::put_avatar`].
    pub fn set_avatar(&mut self, address: &BareJid, hash: Option<&str>) -> Result<bool, Error> {
        let id = self.ensure_address(address)?;
        self.execute(
            "UPDATE addresses SET avatar = ?2 WHERE id = ?1 AND avatar IS NOT ?2",
            params![id.0, hash],
        )
    }
}

/// What to call someone: the name the user gave, else their own, else the address.
pub(crate) fn display_name(given: Option<String>, own: Option<String>, address: &BareJid) -> String {
    let filled = |name: &String| !name.trim().is_empty();
    given.filter(filled).or_else(|| own.filter(filled)).unwrap_or_else(|| address.to_string())
}

/// [`display_name`] of a contact that was put together elsewhere.
pub(crate) fn name_contact(mut contact: Contact, nickname: Option<String>) -> Contact {
    contact.name = display_name(contact.given_name.clone(), nickname, &contact.address);
    contact
}
