//! Two accounts of ours call each other, through a server that keeps nodes, with an engine each that finds its way at once.
//!
//! What one says is what the other hears, so both ends of every step are played; and their OMEMO devices are real.

use std::collections::BTreeMap;

use model::{CallFailure, CallOutcome, CallSecurity, Fingerprint, Outgoing, Trust};
use xmpp::xep_0320_dtls as dtls;

use super::*;

const ALICE: &str = "alice@example.org";
const BOB: &str = "bob@example.org";

struct Pair {
    rigs: [Rig; 2],
    /// Items of nodes, by owner and name.
    nodes: BTreeMap<(String, String), Vec<Element>>,
    /// What the server does to requests of sessions on their way.
    tamper: fn(String) -> String,
    /// Everything of sessions that went from one to the other.
    passed: Vec<String>,
}

impl Pair {
    fn new() -> Self {
        let rigs = [ALICE, BOB].map(|address| {
            let mut rig = Rig::of(address, true);
            rig.sign_in();
            rig
        });
        let mut pair = Self { rigs, nodes: BTreeMap::new(), tamper: |text| text, passed: Vec::new() };
        pair.run();
        pair
    }

    /// Both have talked, and have sessions.
    fn acquainted() -> Self {
        let mut pair = Self::new();
        pair.write(0, "hello");
        pair.write(1, "hi");
        pair.write(0, "there");
        pair
    }

    fn write(&mut self, who: usize, words: &str) {
        let other = BareJid::new([BOB, ALICE][who]).unwrap();
        let conversation = self.conversation(who, &other);
        let outgoing = Outgoing { text: words.to_owned(), reply_to: None, corrects: None };
        self.rigs[who].command(AccountCommand::Send(conversation, outgoing));
        self.run();
    }

    fn conversation(&mut self, who: usize, other: &BareJid) -> ConversationId {
        let known = self.rigs[who].read(|reads| reads.conversation_with(other));
        known.unwrap_or_else(|| {
            let kind = model::ConversationKind::Direct;
            self.rigs[who].write(|tx| tx.create_conversation(other, kind, false, model::Timestamp(0)))
        })
    }

    /// Everything that follows happens: stanzas are carried, engines do what they are told.
    fn run(&mut self) {
        loop {
            let mut is_quiet = true;
            for who in 0..2 {
                for stanza in std::mem::take(&mut self.rigs[who].sent) {
                    is_quiet = false;
                    self.carry(who, &stanza);
                }
                for (id, command) in std::mem::take(&mut self.rigs[who].media) {
                    is_quiet = false;
                    self.engine(who, id, command);
                }
            }
            if is_quiet {
                return;
            }
        }
    }

    fn carry(&mut self, who: usize, stanza: &Element) {
        let own = [ALICE, BOB][who];
        let other = [BOB, ALICE][who];
        let is_request = stanza.name() == "iq" && matches!(stanza.attr("type"), Some("get" | "set"));
        let to = stanza.attr("to").unwrap_or(own);
        if to.starts_with(other) && (!is_request || to.contains('/')) {
            let mut carried = stanza.clone();
            xmpp::stanza::set_attribute(&mut carried, "from", &format!("{own}/here"));
            let mut carried = text(&carried);
            if stanza.has_child("jingle", wire::NS) {
                carried = (self.tamper)(carried);
                self.passed.push(carried.clone());
            }
            self.rigs[1 - who].bytes(&carried);
        } else if is_request {
            let answer = self.answer(own, to, other, stanza);
            let id = stanza.attr("id").unwrap();
            let from = stanza.attr("to").map_or(String::new(), |to| format!(" from='{to}'"));
            let answer = match answer {
                Some(payload) => format!("<iq type='result' id='{id}'{from}>{payload}</iq>"),
                None => format!(
                    "<iq type='error' id='{id}'{from}><error type='cancel'>\
                     <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
                ),
            };
            self.rigs[who].bytes(&answer);
        }
    }

    /// What the server says to a request.
    fn answer(&mut self, own: &str, to: &str, other: &str, stanza: &Element) -> Option<String> {
        let payload = stanza.children().next()?;
        match (payload.name(), payload.ns().as_str()) {
            ("query", "jabber:iq:roster") => {
                let item = format!("<item jid='{other}' subscription='both'/>");
                Some(format!("<query xmlns='jabber:iq:roster' ver='1'>{item}</query>"))
            }
            ("query", "http://jabber.org/protocol/disco#info") => {
                let feature = "http://jabber.org/protocol/pubsub#publish-options";
                let feature = format!("<feature var='{feature}'/>");
                Some(format!("<query xmlns='http://jabber.org/protocol/disco#info'>{feature}</query>"))
            }
            ("query", "urn:xmpp:mam:2") => {
                let set = "<set xmlns='http://jabber.org/protocol/rsm'/>";
                Some(format!("<fin xmlns='urn:xmpp:mam:2' complete='true'>{set}</fin>"))
            }
            ("services", _) => Some(STUN_AND_TURN.to_owned()),
            ("pubsub", _) => {
                let asked = payload.children().next()?;
                let node = (to.to_owned(), asked.attr("node")?.to_owned());
                if asked.name() == "publish" {
                    let node = (own.to_owned(), node.1);
                    self.nodes.entry(node).or_default().extend(asked.children().cloned());
                    return Some(String::new());
                }
                let wanted = asked.children().find_map(|item| item.attr("id").map(str::to_owned));
                let items = self.nodes.get(&node)?.iter().rev();
                let item = items
                    .filter(|item| wanted.is_none() || item.attr("id") == wanted.as_deref())
                    .map(text)
                    .next()?;
                let (ns, name) = ("http://jabber.org/protocol/pubsub", node.1);
                Some(format!("<pubsub xmlns='{ns}'><items node='{name}'>{item}</items></pubsub>"))
            }
            _ => None,
        }
    }

    /// An engine that has what it is asked for, and finds its way when both descriptions are there.
    fn engine(&mut self, who: usize, id: CallId, command: MediaCommand) {
        let whose = ["alice", "bob"][who];
        let ours = |names: Vec<(String, MediaKind)>| {
            let contents: Vec<_> = names.iter().map(|(name, media)| (name.as_str(), *media)).collect();
            let mut description = description(&contents, whose);
            for content in &mut description.contents {
                content.transport.fingerprints[0].value = vec![who as u8; 32];
            }
            description
        };
        let events = match command {
            MediaCommand::Offer(wanted) => {
                let names = wanted.into_iter().map(|wanted| (wanted.name, wanted.media)).collect();
                vec![MediaEvent::Offer(ours(names))]
            }
            MediaCommand::Answer(offer) => {
                expect_keys(1 - who, &offer);
                let names = offer.contents.into_iter().map(|content| (content.name, content.rtp.media));
                vec![MediaEvent::Answer(ours(names.collect())), MediaEvent::Connected]
            }
            MediaCommand::Apply(answer) => {
                expect_keys(1 - who, &answer);
                vec![MediaEvent::Connected]
            }
            _ => Vec::new(),
        };
        for event in events {
            self.rigs[who].input(Input::Media(id, event));
        }
    }

    /// Alice calls, and Bob takes it.
    fn call(&mut self, video: bool) {
        let conversation = self.conversation(0, &BareJid::new(BOB).unwrap());
        self.rigs[0].command(AccountCommand::StartCall(conversation, video));
        self.run();
        assert_eq!((self.told(0).state, self.told(1).state), (CallState::Ringing, CallState::Ringing));
        let id = self.told(1).id;
        self.rigs[1].command(AccountCommand::Call(id, CallCommand::Answer { video }));
        self.run();
    }

    fn told(&self, who: usize) -> Call {
        let last = self.rigs[who].events.iter().rev().find_map(|event| match event {
            EventKind::Call(call) => Some(Call::clone(call)),
            _ => None,
        });
        last.unwrap()
    }

    fn security(&self) -> [CallSecurity; 2] {
        [0, 1].map(|who| self.told(who).participants[0].security)
    }

    fn is_connected(&self) -> bool {
        [0, 1].iter().all(|who| matches!(self.told(*who).state, CallState::Connected { .. }))
    }
}

/// Nobody's keys but those of the other side ever come to an engine.
fn expect_keys(whose: usize, description: &MediaDescription) {
    for content in &description.contents {
        assert_eq!(content.transport.fingerprints[0].value, [whose as u8; 32]);
    }
}

#[test]
fn two_of_us_talk() {
    let mut pair = Pair::new();
    pair.call(true);
    assert!(pair.is_connected());
    assert_eq!(pair.security(), [CallSecurity::Servers; 2], "they have never written to each other");
    // Voice and picture go and come, whoever began.
    for who in [1, 0] {
        let id = pair.told(who).id;
        for on in [false, true] {
            pair.rigs[who].command(AccountCommand::Call(id, CallCommand::Send(MediaKind::Video, on)));
            pair.rigs[who].command(AccountCommand::Call(id, CallCommand::Send(MediaKind::Audio, on)));
            pair.run();
            let seen = &pair.told(1 - who).participants[0];
            assert_eq!((seen.video, seen.muted), (on, !on), "{who}");
        }
    }
    let id = pair.told(1).id;
    pair.rigs[1].pass(Duration::from_secs(60));
    pair.rigs[0].pass(Duration::from_secs(60));
    pair.rigs[1].command(AccountCommand::Call(id, CallCommand::HangUp));
    pair.run();
    let answered = CallState::Ended(CallOutcome::Answered { duration: Duration::from_secs(60) });
    assert_eq!((pair.told(0).state, pair.told(1).state), (answered, answered));
}

#[test]
fn video_is_added_to_a_voice_call_from_either_side() {
    for who in 0..2 {
        let mut pair = Pair::new();
        pair.call(false);
        let id = pair.told(who).id;
        pair.rigs[who].command(AccountCommand::Call(id, CallCommand::Send(MediaKind::Video, true)));
        pair.run();
        assert!(pair.told(1 - who).participants[0].video && !pair.told(1 - who).camera);
        assert!(!pair.told(who).participants[0].video, "the other camera is off");
        let id = pair.told(1 - who).id;
        pair.rigs[1 - who].command(AccountCommand::Call(id, CallCommand::Send(MediaKind::Video, true)));
        pair.run();
        assert!(pair.told(who).participants[0].video);
    }
}

#[test]
fn both_call_at_once() {
    let mut pair = Pair::new();
    for who in 0..2 {
        let other = BareJid::new([BOB, ALICE][who]).unwrap();
        let conversation = pair.conversation(who, &other);
        pair.rigs[who].command(AccountCommand::StartCall(conversation, false));
    }
    pair.run();
    assert!(pair.is_connected(), "without anybody being asked");
    for (who, other) in [(0, BOB), (1, ALICE)] {
        let other = BareJid::new(other).unwrap();
        let calls = pair.rigs[who].read(|reads| reads.calls_under_way());
        assert_eq!(calls.iter().map(|call| &call.peer).collect::<Vec<_>>(), [&other]);
    }
}

#[test]
fn both_add_video_at_once() {
    let mut pair = Pair::new();
    pair.call(false);
    for who in 0..2 {
        let id = pair.told(who).id;
        pair.rigs[who].command(AccountCommand::Call(id, CallCommand::Send(MediaKind::Video, true)));
    }
    pair.run();
    for who in 0..2 {
        let told = pair.told(who);
        assert!(told.camera && told.participants[0].video, "{who}: {told:?}");
        assert!(matches!(told.state, CallState::Connected { .. }));
    }
}

#[test]
fn devices_that_know_each_other_vouch_for_the_keys() {
    let mut pair = Pair::acquainted();
    pair.call(true);
    assert!(pair.is_connected());
    assert_eq!(pair.security(), [CallSecurity::Device; 2]);
    let said = pair.passed.concat();
    assert!(said.contains(dtls::NS_SEALED) && !said.contains(dtls::NS), "nothing of the keys in the clear");
    // And what is added later.
    let mut pair = Pair::acquainted();
    pair.call(false);
    let id = pair.told(1).id;
    pair.rigs[1].command(AccountCommand::Call(id, CallCommand::Send(MediaKind::Video, true)));
    pair.run();
    assert!(pair.told(0).participants[0].video);
    assert!(!pair.passed.concat().contains(dtls::NS));
}

#[test]
fn a_device_that_was_compared_is_told_as_such() {
    let mut pair = Pair::acquainted();
    let bob = BareJid::new(BOB).unwrap();
    let devices = pair.rigs[0].read(|reads| reads.devices(&bob));
    let fingerprint: Fingerprint = devices.iter().find_map(|device| device.fingerprint).unwrap();
    pair.rigs[0].command(AccountCommand::SetTrust(bob, fingerprint, Trust::Verified));
    pair.run();
    pair.call(false);
    assert_eq!(pair.security(), [CallSecurity::Verified, CallSecurity::Device]);
}

#[test]
fn a_server_that_puts_its_own_keys_in_between_ends_the_call() {
    // In the clear, where sealed ones are due.
    let mut pair = Pair::acquainted();
    pair.tamper = |text| {
        if !text.contains("session-accept") {
            return text;
        }
        let keys = vec!["AA"; 32].join(":");
        let start = text.find(&format!("<fingerprint xmlns='{}'", dtls::NS_SEALED)).unwrap();
        let end = text.find("</fingerprint>").unwrap();
        let (before, after) = (&text[..start], &text[end..]);
        format!("{before}<fingerprint xmlns='{}' hash='sha-256' setup='active'>{keys}{after}", dtls::NS)
    };
    pair.call(false);
    assert_eq!(pair.told(0).state, CallState::Ended(CallOutcome::Failed(CallFailure::Security)));

    // Sealed words that were changed on their way.
    let mut pair = Pair::acquainted();
    pair.tamper = |text| {
        if text.contains("session-initiate") { text.replace("<payload>", "<payload>AAAA") } else { text }
    };
    pair.call(false);
    assert_eq!(pair.told(1).state, CallState::Ended(CallOutcome::Failed(CallFailure::Security)));

    // In the clear from the beginning: nobody vouches, and it is told so.
    let mut pair = Pair::new();
    pair.call(false);
    assert_eq!(pair.security(), [CallSecurity::Servers; 2]);
}
