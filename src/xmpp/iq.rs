//! Requests that wait for their answer.
//!
//! An answer counts only if both its id and its sender fit (DESIGN rule 10): ids are guessed, and
//! a contact who answers in the server's place could hand us a roster. And every request ends: by
//! its answer, by its deadline, or with the session it was sent in. What the answer means is the
//! caller's business, who keeps it as the context `T`.

use std::collections::BTreeMap;
use std::time::Duration;

use jid::{BareJid, Jid};
use minidom::Element;

use crate::address::Address;
use crate::stanza::{Stanza, StanzaError, StanzaKind};

/// How many requests may wait at once: more is a mistake of ours.
const LIMIT: usize = 4096;

/// How a request ended.
#[derive(Debug)]
pub enum IqOutcome {
    /// With a result; the stanza holds it.
    Result(Box<Stanza>),
    /// With an error.
    Error(StanzaError),
    /// Nobody answered in time.
    TimedOut,
    /// The session ended before an answer came.
    Lost,
}

/// The requests that wait.
#[derive(Debug)]
pub struct PendingIqs<T> {
    account: BareJid,
    waiting: BTreeMap<String, Pending<T>>,
}

#[derive(Debug)]
struct Pending<T> {
    to: Option<Jid>,
    deadline: Duration,
    context: T,
}

/// What became of an incoming stanza that was shown to [`PendingIqs::take`].
#[derive(Debug)]
pub enum Taken<T> {
    /// It answers the request with this context.
    Answer(T, IqOutcome),
    /// It is no answer at all: a message, a presence, or a request of somebody else.
    NotAnAnswer(Box<Stanza>),
    /// It looks like an answer, but nothing was asked, or not of them.
    Unasked,
}

impl<T> PendingIqs<T> {
    /// No request yet. The account decides who may answer what was asked of nobody in particular.
    #[must_use]
    pub fn new(account: BareJid) -> Self {
        Self { account, waiting: BTreeMap::new() }
    }

    /// Notes that a request was sent. `deadline` is on the monotonic clock. Gives the context
    /// back if too many wait already or the id is in use: then nothing must be sent.
    pub fn sent(&mut self, id: String, to: Option<Jid>, deadline: Duration, context: T) -> Result<(), T> {
        if self.waiting.len() >= LIMIT || self.waiting.contains_key(&id) {
            return Err(context);
        }
        self.waiting.insert(id, Pending { to, deadline, context });
        Ok(())
    }

    /// Looks whether a stanza answers a request, and takes the request out if so.
    pub fn take(&mut self, stanza: Box<Stanza>) -> Taken<T> {
        let is_error = stanza.is_type("error");
        if stanza.kind != StanzaKind::Iq || !(is_error || stanza.is_type("result")) {
            return Taken::NotAnAnswer(stanza);
        }
        let Some(id) = &stanza.id else {
            return Taken::Unasked;
        };
        let fits = self
            .waiting
            .get(id)
            .is_some_and(|pending| self.may_answer(pending.to.as_ref(), stanza.from.as_ref()));
        let Some(pending) = fits.then(|| self.waiting.remove(id)).flatten() else {
            return Taken::Unasked;
        };
        let outcome = match stanza.error() {
            Some(error) => IqOutcome::Error(error),
            None => IqOutcome::Result(stanza),
        };
        Taken::Answer(pending.context, outcome)
    }

    /// The request that an element would answer with a result.
    #[must_use]
    pub fn answered_by(&self, element: &Element) -> Option<&T> {
        let is_result =
            StanzaKind::of(element) == Some(StanzaKind::Iq) && element.attr("type") == Some("result");
        let pending = self.waiting.get(element.attr("id").filter(|_| is_result)?)?;
        let from = match element.attr("from") {
            Some(from) => Some(Address::parse(from)?),
            None => None,
        };
        self.may_answer(pending.to.as_ref(), from.as_ref()).then_some(&pending.context)
    }

    /// RFC 6120 §8.1.2.1 and §10.3.3: what is asked of nobody in particular is answered by the
    /// server for the account, with or without saying so.
    fn may_answer(&self, to: Option<&Jid>, from: Option<&Address>) -> bool {
        let to_account = to.is_none_or(|to| *to == self.account);
        match from {
            None => to_account || to.is_some_and(|to| to.as_str() == self.account.domain().as_str()),
            Some(from) => {
                to.is_some_and(|to| *from == *to)
                    || (to_account && *from == self.account)
                    || (to.is_none() && is_server(from, &self.account))
            }
        }
    }

    /// Takes out what waited too long.
    pub fn expired(&mut self, now: Duration) -> Vec<T> {
        let late: Vec<String> = self
            .waiting
            .iter()
            .filter(|(_, pending)| pending.deadline <= now)
            .map(|(id, _)| id.clone())
            .collect();
        late.iter().filter_map(|id| self.waiting.remove(id)).map(|pending| pending.context).collect()
    }

    /// Takes out everything: the session ended.
    pub fn lost(&mut self) -> Vec<T> {
        std::mem::take(&mut self.waiting).into_values().map(|pending| pending.context).collect()
    }

    /// When the next request expires.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        self.waiting.values().map(|pending| pending.deadline).min()
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

fn is_server(from: &Address, account: &BareJid) -> bool {
    from.is_bare() && from.local().is_none() && from.domain() == account.domain().as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(to: Option<&str>) -> PendingIqs<&'static str> {
        let mut pending = PendingIqs::new("me@example.org".parse().unwrap());
        let to = to.map(|to| to.parse().unwrap());
        pending.sent("1".to_owned(), to, Duration::from_secs(10), "asked").unwrap();
        pending
    }

    fn iq(attributes: &str) -> Box<Stanza> {
        let text = format!("<iq xmlns='jabber:client' {attributes}/>");
        Box::new(Stanza::from_element(text.parse().unwrap()).unwrap())
    }

    #[test]
    fn an_answer_fits_by_id_and_sender() {
        for (to, from, fits) in [
            (None, "", true),
            (None, "from='me@example.org'", true),
            (None, "from='example.org'", true),
            (None, "from='me@example.org/other'", false),
            (None, "from='mallory@example.org'", false),
            (None, "from='example.org/x'", false),
            (Some("me@example.org"), "", true),
            (Some("example.org"), "", true),
            (Some("example.org"), "from='example.org'", true),
            (Some("example.org"), "from='me@example.org'", false),
            (Some("bob@b.example/r"), "from='bob@b.example/r'", true),
            (Some("bob@b.example/r"), "from='bob@b.example'", false),
            (Some("bob@b.example/r"), "from='bob@b.example/🦆'", false),
            (Some("bob@b.example"), "from='bob@b.example/🦆'", false),
            (Some("bob@b.example"), "", false),
        ] {
            let mut pending = pending(to);
            let answer = iq(&format!("id='1' type='result' {from}"));
            assert_eq!(pending.answered_by(&answer.element), fits.then_some(&"asked"), "{to:?} {from}");
            let taken = pending.take(answer);
            let answered = matches!(taken, Taken::Answer("asked", IqOutcome::Result(_)));
            assert_eq!(answered, fits, "{to:?} {from}");
            assert_eq!(pending.is_empty(), fits);
        }
    }

    #[test]
    fn everything_else_is_told_apart() {
        let mut pending = pending(None);
        for other in ["id='2' type='result'", "type='result'", "id='1' type='error'", "id='1' type='get'"] {
            assert_eq!(pending.answered_by(&iq(other).element), None, "{other}");
        }
        assert!(matches!(pending.take(iq("id='2' type='result'")), Taken::Unasked));
        assert!(matches!(pending.take(iq("type='error'")), Taken::Unasked));
        assert!(matches!(pending.take(iq("id='1' type='get'")), Taken::NotAnAnswer(_)));
        assert!(pending.sent("1".to_owned(), None, Duration::ZERO, "again").is_err());
        let taken = pending.take(iq("id='1' type='error'"));
        assert!(matches!(&taken, Taken::Answer(_, IqOutcome::Error(error))
            if error.condition == "undefined-condition"));
        assert!(matches!(pending.take(iq("id='1' type='result'")), Taken::Unasked));
    }

    #[test]
    fn every_request_ends() {
        let mut pending = pending(None);
        pending.sent("2".to_owned(), None, Duration::from_secs(20), "later").unwrap();
        assert_eq!(pending.next_deadline(), Some(Duration::from_secs(10)));
        assert!(pending.expired(Duration::from_secs(9)).is_empty());
        assert_eq!(pending.expired(Duration::from_secs(10)), ["asked"]);
        assert_eq!(pending.len(), 1);
        assert_eq!(pending.lost(), ["later"]);
        assert_eq!(pending.next_deadline(), None);
    }
}
