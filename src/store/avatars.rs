use rusqlite::{OptionalExtension, params};

use crate::{Error, Reads, Tx};

/// Pictures larger than this are not kept.
const LARGEST: usize = 1024 * 1024;
/// How many bytes of pictures are kept; the oldest that nobody wears goes first.
const ALL: i64 = 64 * 1024 * 1024;

impl Reads<'_> {
    /// The bytes of a picture, by its SHA-1 in hexadecimal.
    pub fn avatar(self, hash: &str) -> Result<Option<Vec<u8>>, Error> {
        let bytes = self
            .connection
            .prepare_cached("SELECT bytes FROM avatars WHERE hash = ?")?
            .query_row([hash], |row| row.get(0))
            .optional()?;
        Ok(bytes)
    }

    /// Whether a picture is here.
    pub fn has_avatar(self, hash: &str) -> Result<bool, Error> {
        Ok(self.connection.prepare_cached("SELECT 1 FROM avatars WHERE hash = ?")?.exists([hash])?)
    }
}

impl Tx<'_> {
    /// Keeps the bytes of a picture whose hash was checked. False if it is too large or there already.
    pub fn put_avatar(&mut self, hash: &str, bytes: &[u8]) -> Result<bool, Error> {
        if bytes.len() > LARGEST {
            return Ok(false);
        }
        let added = self.execute(
            "INSERT INTO avatars (hash, bytes) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING",
            params![hash, bytes],
        )?;
        if added {
            self.drop_old_avatars()?;
        }
        Ok(added)
    }

    fn drop_old_avatars(&mut self) -> Result<(), Error> {
        // The newest stays whatever happens: it was asked for just now.
        loop {
            let all: i64 = self
                .connection()
                .prepare_cached("SELECT total(length(bytes)) FROM avatars")?
                .query_one([], |row| row.get::<_, f64>(0))
                .map(|sum| sum as i64)?;
            if all <= ALL {
                return Ok(());
            }
            let dropped = self.execute(
                "DELETE FROM avatars WHERE id = (
                   SELECT id FROM avatars
                   WHERE id < (SELECT max(id) FROM avatars)
                   ORDER BY EXISTS (SELECT 1 FROM addresses WHERE avatar = hash)
                         OR EXISTS (SELECT 1 FROM account WHERE avatar = hash), id
                   LIMIT 1)",
                [],
            )?;
            if !dropped {
                return Ok(());
            }
        }
    }
}
