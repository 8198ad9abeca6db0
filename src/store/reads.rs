use rusqlite::Connection;

use crate::Error;

/// Everything that can be read, at one instant: inside a transaction through
/// [`Tx::reads`](crate::Tx::reads), or on the reader thread in a short transaction of its own.
#[derive(Clone, Copy)]
pub struct Reads<'c> {
    pub(crate) connection: &'c Connection,
}

impl Reads<'_> {
    /// The number of the newest commit that these reads see.
    pub fn commit_number(self) -> Result<u64, Error> {
        let number: i64 = self
            .connection
            .prepare_cached("SELECT commit_number FROM meta")?
            .query_one([], |row| row.get(0))?;
        Ok(number as u64)
    }
}
