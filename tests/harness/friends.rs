//! Two people who let each other in.

use model::{AccountCommand, Subscription};

use crate::Person;
use crate::person::block_on;
use crate::wait;

/// Makes each a contact of the other, so that neither is a stranger, and waits until both devices know it.
#[track_caller]
pub fn befriend(one: &Person, other: &Person) {
    for (person, contact) in [(one, other), (other, one)] {
        person.command(AccountCommand::AddContact(contact.address.clone(), None, Vec::new()));
    }
    for (person, contact) in [(one, other), (other, one)] {
        let mut answered = false;
        wait::until("the contact to be mutual", || {
            let found = block_on(person.reader().contact(contact.address.clone())).ok()??;
            if found.asks_subscription && !answered {
                answered = true;
                person.command(AccountCommand::AnswerSubscription(contact.address.clone(), true));
            }
            (found.subscription == Subscription::Both).then_some(())
        });
    }
}
