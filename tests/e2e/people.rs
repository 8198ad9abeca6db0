//! Who people are to each other: names, pictures, contacts on every device, and who is not heard.

use model::{AccountCommand, Contact, EventKind, Show};
use tests::person::block_on;
use tests::wait;
use tests::{Person, Server, befriend};

on_every_server! {
    a_nickname_and_a_picture_reach_a_contact_and_an_own_device_and_go_again
    what_somebody_published_before_is_known_to_a_new_contact
    a_contact_has_its_name_on_every_device_also_one_that_was_away
    a_blocked_person_is_not_heard_on_any_device_until_that_ends
}

/// A PNG of one pixel.
const PICTURE: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0,
    1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0x60, 0,
    0, 0, 2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

fn a_nickname_and_a_picture_reach_a_contact_and_an_own_device_and_go_again(server: impl Server) {
    let alice = Person::new(&server, "alice");
    let bob = Person::new(&server, "bob");
    let mut events = alice.session.events();
    befriend(&alice, &bob);
    // Before, ejabberd does not know what bob wants to be told of.
    alice.waits_for_event(&mut events, "bob's presence", |event| {
        matches!(event, EventKind::Presence(who, presence) if *who == bob.address && presence.show != Show::Offline)
    });

    alice.command(AccountCommand::SetNickname(Some("Alice of the Harbour".to_owned())));
    alice.command(AccountCommand::SetAvatar(Some((PICTURE.to_vec(), 1, 1))));
    let seen = knows(&bob, &alice, "the name and the picture", |contact| {
        contact.name == "Alice of the Harbour" && contact.avatar.is_some()
    });
    let bytes = wait::until("the picture's bytes", || picture(&bob, &seen));
    assert_eq!(bytes, PICTURE);
    let second = Person::sign_in(&server, "alice", "pw-alice", server.direct_tls_port());
    wait::until("the other device to know both", || {
        let profile = block_on(second.reader().account()).expect("readable").expect("an account");
        (profile.nickname.as_deref() == Some("Alice of the Harbour") && profile.avatar == seen.avatar)
            .then_some(())
    });

    alice.command(AccountCommand::SetNickname(None));
    alice.command(AccountCommand::SetAvatar(None));
    knows(&bob, &alice, "neither", |contact| {
        contact.name == alice.address.as_str() && contact.avatar.is_none()
    });
}

fn what_somebody_published_before_is_known_to_a_new_contact(server: impl Server) {
    let alice = Person::new(&server, "alice");
    let second = Person::sign_in(&server, "alice", "pw-alice", server.starttls_port());
    alice.command(AccountCommand::SetNickname(Some("Alice of the Harbour".to_owned())));
    alice.command(AccountCommand::SetAvatar(Some((PICTURE.to_vec(), 1, 1))));
    wait::until("the server to have both", || {
        let profile = block_on(second.reader().account()).expect("readable").expect("an account");
        (profile.nickname.is_some() && profile.avatar.is_some()).then_some(())
    });
    let bob = Person::new(&server, "bob");
    befriend(&alice, &bob);
    let seen = knows(&bob, &alice, "the name and the picture", |contact| {
        contact.name == "Alice of the Harbour" && contact.avatar.is_some()
    });
    assert_eq!(wait::until("the picture's bytes", || picture(&bob, &seen)), PICTURE);
}

fn a_contact_has_its_name_on_every_device_also_one_that_was_away(server: impl Server) {
    let alice = Person::new(&server, "alice");
    let bob = Person::new(&server, "bob");
    befriend(&alice, &bob);
    let mut second = Person::sign_in(&server, "alice", "pw-alice", server.direct_tls_port());
    knows(&second, &bob, "the contact", |contact| contact.in_roster);

    second.command(AccountCommand::Disconnect);
    let groups = vec!["Harbour".to_owned()];
    alice.command(AccountCommand::ChangeContact(
        bob.address.clone(),
        Some("Robert".to_owned()),
        groups.clone(),
    ));
    knows(&alice, &bob, "the new name", |contact| contact.name == "Robert");
    second.restart();
    second.command(AccountCommand::Connect);
    let seen = knows(&second, &bob, "the new name", |contact| contact.name == "Robert");
    assert_eq!(seen.groups, groups);

    alice.command(AccountCommand::RemoveContact(bob.address.clone()));
    knows(&second, &bob, "that the contact is gone", |contact| !contact.in_roster);
}

fn a_blocked_person_is_not_heard_on_any_device_until_that_ends(server: impl Server) {
    let alice = Person::new(&server, "alice");
    let second = Person::sign_in(&server, "alice", "pw-alice", server.starttls_port());
    let bob = Person::new(&server, "bob");
    let carol = Person::new(&server, "carol");
    befriend(&alice, &bob);
    befriend(&alice, &carol);
    // Whoever has no keys of somebody, and is blocked, cannot fetch them: what they say waits.
    bob.say(&alice.address, "Hello");
    for device in [&alice, &second] {
        device.hears(&bob.address, "Hello");
    }

    alice.command(AccountCommand::SetBlocked(bob.address.clone(), true));
    knows(&second, &bob, "the block", |contact| contact.blocked);
    bob.say(&alice.address, "Do you hear me?");
    bob.waits_for(&alice.address, "a refusal", |message| {
        matches!(message.delivery, model::Delivery::Failed(_))
    });
    second.command(AccountCommand::SetBlocked(bob.address.clone(), false));
    knows(&alice, &bob, "the end of the block", |contact| !contact.blocked);
    bob.say(&alice.address, "And now?");
    for device in [&alice, &second] {
        device.hears(&bob.address, "And now?");
        assert_eq!(device.transcript(&bob.address), ["< Hello", "< And now?"]);
    }
}

/// Waits until `who` knows this of `whom`.
#[track_caller]
fn knows(who: &Person, whom: &Person, what: &str, fits: impl Fn(&Contact) -> bool) -> Contact {
    wait::until(what, || block_on(who.reader().contact(whom.address.clone())).ok().flatten().filter(&fits))
}

fn picture(who: &Person, of: &Contact) -> Option<Vec<u8>> {
    block_on(who.reader().avatar(of.avatar.clone()?)).ok().flatten()
}
