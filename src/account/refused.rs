//! What was refused because its sender had no right to say it (DESIGN rule 10), counted by kind.
//!
//! A forged stanza changes nothing and is answered by nothing; the count and one line in the log are all
//! that is left of it. Addresses and words stay out of the log.

use std::collections::BTreeMap;

/// Kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An IQ answer that nobody asked for, or from somebody who was not asked.
    IqAnswer,
    /// A carbon that is not from the own bare address (XEP-0280 §11).
    Carbon,
    /// A carbon whose content is not what the account sent or got.
    CarbonContent,
    /// A roster push from somebody else than the account or its server (RFC 6121 §2.1.6).
    RosterPush,
    /// A block list push from somebody else than the account or its server (XEP-0191).
    BlockingPush,
    /// An archive result that is not from the archive that was asked, or not for a query that waits (XEP-0313).
    ArchiveResult,
    /// A `stanza-id` by somebody who does not keep the archive, or does not announce it (XEP-0359 §5).
    StanzaId,
    /// A delay stamp by somebody who has no say about it, or with a time that cannot be (XEP-0203).
    Delay,
    /// A correction by somebody else than the sender (XEP-0308).
    Correction,
    /// A retraction by somebody else than the sender (XEP-0424).
    Retraction,
    /// A receipt or marker by somebody else than the recipient (XEP-0184, XEP-0333).
    Receipt,
    /// A PEP event for a node that is not the sender's own (XEP-0163).
    PepEvent,
    /// A picture whose bytes are not what its hash says (XEP-0084 §3).
    Avatar,
    /// Displayed sync from somebody else than the account (XEP-0490).
    DisplayedSync,
    /// Capabilities whose hash does not fit (XEP-0115 §5.4).
    Caps,
    /// A stanza that the stream refused to build: too deep, too large, or not to be read.
    Malformed,
    /// A message without a sender or for somebody else.
    Address,
    /// A message error for a message that was not sent to its sender.
    ErrorSender,
    /// A bundle that its owner cannot have signed (XEP-0384 §5.3.2).
    Bundle,
    /// An envelope that was sealed for another stanza (XEP-0420 §3).
    Envelope,
    /// An envelope that was sealed at quite another time than its stanza says.
    EnvelopeTime,
    /// A trust message about keys its sender has no say about (XEP-0450).
    TrustMessage,
    /// A limit of ours was reached: reactions, pending corrections and the like.
    Limit,
}

/// The counts since the process started.
#[derive(Debug, Default)]
pub struct Refused(BTreeMap<Kind, u64>);

impl Refused {
    /// Counts one, and logs it: each of the first few, then every power of two, so that a flood of
    /// forgeries does not become a flood of log lines.
    pub fn count(&mut self, kind: Kind) {
        let count = self.0.entry(kind).or_default();
        *count += 1;
        if *count <= 4 || count.is_power_of_two() {
            tracing::warn!(?kind, count, "refused");
        }
    }

    /// How many of a kind were refused.
    pub fn of(&self, kind: Kind) -> u64 {
        self.0.get(&kind).copied().unwrap_or(0)
    }

    /// All kinds that were refused, and how often.
    pub fn all(&self) -> impl Iterator<Item = (Kind, u64)> + '_ {
        self.0.iter().map(|(kind, count)| (*kind, *count))
    }
}
