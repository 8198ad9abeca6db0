//! What a message looks like in words.
//!
//! Text from strangers must never become markup, and never lead anywhere a person did not see.
//! So there is no markup: the text is cleaned of characters that have no business in it, links are
//! found in the clean text as ranges of bytes, and what is shown is exactly that text. A link
//! leads where its own words say, and nowhere else.

use std::ops::Range;

/// More than this is not shown in the history, so that no message can stall the window.
const MOST_CHARACTERS: usize = 10_000;

/// A longer address is no link: nobody can see where it leads.
const LONGEST_LINK: usize = 2_000;

/// What may follow a link. Everything else (`javascript:`, `file:`, …) stays text.
const SCHEMES: [&str; 4] = ["https://", "http://", "xmpp:", "mailto:"];

/// The text of a message as it is shown, free of control characters and bounded in length.
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.trim_end().chars();
    for character in characters.by_ref().take(MOST_CHARACTERS) {
        match character {
            '\n' | '\t' => clean.push(character),
            '\r' => {}
            '\u{2028}' | '\u{2029}' => clean.push('\n'),
            character if character.is_control() => clean.push('\u{fffd}'),
            character => clean.push(character),
        }
    }
    if characters.next().is_some() {
        clean.push('…');
    }
    isolate(&mut clean);
    clean
}

/// Takes out what turns the direction of text by force: it can make a link look like another.
/// The marks that only help neighbours along (LRM, RLM, ALM) and balanced isolates stay harmless.
fn isolate(text: &mut String) {
    text.retain(|character| !matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
}

/// The rest of a `/me` message (XEP-0245).
pub fn action(text: &str) -> Option<&str> {
    text.strip_prefix("/me ")
}

/// Where the links of a text are.
pub fn links(text: &str) -> Vec<Range<usize>> {
    let mut links = Vec::new();
    let mut from = 0;
    while let Some(colon) = text[from..].find(':').map(|offset| from + offset) {
        from = colon + 1;
        let Some((start, rest)) = scheme_around(text, colon) else { continue };
        let end = rest + link_length(&text[rest..]);
        if end > rest && end - start <= LONGEST_LINK {
            links.push(start..end);
            from = end;
        }
    }
    links
}

/// Where the scheme that has this colon starts, and where what follows it starts.
fn scheme_around(text: &str, colon: usize) -> Option<(usize, usize)> {
    SCHEMES.iter().find_map(|scheme| {
        let start = colon.checked_sub(scheme.find(':')?)?;
        let rest = start + scheme.len();
        let found = text.get(start..rest)?;
        let free = !text[..start].chars().next_back().is_some_and(char::is_alphanumeric);
        (free && found.eq_ignore_ascii_case(scheme)).then_some((start, rest))
    })
}

/// How much of the text still belongs to the link: up to a space, without the punctuation of the
/// sentence it stands in, and without a bracket that was opened before it.
fn link_length(text: &str) -> usize {
    let ends_link = |character: char| {
        character.is_whitespace()
            || character.is_control()
            || matches!(character, '<' | '>' | '"' | '`' | '\\' | '\u{fffd}' | '…' | '\u{200b}'..='\u{200f}')
    };
    let mut link = &text[..text.find(ends_link).unwrap_or(text.len())];
    if !link.starts_with(|first: char| first.is_alphanumeric() || matches!(first, '[' | '%' | '_')) {
        return 0;
    }
    while let Some(last) = link.chars().next_back() {
        let unopened = |open: char, close: char| {
            last == close && link.matches(close).count() > link.matches(open).count()
        };
        let punctuation =
            matches!(last, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '’' | '”' | '»' | '。' | '、');
        if !punctuation && !unopened('(', ')') && !unopened('[', ']') && !unopened('{', '}') {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    link.len()
}

/// Whether a text is one to three emoji and nothing else: those are shown large.
pub fn is_emoji_only(text: &str) -> bool {
    let mut count = 0;
    let mut joined = false;
    for character in text.chars() {
        match character {
            '\u{200d}' => joined = true,
            '\u{fe0f}' | '\u{20e3}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}' | ' ' => {}
            '\u{1f1e6}'..='\u{1f1ff}'
            | '\u{1f300}'..='\u{1faff}'
            | '\u{2600}'..='\u{27bf}'
            | '\u{2b50}'
            | '\u{2b55}'
            | '\u{231a}'
            | '\u{231b}'
            | '\u{23e9}'..='\u{23f3}' => {
                // Flags are two letters; counting both as one each only lowers the limit.
                count += u32::from(!std::mem::take(&mut joined));
            }
            _ => return false,
        }
    }
    (1..=3).contains(&count)
}

#[cfg(test)]
mod tests;
