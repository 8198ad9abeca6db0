//! Two people who let each other in.

use model::{AccountCommand, BareJid, Subscription};

use crate::Person;
use crate::person::block_on;
use crate::wait;

/// Makes each a contact of the other, so that neither is a stranger, and waits until both devices know it. One asks, the
/// other agrees and asks back: of two questions that cross, ejabberd now and then loses one.
#[track_caller]
pub fn befriend(one: &Person, other: &Person) {
    let mut pairs = [(one, other, false), (other, one, false)];
    let ask = |person: &Person, contact: &Person| {
        person.command(AccountCommand::AddContact(contact.address.clone(), None, Vec::new()));
    };
    ask(one, other);
    wait::until("the contact to be mutual", || {
        let mut mutual = 0;
        for (person, contact, answered) in &mut pairs {
            let found = block_on(person.reader().contact(contact.address.clone())).ok().flatten();
            if !*answered && found.as_ref().is_some_and(|found| found.asks_subscription) {
                *answered = true;
                person.command(AccountCommand::AnswerSubscription(contact.address.clone(), true));
                if std::ptr::eq(*person, other) {
                    ask(person, contact);
                }
            }
            mutual += u32::from(found.is_some_and(|found| found.subscription == Subscription::Both));
        }
        (mutual == 2).then_some(())
    });
}

/// The same with somebody who lets in whoever asks, with a client that is not ours.
#[track_caller]
pub fn befriend_peer(person: &Person, peer: &BareJid) {
    person.command(AccountCommand::AddContact(peer.clone(), None, Vec::new()));
    let mut answered = false;
    wait::until("the contact to be mutual", || {
        let contact = block_on(person.reader().contact(peer.clone())).ok().flatten()?;
        if contact.asks_subscription && !answered {
            answered = true;
            person.command(AccountCommand::AnswerSubscription(peer.clone(), true));
        }
        (contact.subscription == Subscription::Both).then_some(())
    });
}

/// Waits until the server tells of somebody's only device in both versions: a server need not tell contacts of what is
/// published while they become contacts.
#[track_caller]
pub fn publish_device(person: &Person) {
    wait::until("the own device to be on both lists", || {
        let devices = block_on(person.reader().devices(person.address.clone())).ok()?;
        devices.iter().any(|device| device.versions.len() == 2).then_some(())
    });
}

/// Waits until each knows that the other has a device to encrypt for, in both versions: what is said before goes in the
/// clear, or for the version that was published first.
#[track_caller]
pub fn know_devices(one: &Person, other: &Person) {
    wait::until("devices to be known", || {
        let know = [(one, other), (other, one)].into_iter().all(|(person, contact)| {
            let devices = block_on(person.reader().devices(contact.address.clone())).unwrap_or_default();
            devices.iter().any(|device| device.versions.len() == 2)
        });
        know.then_some(())
    });
}
