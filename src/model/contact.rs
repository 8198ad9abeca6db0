use crate::{BareJid, Timestamp};

/// Someone on the roster, or someone written to or heard from (RFC 6121 §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The contact's address.
    pub address: BareJid,
    /// What to call them: the name the user gave, else their own nickname (XEP-0172), else the address.
    /// Free of control and bidirectional characters.
    pub name: String,
    /// The name the user gave on the roster.
    pub given_name: Option<String>,
    /// Groups on the roster.
    pub groups: Vec<String>,
    /// Who sees whose presence.
    pub subscription: Subscription,
    /// Whether they stand on the roster.
    pub in_roster: bool,
    /// Whether they asked to see our presence and wait for an answer.
    pub asks_subscription: bool,
    /// Whether we asked to see theirs and wait.
    pub asked_subscription: bool,
    /// Whether they are blocked (XEP-0191).
    pub blocked: bool,
    /// SHA-1 of their picture, in hexadecimal: the key under which the reader gives its bytes.
    pub avatar: Option<String>,
    /// Why their address should be looked at twice; never for someone on the roster.
    pub warning: Option<AddressWarning>,
}

/// Why the address of somebody new should be looked at twice (UTS #39).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressWarning {
    /// It can be taken for the address of this contact.
    LooksLike(BareJid),
    /// It mixes letters of scripts that look alike, such as Latin and Cyrillic.
    MixedScripts,
}

/// Who sees whose presence (RFC 6121 §2.1.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subscription {
    /// Nobody.
    #[default]
    None,
    /// We see theirs.
    To,
    /// They see ours.
    From,
    /// Both.
    Both,
}

/// How available a person is, or says to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Show {
    /// Not connected.
    #[default]
    Offline,
    /// Away for long.
    ExtendedAway,
    /// Away.
    Away,
    /// Does not want to be disturbed.
    DoNotDisturb,
    /// Here.
    Available,
    /// Here and glad to talk.
    FreeForChat,
}

/// What a contact's presence says, over all their devices. Never stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactPresence {
    /// The best of their devices.
    pub show: Show,
    /// Their status text, free of control characters.
    pub status: Option<String>,
    /// When they were last active (XEP-0319), if they tell.
    pub last_seen: Option<Timestamp>,
}

/// What the user wants others to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Availability {
    /// The state. `Offline` signs out.
    pub show: Show,
    /// The text beside it.
    pub status: Option<String>,
}
