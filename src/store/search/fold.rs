//! Folding and splitting text of any script, for the index and for questions alike.
//!
//! Folding: compatibility decomposition, marks taken off where a reader takes them for decoration
//! (accents, Hebrew points, Arabic vowels) and left where they are letters (the vowels of Hindi and
//! Thai, the voicing of Japanese), case folded, composed again.
//!
//! Splitting: scripts that put spaces between words give words, found by their beginnings. Scripts that
//! do not (Chinese, Japanese, Thai …) give runs; so does Korean, whose words are found inside longer
//! ones, and so do emoji. A run is kept as its single characters and its pairs: whatever part of
//! it somebody types, its characters and pairs are there.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

/// Longer words are cut, in the index and in questions: what follows a beginning this long is no word.
const LONGEST_WORD: usize = 40;
/// What a message holds beyond this many different words is not found.
const MOST_TOKENS: usize = 5000;
/// What a question asks beyond this many terms is not asked.
const MOST_TERMS: usize = 16;

/// A piece of folded text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// Letters and digits of a script with spaces.
    Word(String),
    /// Characters of a script without.
    Run(Vec<char>),
}

impl Term {
    /// What stands for it in the index.
    pub(super) fn tokens(&self) -> Vec<String> {
        match self {
            Self::Word(word) => vec![word.clone()],
            Self::Run(run) if run.len() == 1 => run.iter().map(char::to_string).collect(),
            Self::Run(run) => run.windows(2).map(|pair| pair.iter().collect()).collect(),
        }
    }

    /// Whether this piece of a text is what was asked for.
    fn answers(&self, wanted: &Self) -> bool {
        match (wanted, self) {
            (Self::Word(wanted), Self::Word(word)) => word.starts_with(wanted),
            (Self::Run(wanted), Self::Run(run)) => run.windows(wanted.len()).any(|part| part == wanted),
            _ => false,
        }
    }
}

/// Whether a text has everything that was asked for.
pub(super) fn contains(text: &str, wanted: &[Term]) -> bool {
    let terms = terms(&fold(text));
    wanted.iter().all(|wanted| terms.iter().any(|term| term.answers(wanted)))
}

/// Folds case, accents and forms away, so that what a reader takes for the same is the same.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkd().filter(|&character| !is_decoration(character)).flat_map(fold_case).nfc().collect()
}

/// The words of a text as the index takes them: each once, a space between.
pub(super) fn index_tokens(text: &str) -> String {
    let mut tokens: BTreeSet<String> = BTreeSet::new();
    for term in terms(&fold(text)) {
        if tokens.len() >= MOST_TOKENS {
            break;
        }
        if let Term::Run(run) = &term {
            tokens.extend(run.iter().map(char::to_string));
        }
        tokens.extend(term.tokens());
    }
    let tokens: Vec<String> = tokens.into_iter().collect();
    tokens.join(" ")
}

/// What a question asks for.
pub(super) fn query_terms(words: &str) -> Vec<Term> {
    let mut asked = Vec::new();
    for term in terms(&fold(words)) {
        if asked.len() < MOST_TERMS && !asked.contains(&term) {
            asked.push(term);
        }
    }
    asked
}

/// Splits folded text.
pub(super) fn terms(folded: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut word = String::new();
    let mut length = 0;
    let mut run = Vec::new();
    for character in folded.chars() {
        let kind = kind(character);
        if kind != Kind::Letter && !word.is_empty() {
            terms.push(Term::Word(std::mem::take(&mut word)));
            length = 0;
        }
        if kind != Kind::Dense && !run.is_empty() {
            terms.push(Term::Run(std::mem::take(&mut run)));
        }
        match kind {
            Kind::Letter if length < LONGEST_WORD => {
                word.push(character);
                length += 1;
            }
            Kind::Dense => run.push(character),
            Kind::Letter | Kind::Other => {}
        }
    }
    if !word.is_empty() {
        terms.push(Term::Word(word));
    }
    if !run.is_empty() {
        terms.push(Term::Run(run));
    }
    terms
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Part of a word.
    Letter,
    /// Part of a run.
    Dense,
    /// Between them.
    Other,
}

fn kind(character: char) -> Kind {
    if character.is_ascii() {
        return if character.is_ascii_alphanumeric() { Kind::Letter } else { Kind::Other };
    }
    if is_emoji(character) {
        return Kind::Dense;
    }
    if !character.is_alphanumeric() && !is_combining_mark(character) {
        return Kind::Other;
    }
    let dense = matches!(
        character.script(),
        Script::Han
            | Script::Hiragana
            | Script::Katakana
            | Script::Hangul
            | Script::Bopomofo
            | Script::Yi
            | Script::Thai
            | Script::Lao
            | Script::Khmer
            | Script::Myanmar
            | Script::Tibetan
            | Script::Javanese
            | Script::Balinese
    );
    // The mark that lengthens a vowel of Japanese belongs to no script of its own.
    if dense || matches!(character, '\u{30fc}' | '\u{3099}' | '\u{309a}') {
        Kind::Dense
    } else {
        Kind::Letter
    }
}

fn is_emoji(character: char) -> bool {
    matches!(character, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}')
}

/// Marks and invisible characters that are left out of comparison.
fn is_decoration(character: char) -> bool {
    match character {
        // The voicing marks of Japanese make other syllables.
        '\u{3099}' | '\u{309a}' => false,
        // Soft hyphen, tatweel, joiners, directions, variation.
        '\u{ad}'
        | '\u{640}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => true,
        _ if character.is_ascii() => false,
        _ => {
            is_combining_mark(character)
                && matches!(
                    character.script(),
                    Script::Inherited
                        | Script::Common
                        | Script::Latin
                        | Script::Greek
                        | Script::Cyrillic
                        | Script::Hebrew
                        | Script::Arabic
                        | Script::Syriac
                )
        }
    }
}

/// Folds case by way of capitals, which brings ß to ss, ς to σ and ı to i; then what Unicode takes for
/// letters of their own and people type without their strokes.
fn fold_case(character: char) -> impl Iterator<Item = char> {
    character.to_uppercase().flat_map(char::to_lowercase).flat_map(|character| {
        let (first, second) = match character {
            'ø' => ('o', None),
            'ł' => ('l', None),
            'đ' | 'ð' => ('d', None),
            'ħ' => ('h', None),
            'ŧ' => ('t', None),
            'æ' => ('a', Some('e')),
            'œ' => ('o', Some('e')),
            'þ' => ('t', Some('h')),
            other => (other, None),
        };
        std::iter::once(first).chain(second)
    })
}
