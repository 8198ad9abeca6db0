//! Names that others chose, made safe to show, and addresses that look like somebody else's.
//!
//! A name stands beside the words of other people, so it must stay one line, read one way, and not hide
//! anything: line breaks and control characters become spaces; characters that turn the direction of text
//! or that cannot be seen go; marks are not piled up over the line. Letters of every script stay as they are.
//!
//! An address is what decides who somebody is, and cannot be changed. If it looks like that of a contact, or
//! mixes letters that look alike, the user is told ([`looks_like`]).

use std::collections::BTreeSet;

use model::{AddressWarning, BareJid};
use unicode_script::{Script, UnicodeScript as _};

use crate::{Error, turn::Turn};

/// The longest name that is shown, in characters.
const MAX_NAME: usize = 100;
/// The longest status text, in characters.
const MAX_STATUS: usize = 500;
/// How many marks may stand on one letter: Vietnamese and pointed Hebrew need up to four.
const MAX_MARKS: usize = 4;

/// `text` without control, bidirectional and other invisible characters, trimmed, at most 100 characters;
/// `None` if nothing is left.
pub fn clean(text: &str) -> Option<String> {
    clean_up_to(text, MAX_NAME)
}

/// The same for a status text, which may be longer.
pub fn clean_status(text: &str) -> Option<String> {
    clean_up_to(text, MAX_STATUS)
}

fn clean_up_to(text: &str, max: usize) -> Option<String> {
    let mut kept = String::new();
    let (mut count, mut marks) = (0, 0);
    let mut last = ' ';
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if count == max {
            break;
        }
        let c = if c.is_control() || c.is_whitespace() { ' ' } else { c };
        let next = characters.peek().copied();
        if is_invisible(c) && !(joins(c) && needs_joining(last) && next.is_some_and(needs_joining)) {
            continue;
        }
        marks = if is_mark(c) { marks + 1 } else { 0 };
        // Spaces in a row push the end out of sight; so do piles of marks.
        if marks > MAX_MARKS || (c == ' ' && last == ' ') {
            continue;
        }
        kept.push(c);
        count += 1;
        last = c;
    }
    kept.truncate(kept.trim_end().len());
    kept.chars().any(|c| !is_mark(c) && !is_invisible(c)).then_some(kept)
}

/// Characters that turn text, or that nobody sees.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0E}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
        | '\u{FDD0}'..='\u{FDEF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Joiners, which some scripts and emoji need between two of their own.
fn joins(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// Arabic to Sinhala, Khmer, Mongolian, and the symbols of which emoji are made.
fn needs_joining(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{DFF}' | '\u{1780}'..='\u{18AF}' | '\u{2190}'..='\u{2BFF}' | '\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}')
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5C7}' | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE0F}' | '\u{FE20}'..='\u{FE2F}')
}

/// Somebody new came: keeps whether their address should be looked at twice.
pub fn examine(turn: &mut Turn<'_, '_>, who: &BareJid) -> Result<(), Error> {
    let mut contacts: Vec<BareJid> = turn
        .tx
        .reads()
        .contacts()?
        .into_iter()
        .filter(|contact| contact.in_roster)
        .map(|contact| contact.address)
        .collect();
    contacts.push(turn.own_bare().clone());
    let warning = looks_like(who, &contacts);
    turn.tx.set_address_warning(who, warning.as_ref())?;
    Ok(())
}

/// Whether the address of somebody new can be taken for another's.
pub fn looks_like<'a>(
    address: &BareJid,
    contacts: impl IntoIterator<Item = &'a BareJid>,
) -> Option<AddressWarning> {
    let shape = shape(address.as_str());
    for contact in contacts {
        if contact != address && self::shape(contact.as_str()) == shape {
            return Some(AddressWarning::LooksLike(contact.clone()));
        }
    }
    let mixed = address.as_str().split(['@', '.', '-', '_']).any(mixes_scripts);
    mixed.then_some(AddressWarning::MixedScripts)
}

/// Whether two names can be taken for each other.
pub fn same_shape(one: &str, other: &str) -> bool {
    shape(one) == shape(other)
}

/// What a text looks like: the skeleton of UTS #39 §4, with case and spaces left out.
fn shape(text: &str) -> String {
    let skeleton: String = unicode_security::skeleton(&text.to_lowercase()).collect();
    skeleton.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect()
}

/// Scripts in one part of an address that nobody writes together (UTS #39 §5.2, "highly restrictive").
fn mixes_scripts(part: &str) -> bool {
    let scripts: BTreeSet<&str> = part
        .chars()
        .map(|c| c.script())
        .filter(|script| !matches!(script, Script::Common | Script::Inherited | Script::Unknown))
        .map(Script::short_name)
        .collect();
    let east_asian = ["Latn", "Hani", "Hira", "Kana", "Hang", "Bopo"];
    scripts.len() > 1 && !scripts.iter().all(|script| east_asian.contains(script))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> BareJid {
        BareJid::new(text).unwrap()
    }

    #[test]
    fn names_of_every_script_stay() {
        for name in [
            "Zoë",
            "Nguyễn Thị Minh Khai",
            "محمد",
            "می‌خواهم",
            "שלום",
            "山田太郎",
            "मोहन",
            "Ян",
            "👩‍👩‍👧 family",
            "❤️",
        ] {
            assert_eq!(clean(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_turns_or_hides_text_goes() {
        for (text, shown) in [
            ("alice\u{202E}gpj.exe", "alicegpj.exe"),
            ("\u{2067}alice\u{2069}", "alice"),
            ("ad\u{200B}m\u{200D}in\u{FEFF}", "admin"),
            ("two\r\nlines\u{2028}more\ttabs", "two lines more tabs"),
            ("  a \u{A0}\u{3000} b  ", "a b"),
            ("nul\u{0}\u{7}\u{9b}l", "nul l"),
            ("tag\u{E0041}\u{E007F}", "tag"),
        ] {
            assert_eq!(clean(text).as_deref(), Some(shown), "{text:?}");
        }
    }

    #[test]
    fn nothing_to_see_is_no_name() {
        for text in ["", "   ", "\u{200B}\u{2060}", "\u{3164}", "\u{301}\u{301}", "\u{202E}\u{0}", "\u{FE0F}"]
        {
            assert_eq!(clean(text), None, "{text:?}");
        }
    }

    #[test]
    fn long_names_and_piles_of_marks_are_cut() {
        assert_eq!(clean(&"x".repeat(5000)).unwrap().len(), MAX_NAME);
        let pile = format!("a{}b", "\u{301}".repeat(500));
        assert_eq!(clean(&pile).unwrap().chars().count(), 2 + MAX_MARKS);
        assert_eq!(clean_status(&"x".repeat(5000)).unwrap().len(), MAX_STATUS);
    }

    #[test]
    fn an_address_that_looks_like_a_contact_is_told() {
        let contacts = [address("alice@example.org"), address("bill@example.org")];
        for other in ["аlice@example.org", "bi11@example.org", "alice@exarnple.org"] {
            assert!(
                matches!(looks_like(&address(other), &contacts), Some(AddressWarning::LooksLike(_))),
                "{other}"
            );
        }
        assert_eq!(looks_like(&address("alice@example.org"), &contacts), None, "the contact itself");
        assert_eq!(looks_like(&address("carol@example.org"), &contacts), None);
    }

    #[test]
    fn mixed_scripts_are_told_and_honest_ones_not() {
        let mixed = |text: &str| looks_like(&address(text), []) == Some(AddressWarning::MixedScripts);
        assert!(mixed("pаypal@example.org"), "one Cyrillic letter");
        assert!(!mixed("иван@example.org"));
        assert!(!mixed("иван-smith@example.org"), "each part for itself");
        assert!(!mixed("山田tarou@example.org"));
        assert!(!mixed("user123@example.org"));
    }

    #[test]
    fn names_that_look_the_same() {
        assert!(same_shape("Alice", "Αlice"));
        assert!(same_shape("Al ice", "alice"));
        assert!(!same_shape("Alice", "Alicia"));
    }
}
