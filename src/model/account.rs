use std::path::PathBuf;

use crate::{BareJid, Failure, Timestamp};

/// What a person chose for an account. The password is not among it: only `store` holds secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSettings {
    /// The address that signs in.
    pub address: BareJid,
    /// The server to use instead of asking the DNS.
    pub server: Option<ServerAddress>,
    /// Certificates of authorities to trust for this account besides the system's: a PEM file.
    pub extra_authorities: Option<PathBuf>,
    /// Whether the password itself may be sent, inside TLS, to a server that offers nothing better.
    pub allow_plain: bool,
    /// Whether the account should be online.
    pub enabled: bool,
}

/// A server named by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    /// Host name or address.
    pub host: String,
    /// Port; `None` tries 5223 with direct TLS, then 5222 with STARTTLS.
    pub port: Option<u16>,
}

/// How an account stands with its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// Signed out by the person, or not started yet.
    Offline,
    /// On the way.
    Connecting(ConnectionStep),
    /// Signed in and able to send.
    Online,
    /// The last attempt failed; the next begins by itself at `retry_at`.
    Waiting {
        /// Why the last attempt failed.
        failure: Failure,
        /// When the next begins.
        retry_at: Timestamp,
    },
    /// The last attempt failed, and another would fail too until the person does something.
    Stopped(Failure),
}

/// What is being done while connecting, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectionStep {
    /// Asking the DNS where the server is.
    Finding,
    /// Opening a connection.
    Connecting,
    /// Securing it with TLS.
    Securing,
    /// Proving who we are.
    SigningIn,
    /// Getting a session, or the earlier one back.
    Binding,
}
