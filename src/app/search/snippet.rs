use std::ops::Range;

/// How much stands before the first match, in characters.
const BEFORE: usize = 24;
/// How long a snippet is, in characters.
const LENGTH: usize = 160;

/// A piece of a message around what was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Snippet {
    pub text: String,
    /// Where the words are, in bytes of `text`.
    pub matches: Vec<Range<usize>>,
}

/// The piece of `text` around the first of `found`, in one line.
pub fn around(text: &str, found: &[Range<usize>]) -> Snippet {
    let letters = one_line(text, found);
    let first = letters.iter().position(|(_, found)| *found).unwrap_or(0);
    let start = beginning(&letters, first);
    let end = (start + LENGTH).min(letters.len());

    let mut snippet = Snippet { text: String::new(), matches: Vec::new() };
    if start > 0 {
        snippet.text.push('…');
    }
    let mut open = None;
    for (letter, found) in letters.get(start..end).unwrap_or_default() {
        match (open, found) {
            (None, true) => open = Some(snippet.text.len()),
            (Some(from), false) => {
                snippet.matches.push(from..snippet.text.len());
                open = None;
            }
            _ => {}
        }
        snippet.text.push(*letter);
    }
    if let Some(from) = open {
        snippet.matches.push(from..snippet.text.len());
    }
    if end < letters.len() {
        snippet.text.push('…');
    }
    snippet
}

/// Where to begin so that what is at `first` has something before it: with a whole word, if there is one.
fn beginning(letters: &[(char, bool)], first: usize) -> usize {
    let start = first.saturating_sub(BEFORE);
    let before = letters.get(start..first).unwrap_or_default();
    match before.iter().position(|(letter, _)| *letter == ' ') {
        Some(space) if start > 0 => start + space + 1,
        _ => start,
    }
}

/// The letters of a text with every run of white space as one space, and whether each was found.
fn one_line(text: &str, found: &[Range<usize>]) -> Vec<(char, bool)> {
    let mut letters: Vec<(char, bool)> = Vec::new();
    for (place, letter) in text.char_indices() {
        let is_found = found.iter().any(|range| range.contains(&place));
        if !letter.is_whitespace() {
            letters.push((letter, is_found));
        } else if letters.last().is_some_and(|(last, _)| *last != ' ') {
            letters.push((' ', is_found));
        }
    }
    letters
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_marked_in_one_line() {
        let snippet = around("Hello,\n\n  World", &[0..5, 10..15]);
        assert_eq!(snippet, Snippet { text: "Hello, World".into(), matches: vec![0..5, 7..12] });
        assert_eq!(around("東京タワー", &[3..9]).matches, vec![3..9]);
        assert_eq!(around("", &[]), Snippet { text: String::new(), matches: vec![] });
    }

    #[test]
    fn a_long_text_is_cut_around_the_match() {
        let before = "ä ".repeat(100);
        let text = format!("{before}needle {}", "b ".repeat(200));
        let snippet = around(&text, &[before.len()..before.len() + 6]);
        assert!(snippet.text.starts_with('…') && snippet.text.ends_with('…'));
        assert_eq!(snippet.text.get(snippet.matches[0].clone()), Some("needle"));
    }

    #[test]
    fn a_piece_begins_with_a_whole_word() {
        let text = "Erin would like to come along. She has never seen the lighthouse";
        let place = text.find("the ").unwrap();
        assert_eq!(around(text, &[place..place + 3]).text, "…She has never seen the lighthouse");
        let one_word = "w".repeat(100);
        assert_eq!(around(&one_word, &[60..70]).matches, vec![27..37]);
    }

    #[test]
    fn a_range_that_fits_nowhere_does_no_harm() {
        assert!(around("ä", &[1..9]).matches.is_empty());
    }
}
