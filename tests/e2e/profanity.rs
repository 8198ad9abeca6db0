//! Encrypted conversations with Profanity, a messenger for terminals: OMEMO 0.3 by libsignal, which most programs have.

use model::{AccountCommand, Delivery, EncryptionKind, Outgoing};
use tests::{Peer, Prosody};

use crate::omemo::{self, Named, fingerprint, hears, let_in, peer, sees_own, two_people};

const PROFANITY: Named = Named {
    sign_in: Peer::profanity,
    is_told_whom_to_trust: true,
    word: "legacy",
    kind: EncryptionKind::OmemoLegacy,
};

#[test]
fn first_words_of_ours_and_replies() {
    omemo::first_words_of_ours_and_replies(&PROFANITY);
}

#[test]
fn first_words_of_theirs_and_a_restart_between_all_messages() {
    omemo::first_words_of_theirs_and_a_restart_between_all_messages(&PROFANITY);
}

#[test]
fn first_words_to_somebody_who_is_away() {
    omemo::first_words_to_somebody_who_is_away(&PROFANITY);
}

#[test]
fn first_words_while_we_are_away_and_more_of_them() {
    omemo::first_words_while_we_are_away_and_more_of_them(&PROFANITY);
}

#[test]
fn a_link_that_breaks_in_mid_conversation() {
    omemo::a_link_that_breaks_in_mid_conversation(&PROFANITY);
}

#[test]
fn corrections() {
    let server = Prosody::start();
    let (alice, mut profanity) = two_people(&server, &PROFANITY);
    let conversation = alice.say(&peer(), "At siven");
    profanity.expect("legacy message At siven");
    let own = sees_own(&alice, "At siven", &Delivery::Delivered, PROFANITY.kind);
    let outgoing = Outgoing { text: "At seven".to_owned(), reply_to: None, corrects: Some(own.id) };
    alice.command(AccountCommand::Send(conversation, outgoing));
    profanity.expect("legacy correction At seven");

    profanity.tell("say alice@localhost typo");
    let typo = hears(&alice, "typo", PROFANITY.kind);
    profanity.tell("correct alice@localhost no typo");
    let corrected = hears(&alice, "no typo", PROFANITY.kind);
    assert_eq!((corrected.id, corrected.revisions), (typo.id, 1));
}

/// What Starling shows to be compared is what Profanity shows, of both keys, and no word went or came in the clear.
#[test]
fn both_show_the_same_fingerprints_and_no_word_is_clear() {
    let server = Prosody::start();
    let (alice, mut profanity) = two_people(&server, &PROFANITY);
    let_in(&alice, &mut profanity, &PROFANITY);
    profanity.tell("say alice@localhost which key do you see?");
    hears(&alice, "which key do you see?", PROFANITY.kind);
    alice.say(&peer(), "which one do you?");
    profanity.expect("legacy message which one do you?");
    for whose in [peer(), alice.address.clone()] {
        profanity.tell(&format!("key {whose}"));
        profanity.expect(&format!("key {whose} {}", fingerprint(&alice, &whose)));
    }
    profanity.tell("tally localhost");
    profanity.expect("tally 2 legacy");
}
