use model::{BareJid, Timestamp};
use store::ArchiveCursor;
use xmpp::minidom::Element;

use crate::{Input, refused::Kind, testing::Rig};

const HEAD: &str = "xmlns='urn:xmpp:mam:2'";

fn own() -> BareJid {
    BareJid::new("me@example.org").unwrap()
}

/// An account that knows its archive up to "0", has just signed in, and asks for what came after it.
fn reading() -> (Rig, Element) {
    let mut rig = Rig::offline();
    rig.write(|tx| {
        tx.set_archive_cursor(&own(), Some(&ArchiveCursor { id: "0".to_owned(), time: Timestamp(0) }))
    });
    rig.sign_in();
    let query = take_query(&mut rig);
    assert_eq!(after(&query), "0");
    (rig, query)
}

fn take_query(rig: &mut Rig) -> Element {
    let at = rig.sent.iter().position(|stanza| stanza.has_child("query", super::mam::NS));
    rig.sent.remove(at.expect("the archive is asked"))
}

fn after(query: &Element) -> String {
    let mut found = Vec::new();
    query.children().for_each(|child| found.extend(child.children()));
    found.iter().flat_map(|set| set.children()).find(|child| child.name() == "after").unwrap().text()
}

fn results(query: &Element, ids: std::ops::RangeInclusive<u32>, filler: usize) -> String {
    let query_id = query.children().next().and_then(|child| child.attr("queryid")).unwrap();
    let words = "x".repeat(filler);
    ids.map(|id| {
        format!(
            "<message to='me@example.org/here'><result {HEAD} queryid='{query_id}' id='{id}'>\
             <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2027-01-01T00:00:00Z'/>\
             <message xmlns='jabber:client' type='chat' id='s{id}' from='you@example.net/x' to='me@example.org'>\
             <body>{id}{words}</body></message></forwarded></result></message>"
        )
    })
    .collect::<Vec<String>>()
    .concat()
}

fn fin(query: &Element, from: &str, last: u32, complete: bool) -> String {
    let id = query.attr("id").unwrap();
    format!(
        "<iq type='result' id='{id}'{from}><fin {HEAD} complete='{complete}'>\
         <set xmlns='http://jabber.org/protocol/rsm'><first>1</first><last>{last}</last></set></fin></iq>"
    )
}

fn cursor(rig: &mut Rig) -> String {
    rig.read(|reads| reads.archive_cursor(&own())).unwrap().id
}

fn is_here(rig: &mut Rig, id: u32) -> bool {
    rig.read(|reads| reads.message_by_archive_id(&own(), &id.to_string())).is_some()
}

#[test]
fn the_next_page_is_asked_for_before_this_one_is_stored_and_once() {
    let (mut rig, query) = reading();
    rig.bytes(&(results(&query, 1..=3, 0) + &fin(&query, "", 3, false)));
    let next = take_query(&mut rig);
    assert_eq!(after(&next), "3");
    assert!(!is_here(&mut rig, 1), "what was asked for must not wait for a commit");
    assert_eq!(cursor(&mut rig), "0");
    // What comes meanwhile of the next page waits for its turn.
    rig.bytes(&results(&next, 4..=4, 0));
    assert!(is_here(&mut rig, 1) && is_here(&mut rig, 4));
    assert_eq!(cursor(&mut rig), "3");
    rig.bytes(&fin(&next, "", 4, true));
    assert_eq!(cursor(&mut rig), "4");
    assert!(!rig.sent.iter().any(|stanza| stanza.has_child("query", super::mam::NS)));
    assert_eq!(rig.refused(Kind::ArchiveResult), 0);
}

#[test]
fn what_was_asked_ahead_is_asked_again_by_the_next_session() {
    let (mut rig, query) = reading();
    rig.bytes(&(results(&query, 1..=250, 0) + &fin(&query, "", 250, false)));
    assert_eq!(after(&take_query(&mut rig)), "250");
    rig.input(Input::Continue);
    assert!(is_here(&mut rig, 100) && !is_here(&mut rig, 101), "one batch");
    assert_eq!(cursor(&mut rig), "0");
    rig.disconnect();
    for _ in 0..3 {
        rig.input(Input::Continue);
    }
    assert!(is_here(&mut rig, 250), "what came before the end is read");
    assert_eq!(cursor(&mut rig), "250");
    rig.sent.clear();
    rig.sign_in();
    let again = take_query(&mut rig);
    assert_eq!(after(&again), "250");
    rig.bytes(&(results(&again, 251..=252, 0) + &fin(&again, "", 252, true)));
    assert!(is_here(&mut rig, 252));
    assert_eq!(cursor(&mut rig), "252");
    assert_eq!(rig.refused(Kind::ArchiveResult), 0);
}

#[test]
fn the_end_of_a_page_counts_only_from_the_archive() {
    let (mut rig, query) = reading();
    rig.bytes(&(results(&query, 1..=1, 0) + &fin(&query, " from='you@example.net'", 1, false)));
    assert!(!rig.sent.iter().any(|stanza| stanza.has_child("query", super::mam::NS)));
    assert!(is_here(&mut rig, 1));
}

#[test]
fn what_waits_is_bounded() {
    let (mut rig, query) = reading();
    assert!(rig.looks_ahead());
    rig.bytes(&results(&query, 1..=400, 2000));
    assert!(!rig.looks_ahead(), "too much waits already");
    for _ in 0..3 {
        rig.input(Input::Continue);
    }
    assert!(rig.looks_ahead());
    rig.bytes(&fin(&query, "", 400, true));
    assert!(!rig.looks_ahead(), "there is no more to come");
}
