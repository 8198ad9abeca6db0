//! In the clear or encrypted: a file and the message that tells of it go the same way, whatever is learnt in between.

use super::*;

const ITEM_OF_LIST: &str = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:omemo:2:devices'>\
    <item id='current'><devices xmlns='urn:xmpp:omemo:2'><device id='31'/></devices></item></items></pubsub>";

/// Nothing was decided about Bob, and our server can keep keys.
fn undecided() -> (Rig, ConversationId) {
    let mut rig = Rig::online();
    rig.roster(&format!("<item jid='{BOB}' subscription='both'/>"));
    rig.account_features(&["http://jabber.org/protocol/pubsub#publish-options"]);
    rig.sent.clear();
    let with = conversation(&mut rig);
    (rig, with)
}

/// Takes the questions for Bob's lists of devices: that of version 2 first.
fn take_list_questions(rig: &mut Rig) -> Vec<Element> {
    let is_question = |stanza: &Element| {
        stanza.attr("to") == Some(BOB) && stanza.has_child("pubsub", "http://jabber.org/protocol/pubsub")
    };
    let (mut questions, rest): (Vec<_>, Vec<_>) =
        std::mem::take(&mut rig.sent).into_iter().partition(is_question);
    rig.sent = rest;
    questions.sort_by_key(|question| !String::from(question).contains("urn:xmpp:omemo:2"));
    questions
}

fn has_asked_for_slot(rig: &Rig) -> bool {
    rig.sent.iter().any(|stanza| stanza.has_child("request", "urn:xmpp:http:upload:0"))
}

fn uploaded(rig: &mut Rig, id: AttachmentId) {
    report(rig, FileReport::Uploaded(id, Ok(Digest::Sha256([7; 32]))));
}

#[test]
fn a_file_waits_to_learn_whether_it_can_be_encrypted() {
    for has_devices in [false, true] {
        let (mut rig, with) = undecided();
        drop_files(&mut rig, with, &["name.txt"], "");
        prepare(&mut rig);
        tell_of_service(&mut rig, "100");
        let questions = take_list_questions(&mut rig);
        assert_eq!(questions.len(), 2);
        assert!(!has_asked_for_slot(&rig), "it is not known whether Bob has devices");
        if has_devices {
            rig.answer(&questions[0], ITEM_OF_LIST);
        } else {
            rig.refuse(&questions[0], "item-not-found");
        }
        rig.refuse(&questions[1], "item-not-found");
        let question = give_slot(&mut rig, "1");
        assert_eq!(String::from(&question).contains("name.txt"), !has_devices);
        let (_, cipher, _) = upload(&mut rig);
        assert_eq!(cipher == FileCipher::None, !has_devices);
    }
}

#[test]
fn what_cannot_be_decided_yet_holds_up_no_other_conversation() {
    let (mut rig, with) = undecided();
    drop_files(&mut rig, with, &["first.txt"], "");
    prepare(&mut rig);
    tell_of_service(&mut rig, "100");
    assert!(!has_asked_for_slot(&rig));
    let carol = BareJid::new("carol@example.net").unwrap();
    let other = rig.write(|tx| tx.create_conversation(&carol, ConversationKind::Direct, false, Timestamp(0)));
    rig.command(AccountCommand::SetEncryption(other, false));
    drop_files(&mut rig, other, &["second.txt"], "");
    let second = prepare(&mut rig);
    give_slot(&mut rig, "1");
    assert_eq!(upload(&mut rig).0, second);
}

#[test]
fn devices_that_become_known_during_an_upload_in_the_clear_make_it_go_again_encrypted() {
    for during_upload in [false, true] {
        let (mut rig, with) = undecided();
        drop_files(&mut rig, with, &["a.txt"], "");
        let id = prepare(&mut rig);
        tell_of_service(&mut rig, "100");
        for question in take_list_questions(&mut rig) {
            rig.refuse(&question, "item-not-found");
        }
        let news = format!(
            "<message from='{BOB}' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>{}</event></message>",
            ITEM_OF_LIST
                .replace("<pubsub xmlns='http://jabber.org/protocol/pubsub'>", "")
                .replace("</pubsub>", "")
        );
        if during_upload {
            give_slot(&mut rig, "1");
            let (_, cipher, _) = upload(&mut rig);
            assert_eq!(cipher, FileCipher::None);
            rig.bytes(&news);
            assert!(rig.jobs.iter().any(|job| matches!(job, FileJob::Cancel(stopped) if *stopped == id)));
        } else {
            assert!(has_asked_for_slot(&rig));
            rig.bytes(&news);
            // The place that was asked for before has the size of the file in the clear.
            give_slot(&mut rig, "1");
            assert!(!rig.jobs.iter().any(|job| matches!(job, FileJob::Upload { .. })));
        }
        assert!(!rig.has_sent("body") && !rig.has_sent("file-sharing"));
        give_slot(&mut rig, "2");
        let (_, cipher, address) = upload(&mut rig);
        assert!(matches!(cipher, FileCipher::Gcm { .. }), "during the upload: {during_upload}");
        assert_eq!(address, "https://up.example.org/2");
        uploaded(&mut rig, id);
        assert!(!rig.has_sent("body"), "it waits for Bob's keys");
        let row =
            rig.read(|reads| reads.outbox_of_message(reads.attachment(id)?.unwrap().attachment.message));
        assert!(row.iter().all(|row| !String::from_utf8_lossy(&row.bytes).contains("/1")), "{row:?}");
    }
}

#[test]
fn a_message_with_an_address_in_the_clear_is_not_sealed() {
    let (mut rig, with) = undecided();
    rig.command(AccountCommand::SetEncryption(with, false));
    // As many messages as may be under way, so that the file's waits.
    for number in 0..20 {
        let text = format!("words {number}");
        let outgoing = model::Outgoing { text, reply_to: None, corrects: None };
        rig.command(AccountCommand::Send(with, outgoing));
    }
    drop_files(&mut rig, with, &["a.txt"], "");
    let id = prepare(&mut rig);
    tell_of_service(&mut rig, "100");
    give_slot(&mut rig, "clear");
    assert_eq!(upload(&mut rig).1, FileCipher::None);
    uploaded(&mut rig, id);
    assert_eq!(transfers(&mut rig).last(), Some(&Transfer::Here));
    rig.command(AccountCommand::SetEncryption(with, true));
    rig.sent.retain(|stanza| stanza.name() == "iq");
    let ping = rig.take_sent("ping");
    rig.answer(&ping, "");
    let questions = take_list_questions(&mut rig);
    rig.answer(&questions[0], ITEM_OF_LIST);
    rig.refuse(&questions[1], "item-not-found");
    give_slot(&mut rig, "sealed");
    assert!(matches!(upload(&mut rig).1, FileCipher::Gcm { .. }));
    uploaded(&mut rig, id);
    assert!(!rig.sent.iter().any(|stanza| String::from(stanza).contains("/clear")), "{:?}", rig.sent);
    let file = rig.read(|reads| reads.attachment(id)).unwrap();
    assert_eq!(file.remote.addresses, ["https://up.example.org/sealed"]);
}

#[test]
fn a_key_is_not_told_in_the_clear_when_encryption_goes_on_and_off() {
    let (mut rig, with) = undecided();
    rig.command(AccountCommand::SetEncryption(with, false));
    drop_files(&mut rig, with, &["a.txt"], "");
    let id = prepare(&mut rig);
    rig.command(AccountCommand::SetEncryption(with, true));
    tell_of_service(&mut rig, "100");
    give_slot(&mut rig, "1");
    assert!(matches!(upload(&mut rig).1, FileCipher::Gcm { .. }));
    rig.command(AccountCommand::SetEncryption(with, false));
    uploaded(&mut rig, id);
    assert!(!rig.has_sent("body") && !rig.has_sent("file-sharing"));
    assert!(matches!(messages(&mut rig)[0].delivery, Delivery::Failed(_)));
    let message = messages(&mut rig)[0].id;
    rig.command(AccountCommand::TryAgain(message));
    give_slot(&mut rig, "2");
    assert_eq!(upload(&mut rig).1, FileCipher::None);
    uploaded(&mut rig, id);
    assert_eq!(oob::url(&rig.take_sent("file-sharing")).as_deref(), Some("https://up.example.org/2"));
}
