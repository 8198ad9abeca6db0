//! Texts that others write and we take apart: for searching, as addresses, as times, as words on the screen.

use std::cell::RefCell;

use model::{BareJid, Content, ConversationKind, Delivery, Direction, EncryptionKind, Timestamp};
use store::{Error, MessageIds, NewMessage, SearchRequest, Tx, Writer, fold};
use xmpp::{Address, payload, stanza, xep_0082_date, xep_0084_avatar, xep_0444_reactions};

use super::script::again;

thread_local! {
    static WRITER: RefCell<Writer> = RefCell::new(Writer::in_memory().expect("a database"));
}

/// The bytes are words that somebody looks for, and then a text, with 0xFF between.
pub fn read(input: &[u8]) {
    let (words, text) = match input.iter().position(|byte| *byte == 0xff) {
        Some(place) => (&input[..place], &input[place + 1..]),
        None => (input, input),
    };
    let (words, text) = (String::from_utf8_lossy(words), String::from_utf8_lossy(text));
    one(&words);
    one(&text);
    search(&words, &text);
}

fn one(text: &str) {
    let folded = fold(text);
    assert_eq!(fold(&folded), folded, "folded twice, {text:?} is another");
    if let Some(address) = Address::parse(text) {
        let said = address.to_string();
        assert_eq!(Address::parse(&said), Some(address), "{text:?} says {said:?}");
    }
    if let Some(words) = stanza::words_for_people(text) {
        assert!(!words.chars().any(|character| character.is_control() && character != '\n'), "{words:?}");
    }
    if let Some(time) = xep_0082_date::read(text) {
        assert_eq!(xep_0082_date::read(&xep_0082_date::write(time)), Some(time), "{text:?}");
    }
    assert!(payload::clamp(text.to_owned(), 7).len() <= 7);
    let whole = payload::xml_text(text);
    if !whole.is_empty() {
        again(&payload::text_tag("body", "jabber:client", &whole));
    }
    std::hint::black_box((xep_0444_reactions::is_emoji(text), xep_0084_avatar::decode(text)));
}

/// What is whole in a text is found, and whatever is looked for, the question is one that can be asked.
fn search(words: &str, text: &str) {
    let undone = WRITER.with_borrow_mut(|writer| {
        writer.write(|tx| -> Result<(), Undo> {
            look(tx, words, text).unwrap_or_else(|error| panic!("{words:?} in {text:?}: {error}"));
            Err(Undo)
        })
    });
    assert!(undone.is_err());
}

fn look(tx: &mut Tx<'_>, words: &str, text: &str) -> Result<(), Error> {
    let bob = BareJid::new("bob@example.org").expect("an address");
    let conversation = tx.create_conversation(&bob, ConversationKind::Direct, false, Timestamp(1))?;
    tx.insert_message(&NewMessage {
        conversation,
        direction: Direction::Incoming,
        sender: bob,
        occupant: None,
        nickname: None,
        time: Timestamp(1),
        sort_time: Timestamp(1),
        content: Content::Text(text.to_owned()),
        encryption: EncryptionKind::None,
        delivery: Delivery::Received,
        ids: MessageIds::default(),
        reply: None,
        unread: true,
    })?;
    for (words, is_there) in [(words, false), (text, true)] {
        let request = SearchRequest { words: words.to_owned(), conversation: None, before: None, limit: 10 };
        let found = tx.reads().search(&request)?;
        for hit in &found.hits {
            for range in &hit.highlights {
                assert!(text.get(range.clone()).is_some(), "{range:?} cuts {text:?} for {words:?}");
            }
        }
        let sought = fold(words).chars().any(char::is_alphanumeric);
        assert!(!is_there || !sought || found.hits.len() == 1, "{words:?} is not found in itself");
    }
    Ok(())
}

/// Nothing of an input stays.
struct Undo;

impl From<Error> for Undo {
    fn from(error: Error) -> Self {
        panic!("{error}")
    }
}
