//! What came from the server and is not dealt with yet: bytes, and what was read of them ahead of its time.

use std::collections::VecDeque;

use minidom::Element;

use crate::parser::{ParseError, Parsed, Parser};

/// The incoming side of a stream.
#[derive(Debug)]
pub(super) struct Incoming {
    parser: Parser,
    bytes: Vec<u8>,
    /// How much of `bytes` is read.
    read: usize,
    /// What was read ahead, each with its length on the wire.
    ahead: VecDeque<(usize, Result<Parsed, ParseError>)>,
    ahead_bytes: usize,
}

impl Incoming {
    pub(super) fn new(parser: Parser) -> Self {
        Self { parser, bytes: Vec::new(), read: 0, ahead: VecDeque::new(), ahead_bytes: 0 }
    }

    /// Keeps more bytes.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.read);
        self.read = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// How many bytes came that [`Self::next`] has not handed out yet.
    pub(super) fn len(&self) -> usize {
        self.ahead_bytes + (self.bytes.len() - self.read)
    }

    /// Whatever comes now is the beginning of a stream.
    pub(super) fn begin_anew(&mut self, parser: Parser) {
        self.parser = parser;
    }

    /// Forgets what was not handed out.
    pub(super) fn clear(&mut self) {
        self.bytes = Vec::new();
        self.read = 0;
        self.ahead = VecDeque::new();
        self.ahead_bytes = 0;
    }

    /// The next thing that is whole.
    pub(super) fn next(&mut self) -> Result<Option<Parsed>, ParseError> {
        match self.ahead.pop_front() {
            Some((length, parsed)) => {
                self.ahead_bytes -= length;
                parsed.map(Some)
            }
            None => self.parse(),
        }
    }

    /// Reads all that is whole, and shows it. [`Self::next`] hands it out as if nobody had looked.
    pub(super) fn look_ahead(&mut self) -> impl Iterator<Item = &Element> {
        // After an error there is nothing more to be read.
        while !matches!(self.ahead.back(), Some((_, Err(_)))) {
            let before = self.bytes.len() - self.read;
            let Some(parsed) = self.parse().transpose() else { break };
            let length = before - (self.bytes.len() - self.read);
            self.ahead_bytes += length;
            self.ahead.push_back((length, parsed));
        }
        self.ahead.iter().filter_map(|(_, parsed)| match parsed {
            Ok(Parsed::Element(element)) => Some(element),
            _ => None,
        })
    }

    fn parse(&mut self) -> Result<Option<Parsed>, ParseError> {
        let mut rest = self.bytes.get(self.read..).unwrap_or_default();
        let parsed = self.parser.parse(&mut rest);
        self.read = self.bytes.len() - rest.len();
        if self.read == self.bytes.len() {
            self.bytes.clear();
            self.read = 0;
            if self.bytes.capacity() > 1 << 16 {
                self.bytes.shrink_to(1 << 14);
            }
        }
        parsed
    }
}
