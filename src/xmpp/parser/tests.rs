//! What the parser must take, what it must refuse before building anything, and that neither chunks nor depth matter.

use proptest::prelude::*;

use super::*;

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0' from='b' xml:lang='en'>";

/// Everything that is read from these chunks.
fn parse(chunks: &[&[u8]]) -> (Vec<String>, Option<ParseError>) {
    parse_with(Limits::default(), chunks)
}

fn parse_with(limits: Limits, chunks: &[&[u8]]) -> (Vec<String>, Option<ParseError>) {
    let mut parser = Parser::new(limits);
    let mut seen = Vec::new();
    for chunk in chunks {
        let mut rest = *chunk;
        loop {
            match parser.parse(&mut rest) {
                Ok(None) => break,
                Ok(Some(Parsed::Ended)) => {
                    seen.push("ended".to_owned());
                    return (seen, None);
                }
                Ok(Some(parsed)) => seen.push(describe(&parsed)),
                Err(error) => return (seen, Some(error)),
            }
        }
        assert!(rest.is_empty());
    }
    (seen, None)
}

fn describe(parsed: &Parsed) -> String {
    match parsed {
        Parsed::Opened(header) => format!("{header:?}"),
        Parsed::Element(element) => String::from(element),
        Parsed::Refused(refused) => {
            format!("refused {refused:?} {:?} {:?}", refused.from, refused.id)
        }
        Parsed::Ended => "ended".to_owned(),
    }
}

fn stream(body: &str) -> (Vec<String>, Option<ParseError>) {
    let (seen, error) = parse(&[HEADER.as_bytes(), body.as_bytes()]);
    (seen[1..].to_vec(), error)
}

#[test]
fn elements_are_the_ones_minidom_reads() {
    let body = "<message to='a@b' xml:lang='de'><body>x &lt; <![CDATA[y]]></body>\
        <p:x xmlns:p='urn:p' p:a='1' b='2'><q xmlns='urn:q'/><p:y/></p:x></message>\n \
        <stream:features><a xmlns='urn:a'/></stream:features></stream:stream>";
    let (seen, error) = stream(body);
    assert_eq!(error, None);
    assert_eq!(seen.len(), 3);
    let first: Element = seen[0].parse().unwrap();
    let expected: Element = "<message xmlns='jabber:client' to='a@b' xml:lang='de'>\
        <body>x &lt; y</body><p:x xmlns:p='urn:p' p:a='1' b='2'><q xmlns='urn:q'/><p:y/></p:x></message>"
        .parse()
        .unwrap();
    assert_eq!(first, expected);
    let features: Element = seen[1].parse().unwrap();
    assert!(features.is("features", NS_STREAM) && features.has_child("a", "urn:a"));
    assert_eq!(seen[2], "ended");
}

#[test]
fn a_header_is_read_and_something_else_is_not() {
    let (seen, _) = parse(&[b"\r\n ", HEADER.as_bytes()]);
    assert!(seen[0].contains("id: Some(\"1\")") && seen[0].contains("lang: Some(\"en\")"));
    let (_, error) = parse(&[b"<html><body>"]);
    assert_eq!(error, Some(ParseError::NotAStream));
    let (_, error) = parse(&[b"HTTP/1.1 400 Bad Request"]);
    assert_eq!(error, Some(ParseError::NotAStream));
}

#[test]
fn what_xmpp_forbids_ends_the_stream() {
    for body in [
        "<a><!-- c --></a>",
        "<a><?pi?></a>",
        "<a>&x;</a>",
        "<a></b>",
        "<x:a/>",
        "<a b='1' b='2'/>",
        "<a xmlns='u' xmlns='v'/>",
        "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
        "<a>\u{1}</a>",
    ] {
        let (_, error) = stream(body);
        assert!(matches!(error, Some(ParseError::NotXml(_))), "{body}");
    }
}

#[test]
fn depth_is_refused_at_sixty_five_and_the_stream_goes_on() {
    let nested = |depth: usize| {
        format!(
            "<message from='a@b' id='i'>{}{}</message><presence/>",
            "<x>".repeat(depth),
            "</x>".repeat(depth)
        )
    };
    let (seen, _) = stream(&nested(63));
    assert!(seen[0].starts_with("<message"));
    for depth in [64, 6000, 100_000] {
        let (seen, error) = stream(&nested(depth));
        assert_eq!(error, None);
        assert!(seen[0].contains("TooDeep") && seen[0].contains("Message"), "{}", seen[0]);
        assert!(seen[0].ends_with("Some(\"a@b\") Some(\"i\")"), "{}", seen[0]);
        assert_eq!(seen[1], "<presence xmlns='jabber:client'/>");
    }
}

#[test]
fn size_is_refused_wherever_it_is() {
    let large = "x".repeat(1 << 20);
    for body in [
        format!("<message id='i'><body>{large}</body></message>"),
        format!("<message id='i'>{}</message>", "<a/>".repeat(20_001)),
        format!("<message id='i'>{large}</message>"),
        format!("<message id='i'><a b='{}' c='{}'/></message>", &large[..600_000], &large[..600_000]),
        format!("<message id='i' b='{}' c='{}'/>", &large[..600_000], &large[..600_000]),
        format!(
            "<message id='i' {}/>",
            (0..2001).map(|n| format!("xmlns:n{n}='u'")).collect::<Vec<_>>().join(" ")
        ),
    ] {
        let (seen, error) = stream(&format!("{body}<iq/>"));
        assert_eq!(error, None, "{}", &body[..40]);
        assert!(seen[0].contains("TooLarge") && seen[0].contains("Some(Message)"), "{}", seen[0]);
        assert!(seen[0].ends_with("Some(\"i\")"), "{}", seen[0]);
        assert_eq!(seen[1], "<iq xmlns='jabber:client'/>");
    }
}

#[test]
fn what_is_refused_in_its_first_tag_is_known_by_its_namespace() {
    let large = "x".repeat(600_000);
    let (seen, _) = stream(&format!("<message xmlns='urn:other' b='{large}' c='{large}'/>"));
    assert!(seen[0].contains("kind: None"), "{}", seen[0]);
    let (seen, _) = stream(&format!("<c:message xmlns:c='jabber:client' b='{large}' c='{large}'/>"));
    assert!(seen[0].contains("Some(Message)"), "{}", seen[0]);
}

#[test]
fn our_own_server_may_send_a_large_roster() {
    let items = format!("<item jid='a@b' name='{}'/>", "n".repeat(200)).repeat(15_000);
    let iq = |from: &str| {
        format!("<iq type='result' id='r' {from}><query xmlns='jabber:iq:roster'>{items}</query></iq>")
    };
    let limits = Limits { own: vec!["me@b".to_owned()], ..Limits::default() };
    for (from, large) in [("", true), ("from='me@b'", true), ("from='you@b'", false)] {
        let body = iq(from);
        let (seen, error) = parse_with(limits.clone(), &[HEADER.as_bytes(), body.as_bytes()]);
        assert_eq!(error, None);
        assert_eq!(!seen[1].starts_with("refused"), large, "{from}");
    }
}

#[test]
fn a_stanza_without_end_ends_the_stream() {
    let mut parser = Parser::new(Limits::default());
    let mut header = HEADER.as_bytes();
    parser.parse(&mut header).unwrap();
    let chunk = "<a>".repeat(10_000);
    let mut error = None;
    for _ in 0..1000 {
        let mut rest = chunk.as_bytes();
        match parser.parse(&mut rest) {
            Ok(parsed) => assert!(parsed.is_none()),
            Err(found) => {
                error = Some(found);
                break;
            }
        }
    }
    assert_eq!(error, Some(ParseError::TooLarge));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        parse(&[&bytes]);
        parse(&[HEADER.as_bytes(), &bytes]);
    }

    #[test]
    fn arbitrary_tags_never_panic(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("<a>"), Just("</a>"), Just("<a xmlns='u'"), Just(">"), Just("/>"), Just(" b='"),
                Just("'"), Just("<message "), Just("<p:q xmlns:p='x'>"), Just("text"), Just("&amp;"),
                Just("<![CDATA["), Just("]]>"), Just(" xmlns:c='"), Just("</stream:stream>"), Just("\u{1f986}"),
            ],
            0..40,
        )
    ) {
        let body = parts.concat();
        parse_with(
            Limits { depth: 3, bytes: 60, parts: 5, ..Limits::default() },
            &[HEADER.as_bytes(), body.as_bytes()],
        );
    }

    #[test]
    fn chunks_make_no_difference(cuts in proptest::collection::vec(1_usize..30, 0..60)) {
        let deep = format!("<iq>{}{}</iq>", "<x>".repeat(70), "</x>".repeat(70));
        let text = format!(
            "{HEADER}<message id='🦆'><body>a &amp; b &#x1f986;</body><x xmlns='u' y='z'/></message> \
             {deep}<a:b xmlns:a='c'>t</a:b></stream:stream>"
        );
        let mut rest = text.as_bytes();
        let mut chunks = Vec::new();
        for cut in cuts {
            let (chunk, tail) = rest.split_at(cut.min(rest.len()));
            chunks.push(chunk);
            rest = tail;
        }
        chunks.push(rest);
        prop_assert_eq!(parse(&chunks), parse(&[text.as_bytes()]));
    }
}

#[test]
fn a_fragment_is_one_element_and_nothing_else() {
    let element = fragment(b"<message to='bob@example.net'><body>hi</body></message>").unwrap();
    assert!(element.is("message", NS_CLIENT) && element.has_child("body", NS_CLIENT));
    assert!(fragment(b" <envelope xmlns='urn:xmpp:sce:1'/> ").is_some());
    let deep = [b"<a>".repeat(100), b"</a>".repeat(100)].concat();
    for bytes in [
        &b""[..],
        b"words",
        b"<a/><b/>",
        b"<a/>words",
        b"<a>",
        b"</stream:stream>",
        b"<x:a/>",
        b"\xff",
        &deep,
    ] {
        assert_eq!(fragment(bytes), None, "{}", String::from_utf8_lossy(bytes));
    }
}
