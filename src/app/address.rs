//! Addresses as people type them, and addresses that only look like another.
//!
//! `аlice@example.org` with a Cyrillic `а` is not `alice@example.org`. A word whose letters come
//! from more than one script, or that reads like a known address without being it, is pointed
//! out before anything is sent to it (UTS #39, the part that matters here).

use model::{AddressWarning, BareJid};
use unicode_script::{Script, UnicodeScript};

use crate::i18n::{gettext, gettext_f};

/// What a text is, as an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Nothing yet.
    Empty,
    /// It may become one.
    Incomplete,
    /// It cannot become one.
    Wrong,
    /// An address of a person.
    Person(BareJid),
}

/// Reads what was typed or pasted. An `xmpp:` link names an address too.
pub fn read(text: &str) -> Typed {
    let text = text.trim();
    let text = text.strip_prefix("xmpp:").unwrap_or(text);
    let text = text.split('?').next().unwrap_or(text);
    if text.is_empty() {
        return Typed::Empty;
    }
    let Some((local, domain)) = text.split_once('@') else {
        return if text.contains(char::is_whitespace) { Typed::Wrong } else { Typed::Incomplete };
    };
    if local.is_empty() || text.contains(char::is_whitespace) {
        return Typed::Wrong;
    }
    if domain.is_empty() || domain.ends_with('.') {
        return Typed::Incomplete;
    }
    match BareJid::new(text) {
        Ok(address) if address.node().is_some() => Typed::Person(address),
        _ => Typed::Wrong,
    }
}

/// Reads the domain of a server.
pub fn read_domain(text: &str) -> Option<String> {
    let text = text.trim();
    let address = BareJid::new(text).ok()?;
    (address.node().is_none() && !text.contains(['@', '/'])).then(|| address.domain().to_string())
}

/// Compares an address with those that are known.
pub fn look_alike<'a>(
    address: &BareJid,
    known: impl IntoIterator<Item = &'a BareJid>,
) -> Option<AddressWarning> {
    let skeleton = skeleton(address.as_str());
    let mut twin = None;
    for other in known {
        if other == address {
            return None;
        }
        if twin.is_none() && self::skeleton(other.as_str()) == skeleton {
            twin = Some(AddressWarning::LooksLike(other.clone()));
        }
    }
    twin.or_else(|| mixes_scripts(address.as_str()).then_some(AddressWarning::MixedScripts))
}

/// The warning, in words.
pub fn warn(warning: &AddressWarning) -> String {
    match warning {
        AddressWarning::LooksLike(other) => gettext_f(
            "Careful: this only looks like {address}. It is somebody else.",
            &[("address", other.as_str())],
        ),
        AddressWarning::MixedScripts => {
            gettext("Careful: this address mixes letters of different scripts that look alike.")
        }
    }
}

/// Whether a word (between `@`, `.` and `-`) has letters of more than one script. Japanese and
/// Korean write with several at once.
fn mixes_scripts(address: &str) -> bool {
    address.split(['@', '.', '-', '_']).any(|word| {
        let mut first = None;
        word.chars().map(|letter| letter.script()).filter(|script| is_telling(*script)).any(|script| {
            let script = family(script);
            *first.get_or_insert(script) != script
        })
    })
}

fn is_telling(script: Script) -> bool {
    !matches!(script, Script::Common | Script::Inherited | Script::Unknown)
}

fn family(script: Script) -> Script {
    match script {
        Script::Hiragana | Script::Katakana | Script::Hangul | Script::Bopomofo => Script::Han,
        other => other,
    }
}

/// The text as it looks: letters that look like a Latin one become that one.
fn skeleton(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(looks_like).collect()
}

/// The letters and digits that are used to deceive in addresses: Cyrillic, Greek, Armenian, and
/// what looks alike within Latin in common fonts.
fn looks_like(letter: char) -> char {
    match letter {
        'а' | 'α' | 'ɑ' => 'a',
        'в' | 'ь' | 'ƅ' | 'ъ' => 'b',
        'с' | 'ϲ' | 'ᴄ' => 'c',
        'ԁ' | 'ɗ' => 'd',
        'е' | 'ё' | 'є' | 'ε' => 'e',
        'ɡ' | 'ց' => 'g',
        'һ' | 'հ' => 'h',
        'і' | 'ι' | 'ı' | 'ї' | 'l' | '1' | '|' | 'ӏ' | 'Ӏ' | 'ɩ' => 'i',
        'ј' | 'ϳ' => 'j',
        'к' | 'κ' | 'ĸ' => 'k',
        'м' => 'm',
        'ո' | 'п' => 'n',
        'о' | 'ο' | 'օ' | '0' | 'σ' | 'ө' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' | 'գ' => 'q',
        'г' | 'ᴦ' => 'r',
        'ѕ' | 'ꜱ' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ս' | 'ц' => 'u',
        'ν' | 'ѵ' => 'v',
        'ѡ' | 'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' | 'ү' => 'y',
        'ᴢ' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jid(text: &str) -> BareJid {
        BareJid::new(text).expect("the test writes addresses")
    }

    #[test]
    fn an_address_is_read_as_it_is_typed() {
        assert_eq!(read(""), Typed::Empty);
        assert_eq!(read("alice"), Typed::Incomplete);
        assert_eq!(read("alice@"), Typed::Incomplete);
        assert_eq!(read("@example.org"), Typed::Wrong);
        assert_eq!(read("alice smith@example.org"), Typed::Wrong);
        assert_eq!(read(" xmpp:alice@example.org?message "), Typed::Person(jid("alice@example.org")));
    }

    #[test]
    fn a_domain_is_no_address_of_a_person() {
        assert_eq!(read_domain(" example.org "), Some("example.org".to_owned()));
        assert_eq!(read_domain("a@example.org"), None);
        assert_eq!(read_domain(""), None);
    }

    #[test]
    fn a_twin_is_pointed_out() {
        let known = [jid("alice@example.org")];
        assert_eq!(
            look_alike(&jid("аlice@example.org"), &known),
            Some(AddressWarning::LooksLike(known[0].clone()))
        );
        assert_eq!(
            look_alike(&jid("a1ice@example.org"), &known),
            Some(AddressWarning::LooksLike(known[0].clone()))
        );
        assert_eq!(look_alike(&known[0], &known), None);
        assert_eq!(look_alike(&jid("bob@example.org"), &known), None);
    }

    #[test]
    fn only_a_word_of_two_scripts_is_strange() {
        assert_eq!(look_alike(&jid("bоb@example.org"), &[]), Some(AddressWarning::MixedScripts));
        assert_eq!(look_alike(&jid("борис@example.org"), &[]), None);
        assert_eq!(look_alike(&jid("東京タワー@example.org"), &[]), None);
    }
}
