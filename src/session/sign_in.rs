//! An account that is not on this device yet.
//!
//! It gets a folder, a key and a database like any other, and signs in like any other; only that
//! its folder is marked as half made, and that nobody is told of it, until it was online once. If
//! that fails, or the person gives up, or the process is killed, nothing of it stays.

use model::{AccountId, AccountSettings, Failure, KeyFailure, SignIn};
use store::{Credentials, DatabaseKey, KeyHeader, Writer};
use zeroize::Zeroizing;

use crate::{folders::HalfMade, service::Shared};

/// An account to be.
pub(crate) struct NewAccount {
    pub(crate) settings: AccountSettings,
    pub(crate) password: Zeroizing<String>,
    pub(crate) passphrase: Option<Zeroizing<String>>,
}

impl From<SignIn> for NewAccount {
    fn from(sign_in: SignIn) -> Self {
        let SignIn { address, password, server, extra_authorities, allow_plain, passphrase } = sign_in;
        Self {
            settings: AccountSettings { address, server, extra_authorities, allow_plain, enabled: true },
            password: Zeroizing::new(password),
            passphrase: passphrase.map(Zeroizing::new),
        }
    }
}

pub(crate) fn new_id() -> AccountId {
    AccountId(rand::random())
}

/// Makes folder, key and database, and writes down what signing in takes.
pub(crate) fn prepare(
    shared: &Shared,
    id: AccountId,
    new: &NewAccount,
) -> Result<(HalfMade, DatabaseKey, Writer), Failure> {
    let half_made = shared.folders.begin(id)?;
    let folder = half_made.folder();
    let key = DatabaseKey::generate();
    match shared.config.secrets.keep(id, &key) {
        Ok(()) => KeyHeader::create(folder, &key, None)?,
        Err(KeyFailure::NoService) if new.passphrase.is_some() => {
            KeyHeader::create(folder, &key, new.passphrase.as_ref().map(|passphrase| passphrase.as_str()))?
        }
        Err(failure) => return Err(failure.into()),
    };
    let mut writer = Writer::create(folder, &key)?;
    writer.write(|tx| {
        tx.set_settings(&new.settings)?;
        tx.set_credentials(&Credentials { password: Some(new.password.clone()), ..Credentials::default() })
    })?;
    Ok((half_made, key, writer))
}

/// Removes what there is of an account: its folder, and its key. Its database must be closed.
pub(crate) fn undo(shared: &Shared, id: AccountId) {
    if let Err(failure) = shared.folders.remove(id) {
        tracing::warn!(%failure, "the folder of an account stays until the next start");
        return;
    }
    // A key without a database opens nothing.
    if let Err(failure) = shared.config.secrets.forget(id) {
        tracing::info!(%failure, "the keyring keeps a key that opens nothing");
    }
}
