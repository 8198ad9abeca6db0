//! Whom one may want to write to, in the order in which they are offered.
//!
//! Without words: where people were last, then everyone by name. With words: those whose name
//! or address has them, the ones that begin with them first, and at the end the address itself
//! if one was typed, with a warning if it only looks like another.

use model::{AccountId, AddressWarning, BareJid, ConversationId, Show};
use view::{ConversationRow, Person};

use crate::address::{self, Typed};

/// Someone to write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub account: AccountId,
    pub address: BareJid,
    pub name: String,
    pub avatar: Option<String>,
    pub show: Show,
    /// The conversation, if there is one.
    pub conversation: Option<ConversationId>,
    /// Nobody who is known: an address that was typed.
    pub typed: bool,
    pub warning: Option<AddressWarning>,
    /// Under which heading they stand.
    pub section: Section,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    Recent,
    Contacts,
    Others,
    Address,
}

/// How many recent ones are offered before anything is typed.
const RECENT: usize = 8;

/// Everyone who is known: recent conversations first, in their order.
pub fn known(recent: &[ConversationRow], people: &[Person]) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = recent.iter().map(from_conversation).collect();
    for person in people {
        let same = |candidate: &&mut Candidate| {
            candidate.account == person.account && candidate.address == person.contact.address
        };
        if let Some(found) = candidates.iter_mut().find(same) {
            found.avatar = found.avatar.take().or_else(|| person.contact.avatar.clone());
        } else {
            candidates.push(from_person(person));
        }
    }
    candidates
}

/// Those that fit what was typed. A typed address is offered for `account`.
pub fn matching(known: &[Candidate], text: &str, account: Option<AccountId>) -> Vec<Candidate> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let mut recent = 0;
    let mut fitting: Vec<(bool, Candidate)> = known
        .iter()
        .filter(|candidate| words.iter().all(|word| has(candidate, word)))
        .filter(|candidate| {
            if candidate.section == Section::Recent {
                recent += 1;
            }
            !words.is_empty() || candidate.section != Section::Recent || recent <= RECENT
        })
        .map(|candidate| (!words.iter().all(|word| begins(candidate, word)), candidate.clone()))
        .collect();
    if words.is_empty() {
        fitting.sort_by_key(|(_, candidate)| candidate.section);
    } else {
        fitting.sort_by_key(|(late, _)| *late);
    }
    let mut found: Vec<Candidate> = fitting.into_iter().map(|(_, candidate)| candidate).collect();
    if let (Typed::Person(address), Some(account)) = (address::read(text), account)
        && !known.iter().any(|candidate| candidate.address == address)
    {
        found.push(typed(address, account, known));
    }
    found
}

fn typed(address: BareJid, account: AccountId, known: &[Candidate]) -> Candidate {
    Candidate {
        account,
        name: address.to_string(),
        avatar: None,
        show: Show::Offline,
        conversation: None,
        typed: true,
        warning: address::look_alike(&address, known.iter().map(|candidate| &candidate.address)),
        section: Section::Address,
        address,
    }
}

fn has(candidate: &Candidate, word: &str) -> bool {
    candidate.name.to_lowercase().contains(word) || candidate.address.as_str().contains(word)
}

fn begins(candidate: &Candidate, word: &str) -> bool {
    candidate.address.as_str().starts_with(word)
        || candidate.name.to_lowercase().split_whitespace().any(|part| part.starts_with(word))
}

fn from_conversation(row: &ConversationRow) -> Candidate {
    let conversation = &row.summary.conversation;
    Candidate {
        account: row.key.account,
        address: conversation.address.clone(),
        name: conversation.name.clone(),
        avatar: conversation.avatar.clone(),
        show: row.summary.presence.show,
        conversation: Some(row.key.conversation),
        typed: false,
        warning: None,
        section: Section::Recent,
    }
}

fn from_person(person: &Person) -> Candidate {
    let contact = &person.contact;
    Candidate {
        account: person.account,
        address: contact.address.clone(),
        name: contact.name.clone(),
        avatar: contact.avatar.clone(),
        show: Show::Offline,
        conversation: None,
        typed: false,
        warning: None,
        section: if contact.in_roster { Section::Contacts } else { Section::Others },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: AccountId = AccountId([1; 16]);

    fn candidate(name: &str, address: &str, section: Section) -> Candidate {
        let address = BareJid::new(address).expect("the test writes addresses");
        Candidate {
            name: name.to_owned(),
            section,
            typed: false,
            warning: None,
            ..typed(address, ACCOUNT, &[])
        }
    }

    fn names(found: &[Candidate]) -> Vec<&str> {
        found.iter().map(|candidate| candidate.name.as_str()).collect()
    }

    #[test]
    fn words_find_names_and_addresses_and_beginnings_come_first() {
        let known = [
            candidate("Malice", "m@example.org", Section::Recent),
            candidate("Bob", "bob@example.org", Section::Contacts),
            candidate("Alice Smith", "as@example.org", Section::Contacts),
        ];
        assert_eq!(names(&matching(&known, "ali", Some(ACCOUNT))), ["Alice Smith", "Malice"]);
        assert_eq!(names(&matching(&known, "smith al", Some(ACCOUNT))), ["Alice Smith"]);
        assert_eq!(names(&matching(&known, "bob@", Some(ACCOUNT))), ["Bob"]);
        assert_eq!(names(&matching(&known, "", Some(ACCOUNT))), ["Malice", "Bob", "Alice Smith"]);
    }

    #[test]
    fn a_typed_address_is_offered_unless_it_is_known() {
        let known = [candidate("Bob", "bob@example.org", Section::Contacts)];
        assert_eq!(names(&matching(&known, "bob@example.org", Some(ACCOUNT))), ["Bob"]);
        let found = matching(&known, "b0b@example.org", Some(ACCOUNT));
        assert!(found[0].typed);
        assert_eq!(found[0].warning, Some(AddressWarning::LooksLike(known[0].address.clone())));
        assert!(matching(&known, "b0b@example.org", None).is_empty());
    }
}
