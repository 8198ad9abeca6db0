use model::{Availability, Show, Timestamp};

use crate::{Error, Reads, Tx};

/// The fact under which it is kept: a word, since when the user is away, and the text, a line each.
const FACT: &str = "availability";

const WORDS: [(&str, Show); 5] = [
    ("available", Show::Available),
    ("chat", Show::FreeForChat),
    ("away", Show::Away),
    ("xa", Show::ExtendedAway),
    ("dnd", Show::DoNotDisturb),
];

/// What the user wants others to see, and since when they are away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPresence {
    /// What the user chose.
    pub availability: Availability,
    /// Since when they are away.
    pub idle_since: Option<Timestamp>,
}

impl Reads<'_> {
    /// What the user chose last; at first, to be available.
    pub fn own_presence(self) -> Result<OwnPresence, Error> {
        let fact = self.fact(FACT)?.unwrap_or_default();
        let fact = String::from_utf8_lossy(&fact);
        let mut lines = fact.lines();
        let word = lines.next().unwrap_or_default();
        let show = WORDS.iter().find(|(known, _)| *known == word).map_or(Show::Available, |(_, show)| *show);
        let idle_since = lines.next().and_then(|time| time.parse().ok()).map(Timestamp);
        let status = lines.next().filter(|status| !status.is_empty()).map(str::to_owned);
        Ok(OwnPresence { availability: Availability { show, status }, idle_since })
    }
}

impl Tx<'_> {
    /// Keeps what the user chose; its text is one line. True if it changed.
    pub fn set_own_presence(&mut self, own: &OwnPresence) -> Result<bool, Error> {
        let Availability { show, status } = &own.availability;
        let word = WORDS.iter().find(|(_, known)| known == show).map_or("available", |(word, _)| *word);
        let since = own.idle_since.map(|since| since.0.to_string()).unwrap_or_default();
        let status = status.as_deref().unwrap_or_default();
        self.set_fact(FACT, Some(format!("{word}\n{since}\n{status}").as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    #[test]
    fn what_others_see_is_remembered_with_the_account() {
        let mut bench = Bench::new();
        let first = bench.read(|reads| reads.own_presence());
        assert_eq!(first.availability, Availability { show: Show::Available, status: None });
        for (_, show) in WORDS {
            let availability = Availability { show, status: Some("lunch".into()) };
            let own = OwnPresence { availability: availability.clone(), idle_since: Some(Timestamp(7)) };
            assert!(bench.write(|tx| tx.set_own_presence(&own)));
            assert!(!bench.write(|tx| tx.set_own_presence(&own)));
            assert_eq!(bench.read(|reads| reads.own_presence()), own);
            assert_eq!(bench.read(|reads| reads.account()).unwrap().availability, availability);
        }
    }
}
