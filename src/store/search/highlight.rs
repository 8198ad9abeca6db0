//! Where in a text the words stand that were looked for.
//!
//! The index knows rows, not places, and folding moves bytes about. So the text is cut at the borders
//! that folding cannot cross, a base character with its marks, each piece is folded alone, and
//! the words are looked for in the folded pieces, which remember where they came from.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::fold::{Term, fold, terms};

/// Texts longer than this are marked up to here.
const LONGEST: usize = 20_000;

/// The ranges of bytes where the terms stand, in order, none touching another.
pub(super) fn highlight(text: &str, wanted: &[Term]) -> Vec<Range<usize>> {
    let pieces = pieces(text);
    let mut ranges: Vec<Range<usize>> = Vec::new();
    // Words begin where what stands before is no part of a word; runs begin anywhere.
    for term in wanted {
        match term {
            Term::Word(word) => find_word(&pieces, word, &mut ranges),
            Term::Run(run) => find_run(&pieces, run, &mut ranges),
        }
    }
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// A base character with its marks.
struct Piece {
    bytes: Range<usize>,
    folded: String,
    is_word: bool,
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut starts: Vec<usize> = Vec::new();
    for (index, character) in text.char_indices().take(LONGEST) {
        if !is_combining_mark(character) || starts.is_empty() {
            starts.push(index);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|(&start, end)| {
            let folded = fold(text.get(start..end)?);
            let is_word = matches!(terms(&folded).first(), Some(Term::Word(_)));
            Some(Piece { bytes: start..end, folded, is_word })
        })
        .collect()
}

fn find_word(pieces: &[Piece], word: &str, ranges: &mut Vec<Range<usize>>) {
    let mut inside = false;
    for (index, piece) in pieces.iter().enumerate() {
        if piece.is_word && !inside {
            ranges.extend(matching(pieces.get(index..).unwrap_or_default(), word));
        }
        // What folds to nothing (a joiner, a mark) neither ends a word nor begins one.
        inside = piece.is_word || (inside && piece.folded.is_empty());
    }
}

fn find_run(pieces: &[Piece], run: &[char], ranges: &mut Vec<Range<usize>>) {
    let run: String = run.iter().collect();
    for index in 0..pieces.len() {
        ranges.extend(matching(pieces.get(index..).unwrap_or_default(), &run));
    }
}

/// The range of the pieces that begin with `wanted`, if they do.
fn matching(pieces: &[Piece], wanted: &str) -> Option<Range<usize>> {
    let mut rest = wanted;
    let start = pieces.first().filter(|piece| !piece.folded.is_empty())?.bytes.start;
    for piece in pieces {
        match rest.strip_prefix(piece.folded.as_str()) {
            Some("") => return Some(start..piece.bytes.end),
            Some(left) => rest = left,
            // The last letter may fold to more than was typed: `ß` for `s`.
            None if piece.folded.starts_with(rest) => return Some(start..piece.bytes.end),
            None => return None,
        }
    }
    None
}
