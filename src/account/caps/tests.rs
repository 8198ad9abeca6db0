use super::*;
use crate::testing::Rig;

const VER: &str = "QgayPKawpkPSDYmwT/WM94uAlu0=";
const GOOD: &str = "<query xmlns='http://jabber.org/protocol/disco#info'>\
    <identity category='client' name='Exodus 0.9.1' type='pc'/>\
    <feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>\
    <feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/></query>";
const KEY: &str = "sha-1:QgayPKawpkPSDYmwT/WM94uAlu0=";

fn friends() -> Rig {
    let mut rig = Rig::online();
    let items: Vec<_> =
        (0..9).map(|n| format!("<item jid='c{n}@example.net' subscription='both'/>")).collect();
    rig.roster(&items.concat());
    rig.sent.clear();
    rig
}

fn announce(rig: &mut Rig, who: &str, ver: &str) {
    rig.bytes(&format!(
        "<presence from='{who}'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://x' ver='{ver}'/>\
         </presence>"
    ));
}

#[test]
fn one_device_is_asked_for_a_program_and_the_answer_kept() {
    let mut rig = friends();
    announce(&mut rig, "c0@example.net/a", VER);
    announce(&mut rig, "c1@example.net/b", VER);
    let question = rig.take_sent("query");
    assert_eq!(question.attr("to"), Some("c0@example.net/a"));
    assert_eq!(question.children().next().unwrap().attr("node"), Some(format!("http://x#{VER}").as_str()));
    assert!(!rig.has_sent("query"));
    rig.answer(&question, GOOD);
    assert_eq!(rig.read(|reads| reads.caps(KEY)).unwrap().len(), 4);
    announce(&mut rig, "c2@example.net/c", VER);
    assert!(!rig.has_sent("query"), "known");
}

#[test]
fn poison_is_never_kept_and_the_next_device_is_asked() {
    let mut rig = friends();
    announce(&mut rig, "c0@example.net/a", VER);
    announce(&mut rig, "c1@example.net/b", VER);
    let question = rig.take_sent("query");
    rig.answer(&question, &GOOD.replace("protocol/muc'", "protocol/muc'/><feature var='urn:evil'"));
    assert_eq!(rig.refused(Kind::Caps), 1);
    assert_eq!(rig.read(|reads| reads.caps(KEY)), None);
    let second = rig.take_sent("query");
    assert_eq!(second.attr("to"), Some("c1@example.net/b"));
    rig.answer(&second, GOOD);
    assert!(rig.read(|reads| reads.caps(KEY)).is_some());
}

#[test]
fn an_answer_by_somebody_else_does_not_count() {
    let mut rig = friends();
    announce(&mut rig, "c0@example.net/a", VER);
    let question = rig.take_sent("query");
    let id = question.attr("id").unwrap();
    rig.bytes(&format!("<iq type='result' id='{id}' from='c1@example.net/b'>{GOOD}</iq>"));
    assert_eq!(rig.read(|reads| reads.caps(KEY)), None);
    assert_eq!(rig.refused(Kind::IqAnswer), 1);
}

#[test]
fn two_are_asked_at_a_time_and_a_liar_is_given_up_on() {
    let mut rig = friends();
    for n in 0..9 {
        announce(&mut rig, &format!("c{n}@example.net/a"), &format!("{n}ayPKawpkPSDYmwT/WM94uAlu0="));
    }
    let asked: Vec<_> = rig.sent.iter().filter(|stanza| stanza.name() == "iq").collect();
    assert_eq!(asked.len(), PACE);
    for _ in 0..9 {
        let question = rig.take_sent("query");
        rig.answer(&question, GOOD);
    }
    assert!(!rig.has_sent("query"));
    assert_eq!(rig.refused(Kind::Caps), 9);
    announce(&mut rig, "c0@example.net/a", "0ayPKawpkPSDYmwT/WM94uAlu0=");
    assert!(!rig.has_sent("query"), "asked once");
}
