use model::Timestamp;
use rusqlite::{OptionalExtension, params};
use zeroize::Zeroizing;

use crate::{Error, Reads, Tx};

/// What signing in takes. Either the password or the keys derived from it, and a token for next time.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The password.
    pub password: Option<Zeroizing<String>>,
    /// Keys derived from it (RFC 5802), which spare the derivation.
    pub scram: Option<ScramKeys>,
    /// The token of FAST (XEP-0484).
    pub fast: Option<FastToken>,
    /// How the server was protected before: a later downgrade stops. The stream's own bytes.
    pub pin: Option<Vec<u8>>,
    /// What the server offered last, to pipeline on. The stream's own bytes.
    pub features: Option<Vec<u8>>,
}

/// What SCRAM derives from a password, for one salt.
#[derive(Clone, PartialEq, Eq)]
pub struct ScramKeys {
    /// The mechanism without `-PLUS`: `SCRAM-SHA-256`.
    pub mechanism: String,
    /// The server's salt.
    pub salt: Vec<u8>,
    /// The server's count.
    pub iterations: u32,
    /// The client key.
    pub client_key: Zeroizing<Vec<u8>>,
    /// The server key.
    pub server_key: Zeroizing<Vec<u8>>,
}

/// A token that signs in without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct FastToken {
    /// Its mechanism: `HT-SHA-256-EXPR`.
    pub mechanism: String,
    /// The token.
    pub token: Zeroizing<String>,
    /// How often it was used: a number that only grows.
    pub count: u32,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl Reads<'_> {
    /// What signing in takes; empty if nothing was kept. No window has a use for it.
    pub fn credentials(self) -> Result<Credentials, Error> {
        let credentials = self
            .connection
            .prepare_cached(
                "SELECT password, scram_mechanism, scram_salt, scram_iterations, scram_client_key,
                        scram_server_key, fast_mechanism, fast_token, fast_count, fast_expires,
                        pin, features
                 FROM credentials",
            )?
            .query_row([], |row| {
                let scram = match row.get(1)? {
                    None => None,
                    Some(mechanism) => Some(ScramKeys {
                        mechanism,
                        salt: row.get(2)?,
                        iterations: row.get(3)?,
                        client_key: Zeroizing::new(row.get(4)?),
                        server_key: Zeroizing::new(row.get(5)?),
                    }),
                };
                let fast = match row.get(6)? {
                    None => None,
                    Some(mechanism) => Some(FastToken {
                        mechanism,
                        token: Zeroizing::new(row.get(7)?),
                        count: row.get(8)?,
                        expires: row.get::<_, Option<i64>>(9)?.map(Timestamp),
                    }),
                };
                Ok(Credentials {
                    password: row.get::<_, Option<String>>(0)?.map(Zeroizing::new),
                    scram,
                    fast,
                    pin: row.get(10)?,
                    features: row.get(11)?,
                })
            })
            .optional()?;
        Ok(credentials.unwrap_or_default())
    }
}

impl Tx<'_> {
    /// Keeps all of it, in place of what was there.
    pub fn set_credentials(&mut self, credentials: &Credentials) -> Result<(), Error> {
        let Credentials { password, scram, fast, pin, features } = credentials;
        let (scram, fast) = (scram.as_ref(), fast.as_ref());
        self.execute(
            "INSERT OR REPLACE INTO credentials
               (id, password, scram_mechanism, scram_salt, scram_iterations, scram_client_key,
                scram_server_key, fast_mechanism, fast_token, fast_count, fast_expires, pin, features)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                password.as_ref().map(|password| password.as_str()),
                scram.map(|keys| &keys.mechanism),
                scram.map(|keys| &keys.salt),
                scram.map(|keys| keys.iterations),
                scram.map(|keys| keys.client_key.as_slice()),
                scram.map(|keys| keys.server_key.as_slice()),
                fast.map(|fast| &fast.mechanism),
                fast.map(|fast| fast.token.as_str()),
                fast.map_or(0, |fast| fast.count),
                fast.and_then(|fast| fast.expires).map(|time| time.0),
                pin,
                features,
            ],
        )?;
        Ok(())
    }

    /// Keeps a new token with its count, or forgets it.
    pub fn set_fast_token(&mut self, fast: Option<&FastToken>) -> Result<(), Error> {
        let mut credentials = self.reads().credentials()?;
        credentials.fast = fast.cloned();
        self.set_credentials(&credentials)
    }

    /// Counts one use of the token, before it is used: a count is never sent twice.
    pub fn count_fast_use(&mut self) -> Result<u32, Error> {
        self.execute("UPDATE credentials SET fast_count = fast_count + 1 WHERE fast_token IS NOT NULL", [])?;
        Ok(self.reads().credentials()?.fast.map_or(0, |fast| fast.count))
    }
}
