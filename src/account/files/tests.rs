//! Files sent and received, against a server that is played: the chain of rows, limits, keys, every form of message.

use files::{Digest, Prepared};
use model::{
    AccountCommand, BareJid, Content, ConversationId, ConversationKind, Delivery, FileSource, Message,
    OutgoingFile, OutgoingFiles, Timestamp, TransferFailure,
};
use store::{Anchor, FileCipher, PageRequest};
use xmpp::{minidom::Element, xep_0066_oob as oob, xep_0447_file_sharing as sharing};

use super::*;
use crate::{Input, testing::Rig};

const BOB: &str = "bob@example.net";

fn conversation(rig: &mut Rig) -> ConversationId {
    let bob = BareJid::new(BOB).unwrap();
    let found = rig.read(|reads| reads.conversation_with(&bob));
    found.unwrap_or_else(|| {
        rig.write(|tx| tx.create_conversation(&bob, ConversationKind::Direct, false, Timestamp(0)))
    })
}

fn messages(rig: &mut Rig) -> Vec<Message> {
    let request = PageRequest { conversation: conversation(rig), anchor: Anchor::Newest, limit: 50 };
    rig.read(|reads| reads.page(&request)).messages
}

fn transfers(rig: &mut Rig) -> Vec<Transfer> {
    messages(rig).iter().flat_map(|message| &message.attachments).map(|file| file.transfer).collect()
}

/// Bob and we talk in the clear, because we said so.
fn in_the_clear() -> (Rig, ConversationId) {
    let mut rig = Rig::online();
    rig.account_features(&[]);
    let with = conversation(&mut rig);
    rig.command(AccountCommand::SetEncryption(with, false));
    rig.sent.clear();
    (rig, with)
}

fn file(name: &str) -> OutgoingFile {
    OutgoingFile {
        source: FileSource::Bytes(b"words".as_slice().into()),
        name: Some(name.to_owned()),
        strip_metadata: true,
        longest_side: None,
        voice: None,
    }
}

fn drop_files(rig: &mut Rig, with: ConversationId, names: &[&str], caption: &str) {
    let outgoing = OutgoingFiles {
        files: names.iter().map(|name| file(name)).collect(),
        caption: caption.to_owned(),
        reply_to: None,
    };
    rig.command(AccountCommand::SendFiles(with, outgoing));
}

fn report(rig: &mut Rig, report: FileReport) {
    rig.input(Input::File(report));
}

/// The thread has made ready what it was asked to.
fn prepare(rig: &mut Rig) -> AttachmentId {
    let place =
        rig.jobs.iter().position(|job| matches!(job, FileJob::Prepare { .. })).expect("a file to prepare");
    let FileJob::Prepare { id, .. } = rig.jobs.remove(place) else { unreachable!() };
    let prepared =
        Prepared { media_type: "text/plain".into(), size: 5, picture: None, extension: None, is_kept: true };
    report(rig, FileReport::Prepared(id, Ok(prepared)));
    id
}

/// The server tells of its place for files.
fn tell_of_service(rig: &mut Rig, most: &str) {
    let items = rig.take_sent("query");
    let info = rig.take_sent("query");
    let (items, info) = if items.has_child("query", "http://jabber.org/protocol/disco#items") {
        (items, info)
    } else {
        (info, items)
    };
    rig.answer(&info, "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='x'/></query>");
    rig.answer(
        &items,
        "<query xmlns='http://jabber.org/protocol/disco#items'><item jid='up.example.org'/></query>",
    );
    let info = rig.take_sent("query");
    assert_eq!(info.attr("to"), Some("up.example.org"));
    let form = format!(
        "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'><value>urn:xmpp:http:upload:0</value></field>\
         <field var='max-file-size'><value>{most}</value></field></x>"
    );
    rig.answer(
        &info,
        &format!("<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:http:upload:0'/>{form}</query>"),
    );
}

fn give_slot(rig: &mut Rig, place: &str) -> Element {
    let place_of = |stanza: &Element| stanza.has_child("request", "urn:xmpp:http:upload:0");
    let question = rig.sent.iter().position(place_of).expect("a slot is asked for");
    let question = rig.sent.remove(question);
    assert_eq!(question.attr("to"), Some("up.example.org"));
    rig.answer(
        &question,
        &format!(
            "<slot xmlns='urn:xmpp:http:upload:0'><put url='https://up.example.org/{place}'>\
             <header name='Authorization'>Bearer x</header></put><get url='https://up.example.org/{place}'/></slot>"
        ),
    );
    question
}

/// The upload that was asked for.
fn upload(rig: &mut Rig) -> (AttachmentId, FileCipher, String) {
    let place =
        rig.jobs.iter().position(|job| matches!(job, FileJob::Upload { .. })).expect("a file to upload");
    let FileJob::Upload { id, cipher, address, headers, .. } = rig.jobs.remove(place) else { unreachable!() };
    assert_eq!(headers, [("Authorization", "Bearer x".to_owned())]);
    (id, cipher, address)
}

#[test]
fn a_file_is_prepared_uploaded_and_sent_and_its_caption_follows() {
    let (mut rig, with) = in_the_clear();
    drop_files(&mut rig, with, &["a.txt"], "Look");
    assert_eq!(transfers(&mut rig), [Transfer::Preparing]);
    assert!(rig.sent.is_empty(), "the caption waits for its file");
    prepare(&mut rig);
    assert_eq!(transfers(&mut rig), [Transfer::Uploading]);
    tell_of_service(&mut rig, "100");
    let question = give_slot(&mut rig, "1");
    let request = question.get_child("request", "urn:xmpp:http:upload:0").unwrap();
    assert_eq!((request.attr("filename"), request.attr("size")), (Some("a.txt"), Some("5")));
    let (id, cipher, _) = upload(&mut rig);
    assert_eq!(cipher, FileCipher::None);
    assert!(!rig.has_sent("body"));
    report(&mut rig, FileReport::Uploaded(id, Ok(Digest::Sha256([7; 32]))));

    let message = rig.take_sent("file-sharing");
    assert_eq!(oob::url(&message).as_deref(), Some("https://up.example.org/1"));
    assert_eq!(message.get_child("body", "jabber:client").unwrap().text(), "https://up.example.org/1");
    let shared = sharing::files(&message).remove(0);
    assert_eq!((shared.file.name.as_deref(), shared.file.size), (Some("a.txt"), Some(5)));
    assert!(shared.file.hash.is_some());
    assert!(!rig.has_sent("body"), "the caption waits until the server has the file's message");
    let ping = rig.take_sent("ping");
    rig.answer(&ping, "");
    let caption = rig.take_sent("body");
    assert_eq!(caption.get_child("body", "jabber:client").unwrap().text(), "Look");
    assert_eq!(transfers(&mut rig), [Transfer::Here]);
}

#[test]
fn files_go_in_order_one_after_the_other() {
    let (mut rig, with) = in_the_clear();
    drop_files(&mut rig, with, &["a.txt", "b.txt"], "");
    let first = prepare(&mut rig);
    let second = prepare(&mut rig);
    tell_of_service(&mut rig, "100");
    give_slot(&mut rig, "1");
    assert!(!rig.has_sent("request"), "the second waits");
    assert_eq!(upload(&mut rig).0, first);
    report(&mut rig, FileReport::Uploaded(first, Ok(Digest::Sha256([7; 32]))));
    give_slot(&mut rig, "2");
    assert_eq!(upload(&mut rig).0, second);
}

#[test]
fn a_file_that_takes_long_holds_up_its_own_conversation_alone() {
    let (mut rig, with) = in_the_clear();
    let carol = BareJid::new("carol@example.net").unwrap();
    let other = rig.write(|tx| tx.create_conversation(&carol, ConversationKind::Direct, false, Timestamp(0)));
    rig.command(AccountCommand::SetEncryption(other, false));
    drop_files(&mut rig, with, &["film.mp4", "b.txt"], "");
    drop_files(&mut rig, other, &["c.txt"], "");
    let begun = |rig: &Rig| rig.jobs.iter().filter(|job| matches!(job, FileJob::Prepare { .. })).count();
    assert_eq!(begun(&rig), 2, "the film, and what is for somebody else");
    let film = prepare(&mut rig);
    assert_eq!(begun(&rig), 2, "now what comes after the film");
    let (second, third) = (prepare(&mut rig), prepare(&mut rig));
    assert!(film < third && third < second, "{film:?} {second:?} {third:?}");
}

#[test]
fn what_is_too_large_is_not_even_asked_for() {
    let (mut rig, with) = in_the_clear();
    drop_files(&mut rig, with, &["a.txt"], "");
    prepare(&mut rig);
    tell_of_service(&mut rig, "4");
    assert!(!rig.has_sent("request"));
    assert_eq!(transfers(&mut rig), [Transfer::Failed(TransferFailure::TooLarge(4))]);
    assert!(matches!(messages(&mut rig)[0].delivery, Delivery::Failed(_)));
}

#[test]
fn a_server_without_a_place_for_files_says_so() {
    let (mut rig, with) = in_the_clear();
    drop_files(&mut rig, with, &["a.txt"], "And words");
    prepare(&mut rig);
    for _ in 0..2 {
        let question = rig.take_sent("query");
        rig.refuse(&question, "service-unavailable");
    }
    assert_eq!(transfers(&mut rig), [Transfer::Failed(TransferFailure::NoService)]);
    assert!(rig.has_sent("body"), "the caption does not wait for ever");
}

#[test]
fn a_passing_trouble_is_tried_again_with_another_key_and_a_lasting_one_waits_for_the_user() {
    let mut rig = Rig::online();
    rig.account_features(&["http://jabber.org/protocol/pubsub#publish-options"]);
    let with = conversation(&mut rig);
    rig.command(AccountCommand::SetEncryption(with, true));
    rig.sent.retain(|stanza| stanza.name() != "iq");
    drop_files(&mut rig, with, &["secret-name.txt"], "");
    prepare(&mut rig);
    tell_of_service(&mut rig, "100");
    let question = give_slot(&mut rig, "1");
    let request = question.get_child("request", "urn:xmpp:http:upload:0").unwrap();
    assert_eq!(request.attr("size"), Some("21"), "with its tag");
    assert!(!String::from(&question).contains("secret-name"), "{question:?}");
    let (id, first, _) = upload(&mut rig);
    report(&mut rig, FileReport::Uploaded(id, Err(Trouble::Passing)));
    assert!(!rig.has_sent("request"));
    rig.pass(Duration::from_secs(3));
    rig.input(Input::Timer);
    give_slot(&mut rig, "2");
    let (_, second, _) = upload(&mut rig);
    assert!(matches!((&first, &second), (FileCipher::Gcm { .. }, FileCipher::Gcm { .. })) && first != second);

    report(&mut rig, FileReport::Uploaded(id, Err(Trouble::Lasting(TransferFailure::Refused))));
    assert_eq!(transfers(&mut rig), [Transfer::Failed(TransferFailure::Refused)]);
    rig.command(AccountCommand::RetryTransfer(id));
    assert_eq!(transfers(&mut rig), [Transfer::Uploading]);
    assert!(!rig.jobs.iter().any(|job| matches!(job, FileJob::Prepare { .. })), "it was ready");
}

#[test]
fn what_was_to_be_encrypted_is_not_sent_when_encryption_is_turned_off() {
    let mut rig = Rig::online();
    rig.account_features(&["http://jabber.org/protocol/pubsub#publish-options"]);
    let with = conversation(&mut rig);
    rig.command(AccountCommand::SetEncryption(with, true));
    rig.sent.retain(|stanza| stanza.name() != "iq");
    drop_files(&mut rig, with, &["a.txt"], "");
    prepare(&mut rig);
    tell_of_service(&mut rig, "100");
    give_slot(&mut rig, "1");
    let (id, ..) = upload(&mut rig);
    rig.command(AccountCommand::SetEncryption(with, false));
    report(&mut rig, FileReport::Uploaded(id, Ok(Digest::Sha256([7; 32]))));
    assert!(!rig.has_sent("body") && !rig.has_sent("file-sharing"));
    assert!(matches!(messages(&mut rig)[0].delivery, Delivery::Failed(_)));
}

fn hear(rig: &mut Rig, inside: &str) {
    rig.bytes(&format!(
        "<message xmlns='jabber:client' from='{BOB}/x' type='chat' id='m'>{inside}</message>"
    ));
}

const LINK: &str = "https://files.example.net/a%20b.JPG";

fn described(size: &str) -> String {
    format!(
        "<body>{LINK}</body><file-sharing xmlns='urn:xmpp:sfs:0' disposition='inline'>\
         <file xmlns='urn:xmpp:file:metadata:0'><media-type>image/jpeg</media-type><name>../b.jpg</name>{size}\
         <desc>Boats&#x202e;</desc></file><sources>\
         <url-data xmlns='http://jabber.org/protocol/url-data' target='{LINK}'/></sources></file-sharing>"
    )
}

#[test]
fn every_way_of_telling_of_a_file_is_understood() {
    for (inside, name, text) in [
        (described("<size>9</size>"), "b.jpg", ""),
        (
            described("") + "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:sfs:0'><body/></fallback>",
            "b.jpg",
            "",
        ),
        (
            described("").replace(&format!("<body>{LINK}</body>"), "<body>Our boats</body>"),
            "b.jpg",
            "Our boats",
        ),
        (format!("<body>{LINK}</body><x xmlns='jabber:x:oob'><url>{LINK}</url></x>"), "a b.JPG", ""),
        (format!("<body>aesgcm://files.example.net/c.png#{}</body>", "0a".repeat(44)), "c.png", ""),
    ] {
        let mut rig = Rig::online();
        hear(&mut rig, &inside);
        let message = messages(&mut rig).remove(0);
        let names: Vec<_> = message.attachments.iter().map(|file| file.name.as_str()).collect();
        assert_eq!((names, message.content), (vec![name], Content::Text(text.to_owned())), "{inside}");
        assert!(message.attachments[0].kind() == model::FileKind::Picture, "{inside}");
    }
}

#[test]
fn what_only_looks_like_a_file_is_words() {
    for inside in [
        format!("<body>See {LINK}</body><x xmlns='jabber:x:oob'><url>{LINK}</url></x>"),
        format!("<body>{LINK}</body>"),
        format!("<body>{LINK}</body><x xmlns='jabber:x:oob'><url>http://files.example.net/</url></x>"),
        "<body>aesgcm://files.example.net/c.png#00</body>".to_owned(),
    ] {
        let mut rig = Rig::online();
        hear(&mut rig, &inside);
        let message = messages(&mut rig).remove(0);
        assert!(
            message.attachments.is_empty() && message.content != Content::Text(String::new()),
            "{inside}"
        );
    }
}

#[test]
fn files_are_fetched_by_themselves_only_from_those_who_were_accepted() {
    let mut rig = Rig::online();
    hear(&mut rig, &described("<size>9</size>"));
    assert_eq!(transfers(&mut rig), [Transfer::Offered]);
    assert!(rig.jobs.is_empty(), "a stranger");

    let mut rig = Rig::online();
    rig.roster(&format!("<item jid='{BOB}' subscription='both'/>"));
    hear(&mut rig, &described("<size>99999999999</size>"));
    assert!(rig.jobs.is_empty(), "too large");
    let mut rig = Rig::online();
    rig.roster(&format!("<item jid='{BOB}' subscription='both'/>"));
    let settings = rig.read(|reads| reads.file_settings());
    rig.command(AccountCommand::SetFileSettings(FileSettings { fetch_pictures: 0, ..settings }));
    hear(&mut rig, &described(""));
    assert!(rig.jobs.is_empty(), "pictures are not wanted");
    let mut rig = Rig::online();
    rig.roster(&format!("<item jid='{BOB}' subscription='both'/>"));
    hear(&mut rig, &described("<size>9</size>").replace("inline", "attachment"));
    assert!(rig.jobs.is_empty(), "to be saved");

    let mut rig = Rig::online();
    rig.roster(&format!("<item jid='{BOB}' subscription='both'/>"));
    hear(&mut rig, &described("<size>9</size>"));
    assert_eq!(transfers(&mut rig), [Transfer::Downloading]);
    let Some(FileJob::Download { id, limit: 9, .. }) = rig.jobs.pop() else { panic!("{:?}", rig.jobs) };
    report(&mut rig, FileReport::Downloaded(id, Ok(("application/x-executable".to_owned(), 9))));
    let file = messages(&mut rig).remove(0).attachments.remove(0);
    assert_eq!(
        (file.transfer, file.kind()),
        (Transfer::Here, model::FileKind::Other),
        "its bytes say what it is"
    );
    assert_eq!(file.description.as_deref(), Some("Boats"));
}

#[test]
fn what_is_not_genuine_is_deleted() {
    let mut rig = Rig::online();
    rig.roster(&format!("<item jid='{BOB}' subscription='both'/>"));
    hear(&mut rig, &described("<size>9</size>"));
    let Some(FileJob::Download { id, .. }) = rig.jobs.pop() else { panic!("{:?}", rig.jobs) };
    report(&mut rig, FileReport::Downloaded(id, Err(Trouble::Lasting(TransferFailure::NotGenuine))));
    assert_eq!(transfers(&mut rig), [Transfer::Failed(TransferFailure::NotGenuine)]);
    let Some(FileJob::Delete { container, .. }) = rig.jobs.pop() else { panic!("{:?}", rig.jobs) };
    report(&mut rig, FileReport::Deleted(container));
    assert!(rig.read(|reads| reads.discarded_files()).is_empty());
}

#[test]
fn a_file_of_unknown_size_is_fetched_as_far_as_the_user_allows() {
    let mut rig = Rig::online();
    rig.roster(&format!("<item jid='{BOB}' subscription='both'/>"));
    let allowed = rig.read(|reads| reads.file_settings()).fetch_pictures;
    hear(&mut rig, &described(""));
    let Some(FileJob::Download { id, limit, .. }) = rig.jobs.pop() else { panic!("{:?}", rig.jobs) };
    assert_eq!(limit, allowed);
    report(&mut rig, FileReport::Downloaded(id, Err(Trouble::Lasting(TransferFailure::LargerThanSaid))));
    assert_eq!(transfers(&mut rig), [Transfer::Offered], "it is the user's to fetch");
    rig.jobs.clear();
    rig.command(AccountCommand::Download(id));
    let Some(FileJob::Download { limit, .. }) = rig.jobs.pop() else { panic!("{:?}", rig.jobs) };
    assert!(limit > allowed);
    report(&mut rig, FileReport::Downloaded(id, Ok(("image/png".to_owned(), allowed + 1))));
    assert_eq!(transfers(&mut rig), [Transfer::Here]);
}

#[test]
fn a_file_may_be_an_answer() {
    let (mut rig, with) = in_the_clear();
    hear(&mut rig, "<body>Where are you?</body><origin-id xmlns='urn:xmpp:sid:0' id='question'/>");
    let question = messages(&mut rig).remove(0);
    let outgoing = OutgoingFiles {
        files: vec![file("a.txt"), file("b.txt")],
        caption: "Here".to_owned(),
        reply_to: Some(question.id),
    };
    rig.command(AccountCommand::SendFiles(with, outgoing));
    let id = prepare(&mut rig);
    tell_of_service(&mut rig, "100");
    give_slot(&mut rig, "1");
    upload(&mut rig);
    report(&mut rig, FileReport::Uploaded(id, Ok(Digest::Sha256([7; 32]))));
    let sent = rig.take_sent("file-sharing");
    let reply = xmpp::xep_0461_replies::reply(&sent).expect("an answer");
    assert_eq!((reply.id.as_str(), reply.to.unwrap().to_string().as_str()), ("question", BOB));
    assert_eq!(sent.get_child("body", "jabber:client").unwrap().text(), "https://up.example.org/1");
    let quotes: Vec<_> =
        messages(&mut rig).into_iter().map(|message| message.reply.map(|reply| reply.text)).collect();
    assert_eq!(quotes, [None, Some("Where are you?".to_owned()), None, None]);
}

#[test]
fn a_file_that_is_an_answer_is_one_here_too() {
    let answer = "<reply xmlns='urn:xmpp:reply:0' id='question'/>";
    let quote =
        "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='9'/></fallback>";
    let quoting = |rest: &str| format!("<body>&gt; Where?\n{rest}</body>{answer}{quote}");
    let sealed = format!("aesgcm://files.example.net/c.png#{}", "0a".repeat(44));
    let fallback =
        "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:sfs:0'><body start='9' end='100'/></fallback>";
    for inside in [
        format!("{}{answer}", described("")),
        described("").replace(&format!("<body>{LINK}</body>"), &quoting(LINK)),
        described("").replace(&format!("<body>{LINK}</body>"), &quoting(LINK)) + fallback,
        quoting(LINK) + &format!("<x xmlns='jabber:x:oob'><url>{LINK}</url></x>"),
        quoting(&sealed),
        format!("<body>{sealed}</body>{answer}"),
    ] {
        let (mut rig, with) = in_the_clear();
        let outgoing = model::Outgoing { text: "Where are you?".to_owned(), reply_to: None, corrects: None };
        rig.command(AccountCommand::Send(with, outgoing));
        let question = rig.take_sent("body").attr("id").unwrap().to_owned();
        hear(&mut rig, &inside.replace("question", &question));
        let message = messages(&mut rig).pop().unwrap();
        assert_eq!(
            (message.attachments.len(), message.content),
            (1, Content::Text(String::new())),
            "{inside}"
        );
        assert_eq!(message.reply.expect("an answer").text, "Where are you?", "{inside}");
    }
}

mod forms;
