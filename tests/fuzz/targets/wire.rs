//! The parser of the stream: it says the same whatever pieces the bytes come in, holds to its limits, and what it read can
//! be written and read again.

use xmpp::minidom::Element;
use xmpp::parser::{Limits, Parsed, Parser};

use super::script::again;

const LIMITS: fn() -> Limits =
    || Limits { depth: 8, bytes: 1024, parts: 100, own_factor: 2, own: vec!["example.org".to_owned()] };

/// The first byte says how the rest is cut.
pub fn read(input: &[u8]) {
    let Some((cut, bytes)) = input.split_first() else { return };
    let whole = all(std::iter::once(bytes));
    let pieces = all(bytes.chunks(usize::from(*cut).max(1)));
    assert_eq!(whole, pieces, "cut every {cut} bytes, it reads otherwise");
}

/// What a parser makes of these pieces, in words that can be compared.
fn all<'b>(pieces: impl Iterator<Item = &'b [u8]>) -> Vec<String> {
    let mut parser = Parser::new(LIMITS());
    let mut found = Vec::new();
    for mut piece in pieces {
        loop {
            match parser.parse(&mut piece) {
                Ok(Some(Parsed::Element(element))) => {
                    check(&element);
                    found.push(format!("{element:?}"));
                }
                Ok(Some(Parsed::Ended)) => {
                    found.push("ended".to_owned());
                    return found;
                }
                Ok(Some(parsed)) => found.push(format!("{parsed:?}")),
                Ok(None) => break,
                Err(error) => {
                    found.push(error.to_string());
                    return found;
                }
            }
        }
    }
    found
}

fn check(element: &Element) {
    assert!(depth(element) <= LIMITS().depth, "too deep");
    again(element);
}

fn depth(element: &Element) -> usize {
    1 + element.children().map(depth).max().unwrap_or_default()
}
