use super::*;

fn meaning(inner: &str) -> Meaning {
    let message = format!("<message xmlns='jabber:client' type='chat' id='m'>{inner}</message>");
    read(&message.parse().unwrap(), "en")
}

fn text(inner: &str) -> Option<String> {
    match meaning(inner).act {
        Act::Say(said) => Some(said.text),
        _ => None,
    }
}

#[test]
fn words_are_words() {
    assert_eq!(text("<body>hi</body>").as_deref(), Some("hi"));
    assert_eq!(text("<body> </body>"), None);
    assert_eq!(text("<body/>"), None);
    assert_eq!(text("<active xmlns='http://jabber.org/protocol/chatstates'/>"), None);
    assert_eq!(text("<body xml:lang='de'>hallo</body><body>hi</body>").as_deref(), Some("hi"));
    assert_eq!(text("<body xml:lang='de'>hallo</body><body xml:lang='en'>hi</body>").as_deref(), Some("hi"));
}

#[test]
fn a_letter_has_a_subject() {
    let letter: Element =
        "<message xmlns='jabber:client'><subject>News</subject><body>None.</body></message>".parse().unwrap();
    assert!(matches!(read(&letter, "en").act, Act::Say(said) if said.text == "News\nNone."));
}

#[test]
fn a_reply_loses_its_quote_and_keeps_its_words() {
    let inner = "<body>&gt; wie geht es dir?\nso weit</body><reply xmlns='urn:xmpp:reply:0' id='o' to='a@b.example'/>\
        <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='19'/></fallback>";
    let Act::Say(said) = meaning(inner).act else { panic!() };
    assert_eq!(said.text, "so weit");
    let reply = said.reply.unwrap();
    assert_eq!((reply.id.as_str(), reply.quote.as_str()), ("o", "wie geht es dir?"));
}

#[test]
fn hostile_ranges_lose_no_words() {
    for range in ["start='5' end='2'", "start='-1' end='9'", "start='0'", "start='x' end='y'", ""] {
        let inner = format!(
            "<body>words</body><reply xmlns='urn:xmpp:reply:0' id='o'/>\
             <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body {range}/></fallback>"
        );
        assert_eq!(text(&inner).as_deref(), Some("words"), "{range}");
    }
    let far = "<body>words</body><reply xmlns='urn:xmpp:reply:0' id='o'/>\
        <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='2' end='99999999999999'/></fallback>";
    assert_eq!(text(far).as_deref(), Some("wo"));
}

#[test]
fn what_is_encrypted_is_not_its_excuse() {
    let omemo = "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/><payload>x</payload></encrypted>\
        <encryption xmlns='urn:xmpp:eme:0' namespace='eu.siacs.conversations.axolotl'/>\
        <body>I sent you an OMEMO message</body>";
    let Act::Say(said) = meaning(omemo).act else { panic!() };
    assert_eq!((said.text.as_str(), said.unreadable), ("", unknown_kind(EncryptionKind::OmemoLegacy)));
    let keys = "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/></encrypted>";
    assert_eq!(meaning(keys).act, Act::Nothing);
    let otr = "<body>?OTRv3?</body>";
    assert!(
        matches!(meaning(otr).act, Act::Say(said) if said.unreadable == unknown_kind(EncryptionKind::Otr))
    );
    let unknown = "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:of:tomorrow'/><body>excuse</body>";
    assert!(
        matches!(meaning(unknown).act, Act::Say(said) if said.unreadable == unknown_kind(EncryptionKind::Other))
    );
}

#[test]
fn the_first_meaning_counts() {
    let retraction =
        "<retract xmlns='urn:xmpp:message-retract:1' id='o'/><body>This person attempted…</body>";
    assert_eq!(meaning(retraction).act, Act::Retract { target: "o".to_owned() });
    let reaction =
        "<reactions xmlns='urn:xmpp:reactions:0' id='o'><reaction>👍</reaction></reactions><body>👍</body>";
    assert!(
        matches!(meaning(reaction).act, Act::React { target, emoji } if target == "o" && emoji == ["👍"])
    );
    let correction = "<replace xmlns='urn:xmpp:message-correct:0' id='o'/><body>new</body>";
    assert!(
        matches!(meaning(correction).act, Act::Correct { target, said } if target == "o" && said.text == "new")
    );
    let tombstone = "<retracted xmlns='urn:xmpp:message-retract:1' stamp='2019-09-20T23:09:32Z'/>";
    assert!(matches!(meaning(tombstone).act, Act::Tombstone { time: Some(_) }));
}

fn unknown_kind(kind: EncryptionKind) -> Option<(UnreadableReason, EncryptionKind)> {
    Some((UnreadableReason::UnknownEncryption(kind), kind))
}
