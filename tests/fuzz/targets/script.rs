//! Bytes as a script for one side of a conversation. UTF-8 knows neither 0xFE nor 0xFF, so they are free to mean something:
//! 0xFF ends a step; 0xFE and a number stand for the id of a question that we asked.

/// What happens next.
#[derive(Debug)]
pub enum Step<'i> {
    /// The server says this.
    Bytes(&'i [u8]),
    /// Time passes, until the next timer runs out.
    Time,
    /// The link breaks.
    Cut,
    /// The user writes this.
    Say(&'i [u8]),
    /// The user reacts to the newest message with this, having read it.
    React(&'i [u8]),
}

/// More steps than this repeat what was tried.
const MOST_STEPS: usize = 64;

/// The steps of an input. The first byte of each says what it is, if no XML begins so.
pub fn steps(input: &[u8]) -> impl Iterator<Item = Step<'_>> {
    input.split(|byte| *byte == 0xff).take(MOST_STEPS).map(|step| match step.split_first() {
        Some((0xfd, _)) => Step::Time,
        Some((0xfc, _)) => Step::Cut,
        Some((0xfb, text)) => Step::Say(text),
        Some((0xfa, text)) => Step::React(text),
        _ => Step::Bytes(step),
    })
}

/// Puts the ids of our questions where the script stands in for them.
pub fn with_ids(bytes: &[u8], ids: &[String]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        if *byte == 0xfe {
            let number = rest.next().copied().unwrap_or_default();
            whole.extend(ids.get(usize::from(number)).into_iter().flat_map(|id| id.bytes()));
        } else {
            whole.push(*byte);
        }
    }
    whole
}

/// What we wrote, as elements: all of it must be whole and well-formed, whatever it was made of.
///
/// # Panics
/// When it is not.
pub fn elements(written: &[u8]) -> Vec<xmpp::minidom::Element> {
    let text = std::str::from_utf8(written).expect("what we write is UTF-8");
    // The header and the end of a stream are no elements.
    let body = match text.find("<stream:stream") {
        Some(start) => text[start..].split_once('>').map_or("", |(_, rest)| rest),
        None => text,
    };
    let body = body.replace("</stream:stream>", "");
    let all: xmpp::minidom::Element =
        format!("<all xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>{body}</all>")
            .parse()
            .unwrap_or_else(|error| panic!("we wrote what is no XML ({error}): {text}"));
    all.children().cloned().collect()
}

/// Writes an element as it goes into a stream, and reads it again.
///
/// # Panics
/// When it is not the same.
pub fn again(element: &xmpp::minidom::Element) {
    let written = xmpp::xml::serialise(element);
    let read = elements(&written);
    assert_eq!(read.first(), Some(element), "read again from {}", String::from_utf8_lossy(&written));
    assert_eq!(read.len(), 1);
}
