use proptest::prelude::*;

use super::{action, clean, is_emoji_only, links, markup};

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
fn text_never_becomes_markup() {
    assert_eq!(markup("<b>&amp;</b>"), "&lt;b&gt;&amp;amp;&lt;/b&gt;");
    assert_eq!(markup("https://x.y/?a=1&b='2"), "<a href=\"https://x.y/?a=1&amp;b=&apos;2\">https://x.y/?a=1&amp;b=&apos;2</a>");
    assert!(!markup("https://x.y\" onclick=\"z").contains("onclick=\""));
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
    /// Whatever comes, Pango can read the markup, and shows exactly the clean text.
    #[test]
    fn markup_shows_the_clean_text(text in "(\\PC|[<>&\"':/\\u{0}-\\u{1f}]|https://|xmpp:|\\u{202e}){0,40}") {
        let clean = clean(&text);
        let (_, shown, _) = gtk::pango::parse_markup(&strip_links(&markup(&clean)), '\0').unwrap();
        prop_assert_eq!(shown.as_str(), clean.as_str());
    }
}

/// Pango itself does not know links; GtkLabel takes them out before.
fn strip_links(markup: &str) -> String {
    let mut rest = markup;
    let mut stripped = String::new();
    while let Some(start) = rest.find("<a href=\"") {
        stripped.push_str(&rest[..start]);
        let end = start + rest[start..].find("\">").unwrap() + 2;
        rest = &rest[end..];
    }
    stripped.push_str(rest);
    stripped.replace("</a>", "")
}
