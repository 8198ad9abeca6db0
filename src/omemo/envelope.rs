//! The rules of the envelope (XEP-0420) in the profile of OMEMO (XEP-0384 §5.5), over plain values.
//!
//! In version 2 whole elements are sealed, within an `<envelope/>` that repeats who writes to whom and
//! when, so that a server cannot hand a message on as another one's. Turning it into XML is not done here.

use model::Timestamp;
use rand_core::CryptoRng;

/// Content is padded to at least so many bytes before a random part is added.
const LEAST_LENGTH: usize = 256;
/// The random part is up to so many bytes.
const RANDOM_LENGTH: u32 = 200;
/// How far the time within may lie from the time the stanza was sent: a clock may be set to the wrong zone.
const TIME_MARGIN: u64 = 24 * 60 * 60 * 1000;

/// What an envelope says about its message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Affixes<'a> {
    /// `<from jid=…/>`: the bare address of the sender.
    pub from: Option<&'a str>,
    /// `<to jid=…/>`: the bare address of the recipient, or the room.
    pub to: Option<&'a str>,
    /// `<time stamp=…/>`: when it was encrypted.
    pub time: Option<Timestamp>,
}

/// What is known about the message from the stanza around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// The bare address it came from; in a room the real one of the occupant.
    pub from: &'a str,
    /// The bare address it was sent to: a person's, or the room's.
    pub to: &'a str,
    /// When it was sent: now, or what a trusted delay stamp says.
    pub sent: Timestamp,
    /// Whether it was said in a room.
    pub room: bool,
}

/// How an envelope and its stanza disagree. The message is not to be shown as what it claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AffixFault {
    /// It was written by somebody else.
    #[error("the envelope was written by somebody else")]
    From,
    /// It was written to somebody else, or does not say to which room.
    #[error("the envelope was written to somebody else")]
    To,
    /// It was written at quite another time.
    #[error("the envelope was written at another time")]
    Time,
}

impl Affixes<'_> {
    /// Whether they agree with the stanza. What is absent is not held against it, but for `to` in a room.
    pub fn check(&self, stanza: &Circumstances<'_>) -> Result<(), AffixFault> {
        if self.from.is_some_and(|from| from != stanza.from) {
            return Err(AffixFault::From);
        }
        if self.to.map_or(stanza.room, |to| to != stanza.to) {
            return Err(AffixFault::To);
        }
        if self.time.is_some_and(|time| time.0.abs_diff(stanza.sent.0) > TIME_MARGIN) {
            return Err(AffixFault::Time);
        }
        Ok(())
    }
}

/// What `<rpad/>` is to hold beside content of this many bytes, so that the length says little: text that
/// needs no escaping.
#[must_use]
pub fn padding(content_length: usize, rng: &mut impl CryptoRng) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let least = LEAST_LENGTH.saturating_sub(content_length);
    // The bias of the remainder is one in 2³².
    let random = (rng.next_u64() % u64::from(RANDOM_LENGTH + 1)) as usize;
    let mut bytes = vec![0; least + random];
    rng.fill_bytes(&mut bytes);
    bytes
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte & 63)))
        .map(|&letter| char::from(letter))
        .collect()
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    const SENT: Timestamp = Timestamp(1_700_000_000_000);

    fn stanza(room: bool) -> Circumstances<'static> {
        Circumstances { from: "alice@example.org", to: "bob@example.net", sent: SENT, room }
    }

    #[test]
    fn what_is_said_must_agree() {
        let honest =
            Affixes { from: Some("alice@example.org"), to: Some("bob@example.net"), time: Some(SENT) };
        assert_eq!(honest.check(&stanza(false)), Ok(()));
        assert_eq!(honest.check(&stanza(true)), Ok(()));
        let with = |change: fn(&mut Affixes<'static>)| {
            let mut affixes = honest;
            change(&mut affixes);
            affixes.check(&stanza(false))
        };
        assert_eq!(with(|affixes| affixes.from = Some("mallory@example.org")), Err(AffixFault::From));
        assert_eq!(with(|affixes| affixes.to = Some("carol@example.org")), Err(AffixFault::To));
        assert_eq!(with(|affixes| affixes.time = Some(SENT.plus_millis(86_400_000))), Ok(()));
        assert_eq!(with(|affixes| affixes.time = Some(SENT.plus_millis(86_400_001))), Err(AffixFault::Time));
        assert_eq!(with(|affixes| affixes.time = Some(SENT.plus_millis(-86_400_001))), Err(AffixFault::Time));
        assert_eq!(with(|affixes| affixes.time = Some(Timestamp(i64::MIN))), Err(AffixFault::Time));
    }

    #[test]
    fn only_a_room_must_be_named() {
        assert_eq!(Affixes::default().check(&stanza(false)), Ok(()));
        assert_eq!(Affixes::default().check(&stanza(true)), Err(AffixFault::To));
    }

    #[test]
    fn padding_hides_short_content_and_varies() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let lengths: Vec<usize> = (0..2000).map(|_| padding(56, &mut rng).len()).collect();
        assert_eq!(lengths.iter().min(), Some(&200));
        assert_eq!(lengths.iter().max(), Some(&400));
        assert!(padding(5000, &mut rng).len() <= 200);
        assert!(
            padding(0, &mut rng)
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
        );
    }
}
