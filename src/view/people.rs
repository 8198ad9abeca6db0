//! Whom one can write to: the contacts of every account, by name.

use model::{AccountId, Contact};
use store::{Error, ReaderHandle};

/// A contact and whose contact it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account that knows them.
    pub account: AccountId,
    /// Who they are.
    pub contact: Contact,
}

/// Everyone on the rosters, and everyone who was written to, sorted by name; blocked ones left out.
pub async fn people(readers: &[(AccountId, ReaderHandle)]) -> Result<Vec<Person>, Error> {
    let mut people = Vec::new();
    for (account, reader) in readers {
        let contacts = reader.contacts().await?;
        people.extend(
            contacts
                .into_iter()
                .filter(|contact| !contact.blocked)
                .map(|contact| Person { account: *account, contact }),
        );
    }
    people.sort_by_cached_key(|person| {
        (person.contact.name.to_lowercase(), person.contact.address.to_string())
    });
    Ok(people)
}
