use proptest::prelude::*;

use super::{action, clean, is_emoji_only, links};

/// Each line: a text, and the links in it.
const TABLE: &[(&str, &[&str])] = &[
    ("no link", &[]),
    ("see https://example.org.", &["https://example.org"]),
    ("see https://example.org/a?b=c&d=e#f, and more", &["https://example.org/a?b=c&d=e#f"]),
    ("(https://example.org)", &["https://example.org"]),
    ("https://example.org/Rust_(language)", &["https://example.org/Rust_(language)"]),
    ("(see https://example.org/a_(b))", &["https://example.org/a_(b)"]),
    ("HTTPS://EXAMPLE.ORG", &["HTTPS://EXAMPLE.ORG"]),
    ("http://[::1]:8080/x", &["http://[::1]:8080/x"]),
    ("two http://a.b http://c.d", &["http://a.b", "http://c.d"]),
    ("write to mailto:bob@example.org!", &["mailto:bob@example.org"]),
    ("xmpp:room@example.org?join", &["xmpp:room@example.org?join"]),
    ("https://bücher.example/straße", &["https://bücher.example/straße"]),
    ("<https://example.org>", &["https://example.org"]),
    ("\"https://example.org\"", &["https://example.org"]),
    ("https://", &[]),
    ("https:// example", &[]),
    ("xmpp:", &[]),
    ("javascript:alert(1)", &[]),
    ("file:///etc/passwd", &[]),
    ("data:text/html,x", &[]),
    ("nothttps://example.org", &[]),
    ("日本https://example.org", &[]),
    ("日本 https://example.org。", &["https://example.org"]),
    ("a:b:c 10:30: https://x.y", &["https://x.y"]),
];

#[test]
fn links_are_found_and_nothing_else() {
    for (text, expected) in TABLE {
        let found: Vec<_> = links(text).into_iter().map(|link| &text[link]).collect();
        assert_eq!(&found, expected, "in {text:?}");
    }
}

#[test]
fn characters_that_deceive_are_taken_out() {
    assert_eq!(clean("a\u{202e}gpj.exe"), "agpj.exe");
    assert_eq!(clean("bell\u{7}"), "bell\u{fffd}");
    assert_eq!(clean("two\r\nlines\n\n"), "two\nlines");
}

#[test]
fn long_texts_are_cut() {
    assert_eq!(clean(&"x".repeat(20_000)).chars().count(), 10_001);
    assert!(links(&format!("https://{}", "x".repeat(5_000))).is_empty());
}

#[test]
fn actions_are_recognised() {
    assert_eq!(action("/me waves"), Some("waves"));
    assert_eq!(action("/meow"), None);
    assert_eq!(action(" /me waves"), None);
}

#[test]
fn emoji_alone_are_recognised() {
    for text in ["👍", "❤️", "👩‍👩‍👧", "🎉🎉🎉", "👋🏽"] {
        assert!(is_emoji_only(text), "{text}");
    }
    for text in ["", " ", "ok 👍", "12", "🎉🎉🎉🎉"] {
        assert!(!is_emoji_only(text), "{text}");
    }
}

proptest! {
    /// Whatever comes, the ranges of links are good, apart, and each is a link by itself.
    #[test]
    fn links_are_ranges_of_the_text(text in "(\\PC|[<>&\"':/\\u{0}-\\u{1f}]|https://|xmpp:|\\u{202e}){0,40}") {
        let clean = clean(&text);
        prop_assert!(!clean.contains(|character: char| character.is_control() && character != '\n' && character != '\t'));
        let mut end = 0;
        for link in links(&clean) {
            prop_assert!(link.start >= end && clean.get(link.clone()).is_some());
            end = link.end;
            let itself = &clean[link];
            prop_assert_eq!(links(itself), vec![0..itself.len()]);
        }
    }
}
