use rusqlite::{OptionalExtension, params};

use crate::{Error, Reads, Tx};

/// How many hashes are kept; the oldest goes first and is asked for again when it is met.
const MOST: i64 = 1000;

impl Reads<'_> {
    /// The features that a caps hash was verified to stand for (XEP-0115).
    pub fn caps(self, hash: &str) -> Result<Option<Vec<String>>, Error> {
        let features: Option<String> = self
            .connection
            .prepare_cached("SELECT features FROM caps WHERE hash = ?")?
            .query_row([hash], |row| row.get(0))
            .optional()?;
        Ok(features.map(|text| text.lines().map(str::to_owned).collect()))
    }
}

impl Tx<'_> {
    /// Keeps what a caps hash stands for, after it was verified. The hash is named with its
    /// algorithm (`sha-1:…`), so that two algorithms cannot be taken for each other.
    pub fn put_caps(&mut self, hash: &str, features: &[String]) -> Result<(), Error> {
        let features: Vec<&str> =
            features.iter().map(String::as_str).filter(|feature| !feature.contains('\n')).collect();
        let added = self.execute(
            "INSERT INTO caps (hash, features) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING",
            params![hash, features.join("\n")],
        )?;
        if added {
            self.execute("DELETE FROM caps WHERE id <= (SELECT max(id) FROM caps) - ?", [MOST])?;
        }
        Ok(())
    }
}
