use thiserror::Error;

/// Why an input could not be handled. Whatever it was, the transaction is rolled back and the account
/// is built again from the store (DESIGN rule 1).
#[derive(Debug, Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The database holds no settings: it does not belong to an account.
    #[error("the database holds no account")]
    NoAccount,
}
