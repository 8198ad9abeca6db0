//! Everything that can go wrong and that a person should hear of, sorted by what they can do next.
//!
//! Lower crates map their errors to these and add no words; `app` alone makes sentences of them. A kind stands here only if
//! somebody would do something else about it than about its neighbours.

use thiserror::Error;

use crate::{ServerAddress, Timestamp};

/// What went wrong, sorted by what a person can do next. `app` alone makes sentences of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// Not connected to any network, or nothing answered: it is tried again by itself.
    #[error("the server did not answer")]
    Unreachable,
    /// The domain has no such host: check the address.
    #[error("no server by that name")]
    NoSuchServer,
    /// The domain says that it offers no XMPP (SRV with the target `.`).
    #[error("the domain offers no XMPP service")]
    ServiceNotOffered,
    /// The link broke: it is tried again by itself.
    #[error("the connection was lost")]
    ConnectionLost,
    /// A step took too long: it is tried again by itself.
    #[error("the server took too long")]
    TimedOut,
    /// The server offers no TLS. Nothing was sent.
    #[error("the server offers no encryption")]
    NoEncryption,
    /// The certificate is not good. There is no bypass, only adding an authority.
    #[error("the certificate is not trusted")]
    Certificate(Box<CertificateFacts>),
    /// TLS failed in another way.
    #[error("the encrypted connection could not be set up")]
    Tls,
    /// Wrong password or unknown account: ask.
    #[error("wrong address or password")]
    WrongPassword,
    /// The account was closed or suspended by the server, with its words.
    #[error("the account is disabled")]
    AccountDisabled(Option<String>),
    /// Only sending the password itself would do, and the user has not allowed that.
    #[error("the server wants the password itself")]
    PlainNotAllowed,
    /// Nothing the server offers is known here.
    #[error("no way of signing in that both know")]
    NoMechanism,
    /// The server was better protected before (XEP-0440, XEP-0474): somebody may be in between.
    #[error("the server is less protected than before")]
    Downgrade,
    /// The server could not prove that it knows the password.
    #[error("the server did not prove who it is")]
    ServerNotProven,
    /// Another program took the session's place.
    #[error("another session took over")]
    Replaced,
    /// The server refuses for now (policy, resources, shutdown): tried again later, with its words.
    #[error("the server refuses for now")]
    ServerBusy(Option<String>),
    /// What the server sent makes no sense.
    #[error("the server sent something that is not XMPP")]
    Protocol,
    /// The server moved the account.
    #[error("the server points to another")]
    SeeOtherHost(ServerAddress),
    /// Registration is not possible there, with the server's words.
    #[error("no account can be made there")]
    RegistrationClosed(Option<String>),
    /// The user name is taken.
    #[error("that name is taken")]
    NameTaken,
    /// The server wants the form filled in differently, with its words.
    #[error("the form was not accepted")]
    FormRefused(Option<String>),
    /// The account is on this device already.
    #[error("that account is here already")]
    AccountExists,
    /// The address is not one.
    #[error("not an address")]
    BadAddress,
    /// An extra authority file that cannot be read or holds none.
    #[error("no certificate in that file")]
    BadAuthorities,
    /// The key of the database.
    #[error(transparent)]
    Key(#[from] KeyFailure),
    /// The disk.
    #[error(transparent)]
    Storage(#[from] StorageFailure),
    /// The account was removed or the service is ending.
    #[error("the account is gone")]
    Gone,
}

/// Why the key of an account's database is not to be had: four different answers (DESIGN rule 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyFailure {
    /// No Secret Service runs: offer a passphrase.
    #[error("no secret service")]
    NoService,
    /// It is locked, or the prompt was dismissed: ask again.
    #[error("the keyring is locked")]
    Locked,
    /// The service has no such item; a database exists, so no new key is made.
    #[error("the keyring has no key for this account")]
    NoSuchItem,
    /// The key is not the one that wrote the database.
    #[error("the key does not fit")]
    WrongKey,
    /// The key is wrapped with a passphrase, which is needed.
    #[error("a passphrase is needed")]
    PassphraseNeeded,
    /// That passphrase does not open it.
    #[error("wrong passphrase")]
    WrongPassphrase,
}

/// Why the disk did not take or give something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StorageFailure {
    /// No room left.
    #[error("the disk is full")]
    Full,
    /// The folder cannot be written.
    #[error("the folder is read-only")]
    ReadOnly,
    /// The disk reported an error.
    #[error("the disk does not work")]
    Io,
    /// The key is right and the pages are broken.
    #[error("the database is damaged")]
    Damaged,
    /// A newer Starling wrote it.
    #[error("the database is from a newer version")]
    TooNew,
    /// Another process has it open.
    #[error("another Starling uses this profile")]
    InUse,
}

/// What a person needs to judge a certificate that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Whom it was expected to be for.
    pub expected: String,
    /// Names it is for.
    pub names: Vec<String>,
    /// Who issued it.
    pub issuer: String,
    /// Valid from.
    pub not_before: Option<Timestamp>,
    /// Valid until.
    pub not_after: Option<Timestamp>,
    /// SHA-256 of the certificate, hexadecimal pairs with colons.
    pub fingerprint: String,
    /// What is wrong with it.
    pub problem: CertificateProblem,
}

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateProblem {
    /// Nobody who is trusted vouches for it.
    UnknownIssuer,
    /// Its time is over.
    Expired,
    /// Its time has not come: or this device's clock is wrong.
    NotYetValid,
    /// It is for somebody else.
    WrongName,
    /// It was withdrawn.
    Revoked,
    /// Anything else.
    Other,
}

/// Why an own message was refused (RFC 6120 §8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryFailure {
    /// The kind.
    pub reason: DeliveryReason,
    /// The words of whoever refused it, free of control characters, at most 500 characters.
    pub text: Option<String>,
}

/// The kinds of refusal that lead to different advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryReason {
    /// No such person.
    NotFound,
    /// They, or their server, do not want it.
    Refused,
    /// Their server cannot be reached.
    ServerNotFound,
    /// Larger than a server takes.
    TooLarge,
    /// Their mailbox or a limit is full: try later.
    Busy,
    /// It waited to be encrypted when encryption was turned off.
    EncryptionTurnedOff,
    /// Anything else.
    Other,
}
