//! The schema, as the steps that made it.
//!
//! A step that was in a release is never changed again; the next stands in the next file. The number
//! of steps taken is the database's `user_version`. A database with more steps than this program
//! knows is left untouched. A database of every released schema is kept in `tests/store/released`.

use model::StorageFailure;
use rusqlite::Connection;

use crate::Error;

/// Every step, in order.
const STEPS: &[&str] = &[
    include_str!("migrations/0001_house.sql"),
    include_str!("migrations/0002_omemo.sql"),
    include_str!("migrations/0003_files.sql"),
    include_str!("migrations/0004_unsaid_sizes.sql"),
    include_str!("migrations/0005_calls.sql"),
];

/// `STRL`: says to `file` whose database it is, were it not encrypted; and to us that it is ours.
const APPLICATION: i64 = 0x5354_524c;

/// The version this program writes.
pub(crate) fn newest() -> i64 {
    STEPS.len() as i64
}

/// Brings a database to the newest schema, one step a transaction.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    let version = version(connection)?;
    let Some(missing) = usize::try_from(version).ok().and_then(|version| STEPS.get(version..)) else {
        return Err(too_new(version));
    };
    for (step, number) in missing.iter().zip(version + 1..) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Refuses a database that is not of this program's version: for a reader, which changes nothing.
pub(crate) fn expect_newest(connection: &Connection) -> Result<(), Error> {
    let version = version(connection)?;
    if version == newest() { Ok(()) } else { Err(too_new(version)) }
}

fn version(connection: &Connection) -> Result<i64, Error> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn too_new(version: i64) -> Error {
    Error::storage(StorageFailure::TooNew, format!("schema {version}, known {}", newest()))
}

#[cfg(test)]
mod tests;
