use super::*;
use crate::testing::{Bench, bob, jid};

fn item(address: &str, name: Option<&str>, groups: &[&str]) -> RosterItem {
    RosterItem {
        address: jid(address),
        name: name.map(str::to_owned),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        subscription: Subscription::Both,
        asked: false,
        approved: false,
    }
}

fn names(bench: &mut Bench) -> Vec<String> {
    let mut names: Vec<String> =
        bench.read(|reads| reads.contacts()).into_iter().map(|contact| contact.name).collect();
    names.sort();
    names
}

#[test]
fn a_roster_is_taken_whole_and_changed_one_by_one() {
    let mut bench = Bench::new();
    let carol = item("carol@example.org", Some("Carol"), &["Friends", "Work"]);
    bench.write(|tx| tx.replace_roster(Some("v1"), &[carol.clone(), item("dave@example.org", None, &[])]));
    assert_eq!(bench.read(|reads| reads.roster_version()).as_deref(), Some("v1"));
    // Bob has a conversation, and stands on no roster.
    assert_eq!(names(&mut bench), ["Carol", "bob@example.net", "dave@example.org"]);
    let found = bench.read(|reads| reads.contact(&carol.address)).unwrap();
    assert_eq!(
        (found.groups, found.subscription, found.in_roster),
        (carol.groups.clone(), Subscription::Both, true)
    );
    bench.write(|tx| tx.put_roster_item(&item("carol@example.org", Some("Caroline"), &["Work"])));
    assert!(bench.write(|tx| tx.remove_roster_item(&jid("dave@example.org"))));
    assert_eq!(names(&mut bench), ["Caroline", "bob@example.net"]);
    bench.write(|tx| tx.replace_roster(None, &[]));
    assert_eq!(names(&mut bench), ["bob@example.net"]);
}

#[test]
fn a_request_waits_through_everything_until_it_is_answered() {
    let mut bench = Bench::new();
    let eve = jid("eve@example.org");
    assert!(bench.write(|tx| tx.set_asks_subscription(&eve, true)));
    assert!(!bench.write(|tx| tx.set_asks_subscription(&eve, true)));
    bench.write(|tx| tx.replace_roster(None, &[item("eve@example.org", Some("Eve"), &[])]));
    bench.write(|tx| tx.replace_roster(None, &[]));
    let contact = bench.read(|reads| reads.contact(&eve)).unwrap();
    assert!(contact.asks_subscription && !contact.in_roster && contact.given_name.is_none());
    assert!(bench.write(|tx| tx.set_asks_subscription(&eve, false)));
    assert_eq!(names(&mut bench), ["bob@example.net"]);
}

#[test]
fn a_blank_name_is_no_name() {
    let mut bench = Bench::new();
    bench.write(|tx| tx.put_roster_item(&item("bob@example.net", Some("  "), &[])));
    bench.write(|tx| tx.set_nickname(&bob(), Some("Bobby")));
    assert_eq!(names(&mut bench), ["Bobby"]);
}
