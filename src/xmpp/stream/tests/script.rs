//! Runs a transcript against a stream, with a false clock and a seeded generator.
//!
//! One line is one step:
//!
//! | line | step |
//! |---|---|
//! | `connect`, `connect tls`, `tls`, `closed` | what happens to the socket |
//! | `S: text` | the server sends it; `{name}` is replaced by what was captured or computed |
//! | `C: text` | the stream must have written exactly this; `{name}` captures |
//! | `E: text` | the next event is described so, or begins so |
//! | `+5s` | time passes, and due timeouts are handled |
//! | `send 7 text` | a stanza is sent with this token |
//! | `hold`, `processed 3` | stanzas are no longer taken as handled at once, but now |
//! | `close`, `wake`, `active`, `inactive` | calls |
//!
//! Before the server says something, everything the stream wrote must have been matched.
//! Capturing `{initial}` and `{response}` makes the server's side of SCRAM: `{challenge}` and
//! `{signature}`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use model::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::super::*;

pub(super) const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='example.org' \
    from='alice@example.org' xml:lang='en'>";
pub(super) const CLEAR_HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='example.org' xml:lang='en'>";
pub(super) const SERVER_HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' id='s1' from='example.org' version='1.0'>";
/// What Prosody 13 offers with its SASL2 modules.
pub(super) const SASL2: &str = "<stream:features>\
    <authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-256</mechanism>\
    <mechanism>SCRAM-SHA-256-PLUS</mechanism><mechanism>PLAIN</mechanism><inline>\
    <bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/>\
    <feature var='urn:xmpp:csi:0'/><feature var='urn:xmpp:sm:3'/></inline></bind>\
    <sm xmlns='urn:xmpp:sm:3'/><fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-EXPR</mechanism>\
    <mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication>\
    <sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/>\
    </sasl-channel-binding><limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes></limits>\
    </stream:features>";
pub(super) const USER_AGENT: &str =
    "<user-agent id='ua'><software>Starling</software><device>desk</device></user-agent>";
pub(super) const BIND: &str = "<bind xmlns='urn:xmpp:bind:0'><tag>Starling</tag>\
    <enable xmlns='urn:xmpp:carbons:2'/><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>";

pub(super) fn config() -> StreamConfig {
    StreamConfig {
        address: "alice@example.org".parse().unwrap(),
        resource_hint: "Starling".to_owned(),
        user_agent_id: "ua".to_owned(),
        software: "Starling".to_owned(),
        device: "desk".to_owned(),
        lang: "en".to_owned(),
        allow_plain: false,
        purpose: Purpose::SignIn,
    }
}

pub(super) fn password() -> Credentials {
    Credentials { password: Some(Zeroizing::new("pencil".to_owned())), ..Credentials::default() }
}

pub(super) fn tls() -> TlsFacts {
    TlsFacts { exporter: Some([7; 32]), server_end_point: Some(vec![9; 32]), ..TlsFacts::default() }
}

pub(super) fn token() -> FastToken {
    FastToken {
        mechanism: "HT-SHA-256-EXPR".to_owned(),
        token: Zeroizing::new("secret".to_owned()),
        count: 4,
        expires: Timestamp(2_000_000_000_000),
    }
}

pub(super) struct Script {
    pub(super) stream: Stream,
    pub(super) facts: TlsFacts,
    pub(super) now: Now,
    pub(super) online: Option<Online>,
    pub(super) token: Option<FastToken>,
    pub(super) events: VecDeque<String>,
    pub(super) written: String,
    pub(super) captured: BTreeMap<String, String>,
    hold: bool,
}

impl Script {
    pub(super) fn new(config: StreamConfig, credentials: Credentials) -> Self {
        Self::with(Stream::new(config, credentials, &mut ChaCha20Rng::seed_from_u64(1)))
    }

    pub(super) fn resuming(credentials: Credentials, resumption: Resumption) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        Self::with(Stream::with_resumption(config(), credentials, &mut rng, resumption))
    }

    fn with(stream: Stream) -> Self {
        Self {
            stream,
            facts: tls(),
            now: Now { monotonic: Duration::from_secs(100), wall: Timestamp(1_900_000_000_000) },
            online: None,
            token: None,
            events: VecDeque::new(),
            written: String::new(),
            captured: BTreeMap::new(),
            hold: false,
        }
    }

    /// Runs a transcript whose lines may be indented.
    #[track_caller]
    pub(super) fn run(&mut self, transcript: &str) -> &mut Self {
        for line in transcript.lines().map(str::trim).filter(|line| !line.is_empty()) {
            self.step(line);
        }
        self
    }

    /// And nothing else may have happened.
    #[track_caller]
    pub(super) fn end(&mut self) {
        assert_eq!(self.written, "", "written and not expected");
        assert!(self.events.is_empty(), "not expected: {:?}", self.events);
    }

    #[track_caller]
    fn step(&mut self, line: &str) {
        self.pump();
        let now = self.now;
        match line.split_once(' ').unwrap_or((line, "")) {
            ("connect", "tls") => {
                let tls = Some(self.facts.clone());
                self.stream.handle_input(StreamInput::Connected { tls }, now);
            }
            ("connect", _) => self.stream.handle_input(StreamInput::Connected { tls: None }, now),
            ("tls", _) => self.stream.handle_input(StreamInput::TlsStarted(self.facts.clone()), now),
            ("closed", _) => self.stream.handle_input(StreamInput::Closed, now),
            ("S:", text) => {
                assert_eq!(self.written, "", "written before {line}");
                let text = self.filled_in(text);
                self.stream.handle_input(StreamInput::Bytes(text.as_bytes()), now);
            }
            ("C:", pattern) => self.expect_written(pattern),
            ("E:", event) => {
                let next = self.events.pop_front();
                let fits = next.as_ref().is_some_and(|next| next.starts_with(event));
                assert!(fits, "expected {event}, had {next:?}, then {:?}", self.events);
            }
            ("send", rest) => {
                let (token, text) = rest.split_once(' ').unwrap();
                let token = StanzaToken(token.parse().unwrap());
                self.stream.send(text.as_bytes().to_vec(), token, now).unwrap();
            }
            ("hold", _) => self.hold = true,
            ("processed", count) => (0..count.parse().unwrap()).for_each(|_| self.stream.processed()),
            ("close", _) => self.stream.close(now),
            ("wake", _) => self.stream.wake(now),
            ("active", _) => self.stream.set_active(true),
            ("inactive", _) => self.stream.set_active(false),
            (time, _) if time.starts_with('+') => self.wait(&time[1..]),
            _ => panic!("no such step: {line}"),
        }
        self.pump();
    }

    fn wait(&mut self, time: &str) {
        let seconds: u64 = time.strip_suffix('s').unwrap().parse().unwrap();
        let end = self.now.monotonic + Duration::from_secs(seconds);
        while let Some(due) = self.stream.timeout().filter(|due| *due <= end) {
            self.now.monotonic = due.max(self.now.monotonic);
            self.stream.handle_timeout(self.now);
            self.pump();
        }
        self.now.monotonic = end;
    }

    fn pump(&mut self) {
        while let Some(event) = self.stream.poll_event(self.now) {
            let text = format!("{event:?}");
            match event {
                StreamEvent::Write(bytes) => {
                    self.written.push_str(std::str::from_utf8(&bytes).unwrap());
                    continue;
                }
                StreamEvent::Stanza(_) | StreamEvent::Refused(_) if !self.hold => {
                    self.stream.processed();
                }
                StreamEvent::Online(online) => self.online = Some(*online),
                StreamEvent::FastToken(token) => self.token = Some(token),
                _ => {}
            }
            self.events.push_back(text);
        }
    }

    fn filled_in(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.captured {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    #[track_caller]
    fn expect_written(&mut self, pattern: &str) {
        let filled = self.filled_in(pattern);
        let mut rest = filled.as_str();
        while let Some((literal, tail)) = rest.split_once('{') {
            let (name, tail) = tail.split_once('}').unwrap();
            self.eat(literal, pattern);
            let end = tail.split('{').next().unwrap();
            let at = self.written.find(end).unwrap_or_else(|| panic!("no {end:?} in {}", self.written));
            let value: String = self.written.drain(..at).collect();
            self.compute(name, &value);
            self.captured.insert(name.to_owned(), value);
            rest = tail;
        }
        self.eat(rest, pattern);
    }

    #[track_caller]
    fn eat(&mut self, literal: &str, pattern: &str) {
        assert!(self.written.starts_with(literal), "expected {pattern}\nwritten  {}", self.written);
        self.written.drain(..literal.len());
    }

    fn compute(&mut self, name: &str, value: &str) {
        let text = || String::from_utf8(BASE64.decode(value).unwrap()).unwrap();
        if name == "initial" {
            let initial = text();
            let bare = initial.splitn(3, ',').nth(2).unwrap().to_owned();
            let nonce = bare.split_once("r=").unwrap().1;
            let challenge = format!("r={nonce}+server,s=c2FsdA==,i=4096");
            self.captured.insert("challenge".to_owned(), BASE64.encode(&challenge));
            self.captured.insert("first".to_owned(), format!("{bare},{challenge}"));
            self.captured.insert("gs2".to_owned(), initial[..initial.len() - bare.len()].to_owned());
        } else if name == "response" {
            let response = text();
            let without_proof = response.rsplit_once(",p=").unwrap().0;
            let message = format!("{},{without_proof}", self.captured["first"]);
            let mut salted = [0; 32];
            pbkdf2::pbkdf2_hmac::<Sha256>(b"pencil", b"salt", 4096, &mut salted);
            let keyed = |key: &[u8], data: &[u8]| {
                let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
                mac.update(data);
                mac.finalize().into_bytes()
            };
            let signature = keyed(&keyed(&salted, b"Server Key"), message.as_bytes());
            let text = format!("v={}", BASE64.encode(signature));
            self.captured.insert("signature".to_owned(), BASE64.encode(text));
        }
    }
}

/// A stream that is online with SASL2, Bind 2 and a resumable session.
pub(super) fn online() -> Script {
    let mut script = Script::new(config(), password());
    script.run(&format!(
        "connect tls
        C: {HEADER}
        E: Progress(SigningIn)
        S: {SERVER_HEADER}{SASL2}
        C: <authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-256-PLUS'><initial-response>{{initial}}</initial-response>{USER_AGENT}{BIND}<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-EXPR'/></authenticate>
        S: <challenge xmlns='urn:xmpp:sasl:2'>{{challenge}}</challenge>
        C: <response xmlns='urn:xmpp:sasl:2'>{{response}}</response>
        S: <success xmlns='urn:xmpp:sasl:2'><additional-data>{{signature}}</additional-data><authorization-identifier>alice@example.org/Starling~x</authorization-identifier><token xmlns='urn:xmpp:fast:0' token='new' expiry='2033-01-01T00:00:00Z'/><bound xmlns='urn:xmpp:bind:0'><metadata xmlns='urn:mam' /><metadata xmlns='urn:xmpp:mam:2'><start id='1' timestamp='2020-01-01T00:00:00Z'/><end id='99' timestamp='2030-01-01T00:00:00Z'/></metadata><enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='1' max='300'/></bound></success><stream:features><csi xmlns='urn:xmpp:csi:0'/><ver xmlns='urn:xmpp:features:rosterver'/></stream:features>
        E: FastToken
        E: Progress(Binding)
        E: Online(resumed: false)"
    ));
    script.end();
    script
}
