//! From bytes to elements, with limits that hold before anything is built.
//!
//! A remote contact can have its server relay 42 kB nested six thousand deep; building that
//! element, or dropping it, overflows the stack of a client that trusts its XML library. So this
//! parser sits below the element: it takes the raw events of `rxml` (which knows no entities, no
//! DTDs, no processing instructions), resolves namespaces itself and builds elements with an
//! explicit stack. When a stanza passes a limit, what was built is dropped and the rest is
//! skipped, at the cost of a name per level; at its end it is reported as [`Parsed::Refused`], so
//! that it is still counted (XEP-0198 counts what was received, not what was liked).
//!
//! The road not taken is `rxml::Parser` with `xso`'s builders: there namespaces are resolved for
//! skipped elements too, which costs the square of the depth, and a start tag is whole before
//! anybody may object.

use minidom::Element;
use rxml::error::EndOrError;
use rxml::parser::{EventMetrics, RawQName};
use rxml::{Namespace, NcName, Options, Parse, RawEvent, RawParser, WithOptions};
use thiserror::Error;

use crate::stanza::{RefusalReason, RefusedStanza, StanzaKind};
use crate::xml::{NS_CLIENT, NS_STREAM};

/// What a stanza may be at most.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Levels of elements, the stanza being the first.
    pub depth: usize,
    /// Bytes on the wire.
    pub bytes: usize,
    /// Elements and attributes together: each costs far more memory than its bytes.
    pub parts: usize,
    /// By how much an IQ result from our own server or account may be larger: a roster of
    /// thousands is legitimate.
    pub own_factor: usize,
    /// Who counts as our own server or account; also who sends without `from`.
    pub own: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 64, bytes: 1 << 20, parts: 20_000, own_factor: 8, own: Vec::new() }
    }
}

/// More than this is skipped of no stanza: the stream is given up.
const SKIP_LIMIT: usize = 12 << 20;
/// Namespace declarations in a stanza: each may be looked at for every name that follows.
const DECLARATION_LIMIT: usize = 2000;
/// What is remembered of a refused stanza's attributes.
const REMEMBERED_ATTRIBUTE_LIMIT: usize = 3100;

/// One thing at the top level of a stream.
#[derive(Debug)]
pub enum Parsed {
    /// The header.
    Opened(StreamHeader),
    /// An element, whole.
    Element(Element),
    /// An element that passed a limit.
    Refused(RefusedStanza),
    /// `</stream:stream>`.
    Ended,
}

/// The header of a stream (RFC 6120 §4.7).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamHeader {
    /// Names the stream.
    pub id: Option<String>,
    /// The server.
    pub from: Option<String>,
    /// "1.0", if the server speaks XMPP at all.
    pub version: Option<String>,
    /// The language of what says nothing else.
    pub lang: Option<String>,
}

/// Why a stream cannot be read any further.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum ParseError {
    /// Not well-formed, or XML that XMPP forbids (RFC 6120 §11).
    #[error("not the XML of XMPP: {0}")]
    NotXml(#[from] rxml::Error),
    /// The root is no stream.
    #[error("not a stream")]
    NotAStream,
    /// Too much even to be skipped.
    #[error("too large")]
    TooLarge,
}

/// Reads one stream. A restarted stream needs a new parser.
#[derive(Debug)]
pub struct Parser {
    raw: RawParser,
    limits: Limits,
    started: bool,
    /// Elements open in the stream: 0 before the header, 1 between stanzas.
    depth: usize,
    head: Option<Head>,
    stack: Vec<Element>,
    scopes: Vec<Scope>,
    /// Of the current stanza.
    bytes: usize,
    parts: usize,
    declarations: usize,
    generous: bool,
    refused: Option<RefusedStanza>,
}

/// A start tag that is not finished.
#[derive(Debug)]
struct Head {
    name: RawQName,
    attributes: Vec<(RawQName, String)>,
}

/// A namespace declaration.
#[derive(Debug)]
struct Scope {
    depth: usize,
    prefix: Option<NcName>,
    namespace: String,
}

impl Parser {
    /// A parser before the header.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let options = Options { max_token_length: limits.bytes, ..Options::default() };
        Self {
            raw: RawParser::with_options(options),
            limits,
            started: false,
            depth: 0,
            head: None,
            stack: Vec::new(),
            scopes: Vec::new(),
            bytes: 0,
            parts: 0,
            declarations: 0,
            generous: false,
            refused: None,
        }
    }

    /// Reads on until something is whole. `None` when `input` is used up before that.
    pub fn parse(&mut self, input: &mut &[u8]) -> Result<Option<Parsed>, ParseError> {
        if !self.started {
            // Some servers put a line break between a success and their next header.
            *input = input.trim_ascii_start();
            match input.first() {
                None => return Ok(None),
                Some(b'<') => self.started = true,
                // Another protocol; `rxml` would wait for the end of its text.
                Some(_) => return Err(ParseError::NotAStream),
            }
        }
        loop {
            let before = input.len();
            let event = match self.raw.parse(input, false) {
                Ok(Some(event)) => event,
                Ok(None) => return Ok(None),
                Err(EndOrError::NeedMoreData) if input.is_empty() || input.len() == before => {
                    return Ok(None);
                }
                Err(EndOrError::NeedMoreData) => continue,
                Err(EndOrError::Error(error)) => return Err(error.into()),
            };
            if let Some(parsed) = self.handle(event)? {
                return Ok(Some(parsed));
            }
        }
    }

    fn handle(&mut self, event: RawEvent) -> Result<Option<Parsed>, ParseError> {
        if self.depth != 1 || matches!(event, RawEvent::ElementHeadOpen(..)) {
            self.count(*event.metrics())?;
        }
        match event {
            RawEvent::XmlDeclaration(..) => Ok(None),
            RawEvent::ElementHeadOpen(_, name) => {
                self.depth += 1;
                self.count_part();
                if self.refused.is_none() && self.depth > self.limits.depth + 1 {
                    self.refuse(RefusalReason::TooDeep);
                }
                if self.refused.is_none() {
                    self.head = Some(Head { name, attributes: Vec::new() });
                }
                Ok(None)
            }
            RawEvent::Attribute(_, name, value) => {
                self.count_part();
                if is_declaration(&name) {
                    self.declarations += 1;
                    if self.depth > 1 && self.declarations > DECLARATION_LIMIT {
                        self.refuse(RefusalReason::TooLarge);
                    }
                }
                if let Some(head) = &mut self.head {
                    head.attributes.push((name, value));
                }
                Ok(None)
            }
            RawEvent::ElementHeadClose(_) => match self.head.take() {
                Some(head) if self.depth == 1 => self.open_stream(head).map(Some),
                Some(head) => self.open_element(head).map(|()| None),
                None => Ok(None),
            },
            RawEvent::Text(_, text) => {
                // Between stanzas text is only there to keep the link alive (RFC 6120 §4.6.1).
                if let Some(element) = self.stack.last_mut() {
                    element.append_text(text);
                }
                Ok(None)
            }
            RawEvent::ElementFoot(_) => Ok(self.close_element()),
        }
    }

    /// Everything is counted for one stanza at a time.
    fn start_counting(&mut self) {
        self.bytes = 0;
        self.parts = 0;
        self.declarations = 0;
        self.generous = false;
    }

    /// Counts bytes before they are used.
    fn count(&mut self, metrics: EventMetrics) -> Result<(), ParseError> {
        self.bytes = self.bytes.saturating_add(metrics.len());
        if self.bytes > SKIP_LIMIT {
            return Err(ParseError::TooLarge);
        }
        if self.depth > 1 && self.bytes > self.allowed(self.limits.bytes) {
            self.refuse(RefusalReason::TooLarge);
        }
        Ok(())
    }

    fn count_part(&mut self) {
        self.parts += 1;
        if self.depth > 1 && self.parts > self.allowed(self.limits.parts) {
            self.refuse(RefusalReason::TooLarge);
        }
    }

    fn allowed(&self, limit: usize) -> usize {
        limit * if self.generous { self.limits.own_factor } else { 1 }
    }

    /// Drops what was built and remembers what is needed to tell of it.
    fn refuse(&mut self, reason: RefusalReason) {
        if self.refused.is_some() {
            return;
        }
        let head = self.head.take();
        let mut refused = RefusedStanza { reason, kind: None, from: None, id: None };
        if let Some(top) = self.stack.first() {
            refused.kind = StanzaKind::of(top);
            refused.from = remembered(top.attr("from"));
            refused.id = remembered(top.attr("id"));
        } else if let Some(head) = &head {
            let attribute = |wanted: &str| {
                let found =
                    head.attributes.iter().find(|((prefix, name), _)| prefix.is_none() && *name == *wanted);
                remembered(found.map(|(_, value)| value.as_str()))
            };
            // As far as it can be told from half a start tag: the stanza must be counted.
            let (prefix, name) = &head.name;
            let declared = head.attributes.iter().find(|((before, after), _)| match prefix {
                None => before.is_none() && *after == "xmlns",
                Some(prefix) => before.as_ref().is_some_and(|before| *before == "xmlns") && after == prefix,
            });
            let namespace = match declared {
                Some((_, namespace)) => Ok(namespace.as_str()),
                None => self.namespace(prefix.as_ref()),
            };
            if namespace == Ok(NS_CLIENT) {
                refused.kind = StanzaKind::from_name(name.as_str());
            }
            refused.from = attribute("from");
            refused.id = attribute("id");
        }
        self.stack.clear();
        self.refused = Some(refused);
    }

    fn open_stream(&mut self, head: Head) -> Result<Parsed, ParseError> {
        let element = self.build(head)?;
        self.start_counting();
        if !element.is("stream", NS_STREAM) {
            return Err(ParseError::NotAStream);
        }
        let attribute = |name: &str| element.attr(name).map(ToOwned::to_owned);
        Ok(Parsed::Opened(StreamHeader {
            id: attribute("id"),
            from: attribute("from"),
            version: attribute("version"),
            lang: element.attr_ns(Namespace::xml(), "lang").map(ToOwned::to_owned),
        }))
    }

    fn open_element(&mut self, head: Head) -> Result<(), ParseError> {
        let element = self.build(head)?;
        if self.depth == 2 {
            self.generous = element.is("iq", NS_CLIENT)
                && element.attr("type") == Some("result")
                && element.attr("from").is_none_or(|from| self.limits.own.iter().any(|own| own == from));
        }
        self.stack.push(element);
        Ok(())
    }

    fn build(&mut self, head: Head) -> Result<Element, ParseError> {
        let Head { name, attributes } = head;
        let mut plain = Vec::with_capacity(attributes.len());
        for (name, value) in attributes {
            if !is_declaration(&name) {
                plain.push((name, value));
                continue;
            }
            let (prefix, local) = name;
            let declared = prefix.is_some().then_some(local);
            let twice = self
                .scopes
                .iter()
                .rev()
                .take_while(|scope| scope.depth == self.depth)
                .any(|scope| scope.prefix == declared);
            if twice {
                return Err(rxml::Error::DuplicateAttribute.into());
            }
            self.scopes.push(Scope { depth: self.depth, prefix: declared, namespace: value });
        }
        let (prefix, local) = name;
        let mut element = Element::bare(local.as_str(), self.namespace(prefix.as_ref())?);
        for ((prefix, local), value) in plain {
            let namespace = match &prefix {
                None => Namespace::NONE,
                Some(prefix) if prefix == "xml" => Namespace::xml().clone(),
                Some(_) => Namespace::from(self.namespace(prefix.as_ref())?.to_owned()),
            };
            if element.attrs_mut().insert(namespace, local, value).is_some() {
                return Err(rxml::Error::DuplicateAttribute.into());
            }
        }
        Ok(element)
    }

    fn namespace(&self, prefix: Option<&NcName>) -> Result<&str, ParseError> {
        if prefix.is_some_and(|prefix| *prefix == "xml") {
            return Ok(rxml::XMLNS_XML);
        }
        let found = self.scopes.iter().rev().find(|scope| scope.prefix.as_ref() == prefix);
        match (found, prefix) {
            (Some(scope), _) => Ok(&scope.namespace),
            (None, None) => Ok(""),
            (None, Some(_)) => Err(rxml::Error::UndeclaredNamespacePrefix(None).into()),
        }
    }

    fn close_element(&mut self) -> Option<Parsed> {
        while self.scopes.last().is_some_and(|scope| scope.depth >= self.depth) {
            self.scopes.pop();
        }
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            return Some(Parsed::Ended);
        }
        let finished = self.stack.pop();
        if self.depth > 1 {
            if let (Some(parent), Some(child)) = (self.stack.last_mut(), finished) {
                parent.append_child(child);
            }
            return None;
        }
        self.start_counting();
        match self.refused.take() {
            Some(refused) => Some(Parsed::Refused(refused)),
            None => finished.map(Parsed::Element),
        }
    }
}

/// Reads bytes that are one element and nothing else: what was inside something encrypted, or was kept. They may
/// leave out the namespace of stanzas, as what goes into a stream does. The same limits hold as for a stanza.
#[must_use]
pub fn fragment(bytes: &[u8]) -> Option<Element> {
    const HEADER: &[u8] =
        b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
    let mut parser = Parser::new(Limits::default());
    let Ok(Some(Parsed::Opened(_))) = parser.parse(&mut &*HEADER) else { return None };
    let mut rest = bytes;
    let Ok(Some(Parsed::Element(element))) = parser.parse(&mut rest) else { return None };
    rest.trim_ascii().is_empty().then_some(element)
}

/// Whether an attribute declares a namespace.
fn is_declaration((prefix, local): &RawQName) -> bool {
    match prefix {
        None => *local == "xmlns",
        Some(prefix) => *prefix == "xmlns",
    }
}

fn remembered(value: Option<&str>) -> Option<String> {
    value.filter(|value| value.len() <= REMEMBERED_ATTRIBUTE_LIMIT).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests;
