//! What the user wants of the server, kept until the server has it.
//!
//! Adding a contact, blocking somebody or a new picture must not depend on the moment: what is done offline, or
//! lost with a link, is done when the next session begins. So each such command first changes what is here, then
//! notes the intention, then tries. An intention names only its subject; what is sent is made of what is on disk
//! by then, so doing it twice does no harm. It is struck off when the server has answered, with yes or no.

use model::BareJid;

use crate::{Error, avatars, blocking, nickname, roster, turn::Turn};

/// The fact under which the list is kept.
const FACT: &str = "intentions";
/// More than this waits for nobody's patience: the oldest are given up.
const MAX: usize = 500;

/// Something wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intention {
    /// Name and groups of a contact, as they are here.
    PutContact(BareJid),
    /// To see a contact's presence.
    Subscribe(BareJid),
    /// That a contact is gone.
    RemoveContact(BareJid),
    /// That somebody sees our presence.
    Approve(BareJid),
    /// That somebody does not.
    Deny(BareJid),
    /// To hear nothing of somebody.
    Block(BareJid),
    /// To hear of them again.
    Unblock(BareJid),
    /// What others call us, as it is here.
    Nickname,
    /// Our picture, as it is here.
    Avatar,
}

impl Intention {
    fn word(&self) -> (&'static str, Option<&BareJid>) {
        match self {
            Self::PutContact(who) => ("put", Some(who)),
            Self::Subscribe(who) => ("subscribe", Some(who)),
            Self::RemoveContact(who) => ("remove", Some(who)),
            Self::Approve(who) => ("approve", Some(who)),
            Self::Deny(who) => ("deny", Some(who)),
            Self::Block(who) => ("block", Some(who)),
            Self::Unblock(who) => ("unblock", Some(who)),
            Self::Nickname => ("nickname", None),
            Self::Avatar => ("avatar", None),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let (word, who) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "nickname" => return Some(Self::Nickname),
            "avatar" => return Some(Self::Avatar),
            _ => {}
        }
        let who = BareJid::new(who).ok()?;
        Some(match word {
            "put" => Self::PutContact(who),
            "subscribe" => Self::Subscribe(who),
            "remove" => Self::RemoveContact(who),
            "approve" => Self::Approve(who),
            "deny" => Self::Deny(who),
            "block" => Self::Block(who),
            "unblock" => Self::Unblock(who),
            _ => return None,
        })
    }

    fn line(&self) -> String {
        match self.word() {
            (word, Some(who)) => format!("{word} {who}"),
            (word, None) => word.to_owned(),
        }
    }

    /// Whether this makes an earlier one void.
    fn replaces(&self, earlier: &Self) -> bool {
        use Intention::{Approve, Block, Deny, PutContact, RemoveContact, Subscribe, Unblock};
        match (self, earlier) {
            (PutContact(one) | Subscribe(one) | Approve(one), RemoveContact(other))
            | (RemoveContact(one), PutContact(other) | Subscribe(other) | Approve(other))
            | (Approve(one), Deny(other))
            | (Deny(one), Approve(other))
            | (Block(one), Unblock(other))
            | (Unblock(one), Block(other)) => one == other,
            _ => self == earlier,
        }
    }
}

/// Wants something, from now on.
pub fn add(turn: &mut Turn<'_, '_>, intention: Intention) -> Result<(), Error> {
    let mut list = all(turn)?;
    list.retain(|earlier| !intention.replaces(earlier));
    list.push(intention.clone());
    let excess = list.len().saturating_sub(MAX);
    list.drain(..excess);
    keep(turn, &list)?;
    if turn.is_online() { pursue(turn, &intention) } else { Ok(()) }
}

/// A session began: does everything that waits.
pub fn begin(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    for intention in all(turn)? {
        pursue(turn, &intention)?;
    }
    Ok(())
}

/// The server has it, or will not.
pub fn done(turn: &mut Turn<'_, '_>, intention: &Intention) -> Result<(), Error> {
    let mut list = all(turn)?;
    list.retain(|waiting| waiting != intention);
    keep(turn, &list)
}

/// Whether something is wanted that the server may not have yet: its own word does not count until then.
pub fn waits(turn: &mut Turn<'_, '_>, intention: &Intention) -> Result<bool, Error> {
    Ok(all(turn)?.contains(intention))
}

fn pursue(turn: &mut Turn<'_, '_>, intention: &Intention) -> Result<(), Error> {
    match intention {
        Intention::PutContact(who) => roster::send_put(turn, who),
        Intention::RemoveContact(who) => {
            roster::send_remove(turn, who);
            Ok(())
        }
        Intention::Subscribe(who) => roster::send_subscription(turn, who, "subscribe", intention),
        Intention::Approve(who) => roster::send_subscription(turn, who, "subscribed", intention),
        Intention::Deny(who) => roster::send_subscription(turn, who, "unsubscribed", intention),
        Intention::Block(who) => {
            blocking::send(turn, who, true);
            Ok(())
        }
        Intention::Unblock(who) => {
            blocking::send(turn, who, false);
            Ok(())
        }
        Intention::Nickname => nickname::publish(turn),
        Intention::Avatar => avatars::publish(turn),
    }
}

fn all(turn: &mut Turn<'_, '_>) -> Result<Vec<Intention>, Error> {
    let fact = turn.tx.reads().fact(FACT)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&fact).lines().filter_map(Intention::parse).collect())
}

fn keep(turn: &mut Turn<'_, '_>, list: &[Intention]) -> Result<(), Error> {
    let text: Vec<_> = list.iter().map(Intention::line).collect();
    let text = text.join("\n");
    turn.tx.set_fact(FACT, (!text.is_empty()).then_some(text.as_bytes()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who() -> BareJid {
        BareJid::new("romeo@example.net").unwrap()
    }

    #[test]
    fn a_line_reads_what_it_writes() {
        for intention in [
            Intention::PutContact(who()),
            Intention::Subscribe(who()),
            Intention::RemoveContact(who()),
            Intention::Approve(who()),
            Intention::Deny(who()),
            Intention::Block(who()),
            Intention::Unblock(who()),
            Intention::Nickname,
            Intention::Avatar,
        ] {
            assert_eq!(Intention::parse(&intention.line()), Some(intention));
        }
        assert_eq!(Intention::parse("dance romeo@example.net"), None);
        assert_eq!(Intention::parse("put @"), None);
    }

    #[test]
    fn the_last_word_counts() {
        assert!(Intention::RemoveContact(who()).replaces(&Intention::PutContact(who())));
        assert!(Intention::Unblock(who()).replaces(&Intention::Block(who())));
        assert!(Intention::Nickname.replaces(&Intention::Nickname));
        assert!(!Intention::Block(who()).replaces(&Intention::PutContact(who())));
        let other = BareJid::new("juliet@example.org").unwrap();
        assert!(!Intention::Unblock(other).replaces(&Intention::Block(who())));
    }
}
