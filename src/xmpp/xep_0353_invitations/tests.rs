use super::*;
use crate::xep_0166_jingle::Condition;

fn message(children: &str) -> Element {
    format!("<message xmlns='jabber:client' type='chat'>{children}</message>").parse().unwrap()
}

fn act(name: &str, children: &str) -> Option<Act> {
    let text = format!("<{name} xmlns='{NS}' id='s'>{children}</{name}>");
    read(&message(&text)).map(|invitation| invitation.act)
}

#[test]
fn a_proposal_names_its_media_once() {
    let of = |kind: &str| format!("<description xmlns='{}' media='{kind}'/>", rtp::NS);
    let media = |children: String| match act("propose", &children) {
        Some(Act::Propose(media)) => media,
        other => panic!("{other:?}"),
    };
    assert_eq!(media(of("audio")), [MediaKind::Audio]);
    assert_eq!(media(of("audio") + &of("video") + &of("audio")), [MediaKind::Audio, MediaKind::Video]);
    assert_eq!(media(of("audio") + &of("smell")), [], "not a call we know");
    assert_eq!(media(of("audio") + "<description xmlns='urn:files'/>"), []);
    assert_eq!(media(of("audio").repeat(9)), [], "too many");
    assert_eq!(media(String::new()), []);
}

#[test]
fn both_versions_are_read() {
    assert_eq!(act("accept", ""), Some(Act::Accept));
    assert_eq!(act("reject", ""), Some(Act::Reject { reason: None, tie_break: false }));
    let reason = "<reason xmlns='urn:xmpp:jingle:1'><expired/><text>Tie-Break</text></reason><tie-break/>";
    let Some(Act::Retract { reason: Some(reason), tie_break: true }) = act("retract", reason) else {
        panic!()
    };
    assert_eq!((reason.condition, reason.text.as_deref()), (Condition::Expired, Some("Tie-Break")));
    // Dino and Conversations name the device that will seal fingerprints.
    let device = "<device xmlns='http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification' id='1234'/>";
    assert_eq!(act("proceed", device), Some(Act::Proceed { device: Some(1234) }));
    assert_eq!(act("dance", ""), None);
    assert_eq!(read(&message(&format!("<propose xmlns='{NS}'/>"))), None);
    assert_eq!(read(&message(&format!("<ringing xmlns='{NS}' id='{}'/>", "x".repeat(300)))), None);
}

#[test]
fn what_is_written_is_read() {
    let reason = || Some(Reason::from(Condition::Busy));
    for act in [
        Act::Propose(vec![MediaKind::Audio, MediaKind::Video]),
        Act::Ringing,
        Act::Proceed { device: None },
        Act::Proceed { device: Some(7) },
        Act::Accept,
        Act::Reject { reason: reason(), tie_break: true },
        Act::Retract { reason: None, tie_break: false },
        Act::Finish { reason: reason(), migrated: Some("other".to_owned()) },
        Act::Finish { reason: None, migrated: None },
    ] {
        let invitation = Invitation { session: "s".to_owned(), act };
        let message = parent_tag("message", "jabber:client", &[], [invitation.element()]);
        assert_eq!(read(&message), Some(invitation));
    }
}
