use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use model::{AccountSettings, Availability, ServerAddress};
use rusqlite::{OptionalExtension, params};

use crate::rows::bare_jid;
use crate::{Error, Reads, Tx};

/// The account itself: what the person chose, and what others call them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountProfile {
    /// The person's choices.
    pub settings: AccountSettings,
    /// The own nickname (XEP-0172).
    pub nickname: Option<String>,
    /// SHA-1 of the own picture, in hexadecimal.
    pub avatar: Option<String>,
    /// Whether to send receipts and markers.
    pub send_receipts: bool,
    /// Whether to tell that the user writes.
    pub send_typing: bool,
    /// What others see of the user.
    pub availability: Availability,
}

impl Reads<'_> {
    /// The account; `None` in a database whose settings were not written yet.
    pub fn account(self) -> Result<Option<AccountProfile>, Error> {
        let availability = self.own_presence()?.availability;
        let profile = self
            .connection
            .prepare_cached(
                "SELECT address, server_host, server_port, extra_authorities, allow_plain, enabled,
                        nickname, avatar, send_receipts, send_typing
                 FROM account",
            )?
            .query_row([], |row| {
                let host: Option<String> = row.get(1)?;
                let port: Option<u16> = row.get(2)?;
                let authorities: Option<Vec<u8>> = row.get(3)?;
                Ok(AccountProfile {
                    settings: AccountSettings {
                        address: bare_jid(row, 0)?,
                        server: host.map(|host| ServerAddress { host, port }),
                        extra_authorities: authorities.map(|path| OsStr::from_bytes(&path).into()),
                        allow_plain: row.get(4)?,
                        enabled: row.get(5)?,
                    },
                    nickname: row.get(6)?,
                    avatar: row.get(7)?,
                    send_receipts: row.get(8)?,
                    send_typing: row.get(9)?,
                    availability,
                })
            })
            .optional()?;
        Ok(profile)
    }

    /// A small fact that was kept with [`Tx::set_fact`].
    pub fn fact(self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let value = self
            .connection
            .prepare_cached("SELECT value FROM facts WHERE name = ?")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        Ok(value)
    }
}

impl Tx<'_> {
    /// Keeps the person's choices.
    pub fn set_settings(&mut self, settings: &AccountSettings) -> Result<(), Error> {
        let server = settings.server.as_ref();
        self.execute(
            "INSERT INTO account
               (id, address, server_host, server_port, extra_authorities, allow_plain, enabled)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id) DO UPDATE SET
               address = ?1, server_host = ?2, server_port = ?3, extra_authorities = ?4,
               allow_plain = ?5, enabled = ?6",
            params![
                settings.address.as_str(),
                server.map(|server| &server.host),
                server.and_then(|server| server.port),
                settings.extra_authorities.as_ref().map(|path| path.as_os_str().as_bytes()),
                settings.allow_plain,
                settings.enabled,
            ],
        )?;
        Ok(())
    }

    /// Keeps whether the account should be online.
    pub fn set_enabled(&mut self, enabled: bool) -> Result<bool, Error> {
        self.execute("UPDATE account SET enabled = ?1 WHERE enabled IS NOT ?1", [enabled])
    }

    /// Keeps the own nickname. True if it changed.
    pub fn set_own_nickname(&mut self, nickname: Option<&str>) -> Result<bool, Error> {
        self.execute("UPDATE account SET nickname = ?1 WHERE nickname IS NOT ?1", [nickname])
    }

    /// Keeps which picture is the own. True if it changed.
    pub fn set_own_avatar(&mut self, hash: Option<&str>) -> Result<bool, Error> {
        self.execute("UPDATE account SET avatar = ?1 WHERE avatar IS NOT ?1", [hash])
    }

    /// Keeps what others may be told. True if it changed.
    pub fn set_privacy(&mut self, receipts: bool, typing: bool) -> Result<bool, Error> {
        self.execute(
            "UPDATE account SET send_receipts = ?1, send_typing = ?2
             WHERE send_receipts IS NOT ?1 OR send_typing IS NOT ?2",
            [receipts, typing],
        )
    }

    /// Keeps a small fact, or forgets it: the id of this installation, say.
    pub fn set_fact(&mut self, name: &str, value: Option<&[u8]>) -> Result<bool, Error> {
        match value {
            None => self.execute("DELETE FROM facts WHERE name = ?", [name]),
            Some(value) => self.execute(
                "INSERT INTO facts (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = ?2 WHERE value IS NOT ?2",
                params![name, value],
            ),
        }
    }
}

#[cfg(test)]
mod tests;
