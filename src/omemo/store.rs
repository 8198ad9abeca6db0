use crate::{IdentityKey, Peer, Version};

/// Where the caller keeps what must outlive an input: implemented by its database transaction.
///
/// Records are opaque bytes that hold secrets: they belong in an encrypted database and in no log. All
/// that one call of [`Omemo`](crate::Omemo) writes must become durable together with what the caller
/// makes of the answer, and before anything of it is sent or acknowledged.
pub trait OmemoStore {
    /// What goes wrong in it.
    type Error;

    /// The record of the own device, as it was last saved.
    fn own_device(&self) -> Result<Option<Vec<u8>>, Self::Error>;
    /// Keeps the record of the own device.
    fn save_own_device(&mut self, record: &[u8]) -> Result<(), Self::Error>;

    /// The identity key a device is known by, in whichever version it was seen.
    fn identity(&self, peer: Peer<'_>) -> Result<Option<IdentityKey>, Self::Error>;
    /// Notes the identity key of a device: of a new one, or in place of one the user gave up.
    fn save_identity(&mut self, peer: Peer<'_>, identity: &IdentityKey) -> Result<(), Self::Error>;

    /// The sessions with a device, as they were last saved.
    fn sessions(&self, peer: Peer<'_>, version: Version) -> Result<Option<Vec<u8>>, Self::Error>;
    /// Keeps the sessions with a device.
    fn save_sessions(&mut self, peer: Peer<'_>, version: Version, record: &[u8]) -> Result<(), Self::Error>;
    /// Forgets the sessions with a device, if there are any.
    fn remove_sessions(&mut self, peer: Peer<'_>, version: Version) -> Result<(), Self::Error>;
    /// Forgets all sessions with everybody: the own device is a new one.
    fn remove_all_sessions(&mut self) -> Result<(), Self::Error>;
}
