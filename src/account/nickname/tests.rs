use model::AccountCommand;

use super::*;
use crate::testing::Rig;

#[test]
fn a_nickname_is_published_and_again_after_a_lost_link() {
    let mut rig = Rig::online();
    rig.roster("");
    rig.command(AccountCommand::SetNickname(Some(" Juliet\u{200b} ".to_owned())));
    let published = rig.take_sent("publish");
    assert!(String::from(&published).contains(">Juliet<"));
    rig.disconnect();
    rig.sign_in();
    rig.roster("");
    let again = rig.take_sent("publish");
    rig.answer(&again, "");
    rig.disconnect();
    rig.sign_in();
    rig.roster("");
    assert!(!rig.has_sent("publish"));
}

#[test]
fn a_stranger_cannot_call_themselves_like_a_contact() {
    let mut rig = Rig::online();
    rig.roster("<item jid='alice@example.net' name='Alice' subscription='both'/>");
    let ask = |from: &str, name: &str| {
        format!(
            "<presence type='subscribe' from='{from}'><nick xmlns='http://jabber.org/protocol/nick'>{name}</nick></presence>"
        )
    };
    rig.bytes(&ask("evil@example.com", "\u{391}lice"));
    rig.bytes(&ask("honest@example.com", "Bob"));
    let name =
        |rig: &mut Rig, who: &str| rig.read(|reads| reads.contact(&BareJid::new(who).unwrap())).unwrap().name;
    assert_eq!(name(&mut rig, "evil@example.com"), "evil@example.com");
    assert_eq!(name(&mut rig, "honest@example.com"), "Bob");
}
