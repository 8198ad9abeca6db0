use std::fmt;
use std::num::NonZeroU32;

/// Which of the two wire formats.
///
/// They share their keys and their idea, not a byte of their messages. A session belongs to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// XEP-0384 0.3, `eu.siacs.conversations.axolotl`: what libsignal speaks. It encrypts the body only.
    Legacy,
    /// XEP-0384 0.4 and later, `urn:xmpp:omemo:2`. It encrypts an envelope of elements (XEP-0420).
    Two,
}

impl Version {
    /// Both, the better first.
    pub const ALL: [Self; 2] = [Self::Two, Self::Legacy];
}

/// The number of a device, unique within its account, never zero.
///
/// We choose ours below 2³¹ as the XEP says (§5.1); a larger one from somebody else does no harm.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceId(NonZeroU32);

impl DeviceId {
    /// The device with this number; `None` for zero, which no device has.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DeviceId({})", self.0)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
