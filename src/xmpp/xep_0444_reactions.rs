//! XEP-0444: message reactions.

use minidom::Element;

use crate::payload::{clamp, id_attr, parent_tag, text_tag};

/// The namespace.
pub const NS: &str = "urn:xmpp:reactions:0";

/// The most reactions of one person to one message that are believed.
const MAX_REACTIONS: usize = 32;
/// The longest emoji: a family of four with skin tones takes 41 bytes, a flag of England 28.
const MAX_BYTES: usize = 64;

/// All reactions of one person to one message (§3.1): they replace the earlier ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reactions {
    /// The message: its origin or message id in a direct chat, the room's stanza id in a room.
    pub id: String,
    /// The emoji, each once; none takes all back.
    pub emoji: Vec<String>,
}

/// The reactions a message carries.
#[must_use]
pub fn reactions(message: &Element) -> Option<Reactions> {
    let reactions = message.get_child("reactions", NS)?;
    let mut emoji: Vec<String> = Vec::new();
    for reaction in reactions.children().filter(|child| child.is("reaction", NS)) {
        let text = clamp(reaction.text(), MAX_BYTES + 1);
        let text = text.trim();
        if emoji.len() < MAX_REACTIONS && is_emoji(text) && !emoji.iter().any(|known| known == text) {
            emoji.push(text.to_owned());
        }
    }
    Some(Reactions { id: id_attr(reactions, "id")?, emoji })
}

/// Whether a text may stand as a reaction (§3.1: "a single emoji"). What new emoji will be nobody knows,
/// so the question is turned round: no words, no invisible tricks, and not long.
#[must_use]
pub fn is_emoji(text: &str) -> bool {
    let joins =
        |c: char| matches!(c, '\u{200D}' | '\u{FE0E}' | '\u{FE0F}' | '\u{20E3}' | '\u{E0020}'..='\u{E007F}');
    // Keycaps begin with a digit, `#` or `*`.
    let keycap = |c: char| c.is_ascii_digit() || matches!(c, '#' | '*');
    let symbol = |c: char| {
        !c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control() && !is_format(c)
    };
    // Circled and squared letters count as letters, yet are emoji: 🅰 Ⓜ ㊗.
    let letter_like = |c: char| {
        matches!(
            c,
            '\u{24C2}' | '\u{3297}' | '\u{3299}' | '\u{2122}' | '\u{2139}' | '\u{1F100}'..='\u{1F2FF}'
        )
    };
    text.len() <= MAX_BYTES
        && text.chars().any(|c| symbol(c) || letter_like(c) || c == '\u{20E3}')
        && text.chars().all(|c| symbol(c) || letter_like(c) || joins(c) || keycap(c))
}

/// Invisible characters that change how neighbours look.
fn is_format(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0001}')
}

/// Reacts to a message.
#[must_use]
pub fn element(reactions: &Reactions) -> Element {
    let emoji = reactions.emoji.iter().map(|emoji| text_tag("reaction", NS, emoji));
    parent_tag("reactions", NS, &[("id", &reactions.id)], emoji)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inner: &str) -> Option<Reactions> {
        let message: Element = format!("<message xmlns='jabber:client'>{inner}</message>").parse().unwrap();
        reactions(&message)
    }

    #[test]
    fn reactions_read_what_they_write() {
        let emoji = ["👍", "❤️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👨‍👩‍👧‍👦", "🅰️", "🇩🇪"].map(str::to_owned).to_vec();
        let reactions = Reactions { id: "7".to_owned(), emoji };
        let message = parent_tag("message", "jabber:client", &[], [element(&reactions)]);
        assert_eq!(super::reactions(&message), Some(reactions));
    }

    #[test]
    fn none_takes_all_back() {
        assert_eq!(read(&format!("<reactions xmlns='{NS}' id='7'/>")).unwrap().emoji, Vec::<String>::new());
        assert_eq!(read(&format!("<reactions xmlns='{NS}'/>")), None);
    }

    #[test]
    fn words_tricks_and_floods_are_left_out() {
        for text in ["", "12", "hello", "👍 bought", "\u{202E}👍", "\u{200B}", "é", "日", "\u{200D}"] {
            assert!(!is_emoji(text), "{text:?}");
        }
        let many = ('\u{1F300}'..'\u{1F3FF}')
            .fold(String::new(), |all, c| all + &format!("<reaction>{c}</reaction>"));
        let twice = "<reaction>👍</reaction><reaction>👍</reaction>";
        let reactions = read(&format!("<reactions xmlns='{NS}' id='7'>{twice}{many}</reactions>")).unwrap();
        assert_eq!(reactions.emoji.len(), MAX_REACTIONS);
        assert_eq!(reactions.emoji.iter().filter(|emoji| *emoji == "👍").count(), 1);
    }
}
