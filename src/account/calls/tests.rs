//! Calls as scripts: what the other side, the engine of media and the user do, and what comes of it.
//!
//! The other side speaks the words of the XEPs. Where a test says "as Dino" or "as Conversations" it is written after what
//! their sources show they send and expect; what was recorded is in `recorded`.

mod chance;
mod changes;
mod crossed;
mod hostile;
mod incoming;
mod lines;
mod links;
mod outgoing;
mod pair;
mod recorded;
mod servers;
mod strangers;
mod ways;

use std::time::Duration;

use model::{
    AccountCommand, BareJid, Call, CallCommand, CallId, CallLine, CallState, CandidateKind, Content,
    ContentCandidates, ConversationId, DtlsFingerprint, DtlsSetup, EventKind, Flow, IceCandidate,
    IceCredentials, IceProtocol, IceTransport, MediaCommand, MediaContent, MediaDescription, MediaEvent,
    MediaKind, RtpDescription, RtpPayload,
};
use store::{Anchor, PageRequest};
use xmpp::{
    minidom::Element,
    xep_0166_jingle::{self as wire, Action, Condition, Description, Jingle, Senders, Side, Transport},
    xep_0167_rtp::Info,
    xep_0353_invitations::{self as proposals, Act},
    xml,
};

use crate::{Input, testing::Rig};

const ROMEO: &str = "romeo@example.net";
const ORCHARD: &str = "romeo@example.net/orchard";
const NS_PROPOSALS: &str = proposals::NS;
const STUN_AND_TURN: &str = "<services xmlns='urn:xmpp:extdisco:2'>\
    <service type='stun' host='stun.example.org' port='3478' transport='udp'/>\
    <service type='turn' host='turn.example.org' port='3478' transport='udp' username='u' password='p' \
      expires='2027-01-16T08:00:00Z'/></services>";

/// An account that can call, and Romeo on its roster.
struct Desk {
    rig: Rig,
    /// The session of the call that is talked about.
    session: String,
}

impl Desk {
    /// Signed in, with servers known.
    fn new() -> Self {
        let mut desk = Self::without_servers();
        desk.answer_services(STUN_AND_TURN);
        desk
    }

    fn without_servers() -> Self {
        let mut rig = Rig::new(true);
        rig.sign_in();
        rig.roster(&format!("<item jid='{ROMEO}' subscription='both'/>"));
        Self { rig, session: "s1".to_owned() }
    }

    fn answer_services(&mut self, services: &str) {
        let question = self.rig.take_sent("services");
        assert_eq!(question.attr("to"), Some("example.org"));
        self.rig.answer(&question, services);
    }

    /// The user's conversation with Romeo.
    fn romeo(&mut self) -> ConversationId {
        let address = BareJid::new(ROMEO).unwrap();
        self.rig.write(|tx| {
            if let Some(known) = tx.reads().conversation_with(&address)? {
                return Ok(known);
            }
            let kind = model::ConversationKind::Direct;
            tx.create_conversation(&address, kind, false, model::Timestamp(0))
        })
    }

    /// The user calls Romeo, who is proposed it.
    fn call(&mut self, video: bool) -> CallId {
        let conversation = self.romeo();
        self.rig.command(AccountCommand::StartCall(conversation, video));
        let proposal = self.said("propose");
        assert_eq!(proposal.attr("to"), Some(ROMEO));
        self.session = invitation(&proposal).session;
        self.told().id
    }

    /// What was told last of a call.
    #[track_caller]
    fn told(&self) -> Call {
        let last = self.rig.events.iter().rev().find_map(|event| match event {
            EventKind::Call(call) => Some(Call::clone(call)),
            _ => None,
        });
        last.expect("a call is told of")
    }

    fn state(&self) -> CallState {
        self.told().state
    }

    /// Takes a message that says this of a call.
    #[track_caller]
    fn said(&mut self, name: &str) -> Element {
        let is_it = |stanza: &Element| stanza.name() == "message" && stanza.has_child(name, NS_PROPOSALS);
        let place = self.rig.sent.iter().position(is_it);
        assert!(place.is_some(), "no <{name}/> was said");
        self.rig.sent.remove(place.unwrap())
    }

    fn has_said(&self, name: &str) -> bool {
        self.rig.sent.iter().any(|stanza| stanza.has_child(name, NS_PROPOSALS))
    }

    /// Takes the first request about the session, which must do this.
    #[track_caller]
    fn asked(&mut self, action: Action) -> (Element, Jingle) {
        let place = self.rig.sent.iter().position(|stanza| stanza.has_child("jingle", wire::NS));
        assert!(place.is_some(), "nothing was asked, only {:?}", self.rig.media);
        let stanza = self.rig.sent.remove(place.unwrap());
        let jingle = Jingle::read(stanza.get_child("jingle", wire::NS).unwrap()).unwrap();
        assert_eq!((jingle.action, jingle.session.as_str()), (action, self.session.as_str()));
        assert_eq!(stanza.attr("to"), Some(ORCHARD));
        (stanza, jingle)
    }

    fn has_asked(&self) -> bool {
        self.rig.sent.iter().any(|stanza| stanza.has_child("jingle", wire::NS))
    }

    /// Takes everything that was told to the engine.
    fn engine(&mut self) -> Vec<MediaCommand> {
        self.rig.media.drain(..).map(|(_, command)| command).collect()
    }

    /// The engine tells something.
    fn media(&mut self, event: MediaEvent) {
        let id = self.told().id;
        self.rig.input(Input::Media(id, event));
    }

    /// Romeo's device says something of a call.
    fn says(&mut self, act: Act) {
        let invitation = proposals::Invitation { session: self.session.clone(), act };
        self.message(ORCHARD, "me@example.org", &text(&invitation.element()));
    }

    /// Somebody sends a message.
    fn message(&mut self, from: &str, to: &str, children: &str) {
        self.rig.bytes(&format!("<message type='chat' id='m' from='{from}' to='{to}'>{children}</message>"));
    }

    /// Another device of the user said something of a call.
    fn other_device_says(&mut self, act: Act) {
        let invitation = proposals::Invitation { session: self.session.clone(), act };
        let inner = text(&invitation.element());
        self.rig.bytes(&format!(
            "<message type='chat' from='me@example.org'><sent xmlns='urn:xmpp:carbons:2'>\
             <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' type='chat' \
             from='me@example.org/phone' to='{ROMEO}'>{inner}</message></forwarded></sent></message>"
        ));
    }

    /// Romeo's device asks something about the session; what we answer.
    fn asks(&mut self, jingle: &Jingle) -> String {
        self.asks_as(ORCHARD, &text(&jingle.element()))
    }

    #[track_caller]
    fn asks_as(&mut self, from: &str, jingle: &str) -> String {
        self.rig
            .bytes(&format!("<iq type='set' id='q1' from='{from}' to='me@example.org/here'>{jingle}</iq>"));
        let place = self.rig.sent.iter().position(|stanza| stanza.attr("id") == Some("q1"));
        assert!(place.is_some(), "{jingle} is not answered");
        let answer = self.rig.sent.remove(place.unwrap());
        self.answer_pings();
        match answer.get_child("error", "jabber:client") {
            None => "result".to_owned(),
            Some(error) => error.children().map(Element::name).collect::<Vec<_>>().join(" "),
        }
    }

    fn their(&self, action: Action) -> Jingle {
        Jingle::new(action, &self.session)
    }

    /// Romeo's device describes contents.
    fn describes(&self, action: Action, contents: &[(&str, MediaKind)], senders: Senders) -> Jingle {
        let contents = contents.iter().map(|(name, media)| wire::Content {
            creator: Side::Initiator,
            name: (*name).to_owned(),
            senders,
            description: Some(Description::Rtp(rtp(*media))),
            transport: Some(Transport::Ice { ice: ice("theirs"), sealed: Vec::new() }),
        });
        Jingle { contents: contents.collect(), ..self.their(action) }
    }

    /// The user's call with Romeo is taken by his device, offered, accepted and connected.
    fn talk(&mut self, video: bool) -> CallId {
        let id = self.call(video);
        self.says(Act::Proceed { device: None });
        let contents: &[_] = if video { &BOTH } else { &VOICE };
        self.media(MediaEvent::Offer(description(contents, "ours")));
        self.asked(Action::SessionInitiate);
        let accept = self.describes(Action::SessionAccept, contents, Senders::Both);
        assert_eq!(self.asks(&accept), "result");
        self.media(MediaEvent::Connected);
        assert!(matches!(self.state(), CallState::Connected { .. }));
        self.engine();
        id
    }

    /// Romeo's call is taken by the user, offered, answered and connected.
    fn hear(&mut self, video: bool) -> CallId {
        let media = if video { vec![MediaKind::Audio, MediaKind::Video] } else { vec![MediaKind::Audio] };
        self.says(Act::Propose(media));
        let id = self.told().id;
        self.rig.command(AccountCommand::Call(id, CallCommand::Answer { video }));
        let contents: &[_] = if video { &BOTH } else { &VOICE };
        let initiate = self.describes(Action::SessionInitiate, contents, Senders::Both);
        assert_eq!(self.asks(&initiate), "result");
        self.media(MediaEvent::Answer(description(contents, "ours")));
        self.asked(Action::SessionAccept);
        self.rig.sent.clear();
        self.media(MediaEvent::Connected);
        self.engine();
        id
    }

    fn command(&mut self, command: CallCommand) {
        let id = self.told().id;
        self.rig.command(AccountCommand::Call(id, command));
    }

    /// Time passes, and the server gives signs of life meanwhile.
    fn pass(&mut self, seconds: u64) {
        for step in std::iter::repeat_n(5, (seconds / 5) as usize).chain([seconds % 5]) {
            self.rig.pass(Duration::from_secs(step));
            self.rig.bytes(" ");
            self.rig.input(Input::Timer);
            self.answer_pings();
        }
    }

    /// A server that does not answer them is taken for dead.
    fn answer_pings(&mut self) {
        let is_ping = |stanza: &Element| stanza.has_child("ping", "urn:xmpp:ping");
        while let Some(place) = self.rig.sent.iter().position(is_ping) {
            let ping = self.rig.sent.remove(place);
            self.rig.answer(&ping, "");
        }
    }

    /// The lines of calls in the history with somebody.
    fn lines(&mut self, who: &str) -> Vec<CallLine> {
        let who = BareJid::new(who).unwrap();
        self.rig.read(|reads| {
            let Some(conversation) = reads.conversation_with(&who)? else { return Ok(Vec::new()) };
            let page = reads.page(&PageRequest { conversation, anchor: Anchor::Newest, limit: 50 })?;
            let line = |message: model::Message| match message.content {
                Content::Call(line) => Some(line),
                _ => None,
            };
            Ok(page.messages.into_iter().filter_map(line).collect())
        })
    }

    /// What the newest line says became of the call.
    fn line(&mut self) -> model::CallOutcome {
        self.lines(ROMEO).last().expect("the call has a line").outcome
    }
}

const VOICE: [(&str, MediaKind); 1] = [("audio", MediaKind::Audio)];
const BOTH: [(&str, MediaKind); 2] = [("audio", MediaKind::Audio), ("video", MediaKind::Video)];

fn text(element: &Element) -> String {
    String::from_utf8(xml::serialise(element)).unwrap()
}

fn invitation(message: &Element) -> proposals::Invitation {
    proposals::read(message).unwrap()
}

fn rtp(media: MediaKind) -> RtpDescription {
    let (id, name, clock_rate, channels) = match media {
        MediaKind::Audio => (111, "opus", 48_000, 2),
        _ => (98, "VP8", 90_000, 1),
    };
    let payload = RtpPayload {
        id,
        name: Some(name.to_owned()),
        clock_rate: Some(clock_rate),
        channels,
        packet_time: None,
        max_packet_time: None,
        parameters: Vec::new(),
        feedback: Vec::new(),
    };
    RtpDescription { payloads: vec![payload], rtcp_mux: true, ..RtpDescription::bare(media) }
}

fn credentials(whose: &str) -> IceCredentials {
    IceCredentials { fragment: whose.to_owned(), password: format!("{whose}-0123456789abcdefghij") }
}

fn ice(whose: &str) -> IceTransport {
    let fingerprint =
        DtlsFingerprint { hash: "sha-256".to_owned(), value: vec![7; 32], setup: DtlsSetup::ActPass };
    IceTransport {
        credentials: Some(credentials(whose)),
        fingerprints: vec![fingerprint],
        candidates: Vec::new(),
    }
}

fn description(contents: &[(&str, MediaKind)], whose: &str) -> MediaDescription {
    let contents = contents.iter().map(|(name, media)| MediaContent {
        name: (*name).to_owned(),
        flow: Flow::BOTH,
        rtp: rtp(*media),
        transport: ice(whose),
    });
    MediaDescription { contents: contents.collect(), bundle: Vec::new() }
}

fn candidates(content: &str, whose: &str, port: u16) -> ContentCandidates {
    let candidate = IceCandidate {
        component: 1,
        foundation: "1".to_owned(),
        generation: 0,
        id: "c1".to_owned(),
        address: "192.0.2.3".parse().unwrap(),
        port,
        priority: 2_130_706_431,
        protocol: IceProtocol::Udp,
        kind: CandidateKind::Host,
        related: None,
    };
    ContentCandidates {
        content: content.to_owned(),
        credentials: Some(credentials(whose)),
        candidates: vec![candidate],
    }
}

/// Candidates, or without them credentials, as a `transport-info` tells them.
fn told_ways(desk: &Desk, told: &[ContentCandidates]) -> Jingle {
    let contents = told.iter().map(|told| {
        let ice = IceTransport {
            credentials: told.credentials.clone(),
            fingerprints: Vec::new(),
            candidates: told.candidates.clone(),
        };
        let stub = wire::Content::stub(Side::Initiator, &told.content, Senders::Both);
        wire::Content { transport: Some(Transport::Ice { ice, sealed: Vec::new() }), ..stub }
    });
    Jingle { contents: contents.collect(), ..desk.their(Action::TransportInfo) }
}

fn terminate(desk: &Desk, condition: Condition) -> Jingle {
    Jingle { reason: Some(condition.into()), ..desk.their(Action::SessionTerminate) }
}

fn info(desk: &Desk, info: Info) -> Jingle {
    Jingle { info: Some(info), ..desk.their(Action::SessionInfo) }
}
