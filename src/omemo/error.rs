use crate::IdentityKey;

/// Why nothing came of it. In either case nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error<E> {
    /// The bytes, or the moment, are at fault. The transaction goes on: the caller notes the reason.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed: the caller gives its transaction up.
    #[error("the store failed")]
    Store(E),
}

/// Why bytes were not accepted, sorted by what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    // Nothing to do: the message was here before.
    /// This message, or another copy of it, was already decrypted; or thousands came after it, so that its key
    /// was given up.
    #[error("the message was decrypted before")]
    Duplicate,

    // A session is needed: fetch the bundle and start one, or offer to reset it.
    /// There is no session with this device.
    #[error("no session with this device")]
    NoSession,
    /// The key exchange names a prekey that was used up or replaced. Its sender has to start afresh.
    #[error("the key exchange names a prekey that is gone")]
    UnknownPreKey,
    /// No session fits: the authentication code is wrong, because the message was changed on its way or
    /// because the two sides have come apart.
    #[error("the authentication code is wrong")]
    Tampered,
    /// The message claims to be further ahead of the last one than any conversation gets.
    #[error("the message is too far ahead")]
    TooFarAhead,

    // A person has to decide.
    /// The device had another identity key before. See [`Omemo::accept_identity`](crate::Omemo::accept_identity).
    #[error("the device has another identity key than before")]
    IdentityChanged {
        /// The key it is known by.
        known: IdentityKey,
        /// The key it shows now.
        shown: IdentityKey,
    },

    // The other side, or the server between, is broken or hostile: note it and go on.
    /// The bytes do not have the form they should have.
    #[error("the bytes are malformed")]
    Malformed,
    /// A public key that makes the shared secret known to everybody.
    #[error("a public key is weak")]
    WeakKey,
    /// The signed prekey is not signed by the identity key of its bundle.
    #[error("the signature is wrong")]
    BadSignature,

    // Ours is broken.
    /// A record that the store gave back is not one that was given to it.
    #[error("a stored record is damaged")]
    DamagedRecord,
    /// This account has no device of its own yet. See [`Omemo::create_own_device`](crate::Omemo::create_own_device).
    #[error("there is no own device yet")]
    NoOwnDevice,
}
