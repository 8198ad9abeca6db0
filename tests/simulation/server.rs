//! A model of a server: enough of XMPP to be fair and unkind to its clients.
//!
//! It knows three things well, because the promises of the house hang on them: the archive (XEP-0313), carbons
//! (XEP-0280) and stream management (XEP-0198). Everything else is answered with as little as will do. It is
//! handed elements and returns what to write where; links, time and faults are the world's.

use std::collections::{BTreeMap, VecDeque};

use model::Timestamp;
use xmpp::{minidom::Element, xep_0082_date as date, xep_0313_mam as mam, xml};

use crate::chance::Chance;

/// Names a link between a device and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkId(pub u64);

/// What the server wants done.
pub enum Act {
    /// Write this.
    Write(LinkId, String),
    /// Close the link.
    Close(LinkId),
    /// The client acknowledged stanzas with these words in them: they must be on its disk by now.
    Acknowledged(LinkId, Vec<String>),
}

/// The server.
#[derive(Default)]
pub struct Server {
    users: BTreeMap<String, User>,
    links: BTreeMap<LinkId, Link>,
    next: u64,
    /// Whether it keeps messages for whoever is not there, besides archiving them.
    pub keeps_offline: bool,
}

#[derive(Default)]
struct User {
    archive: Vec<Entry>,
    sessions: Vec<Session>,
    /// Kept for whoever signs in next, as servers did before archives.
    offline: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    id: String,
    time: Timestamp,
    message: Element,
}

struct Session {
    resource: String,
    agent: String,
    resume_id: String,
    link: Option<LinkId>,
    available: bool,
    received: u32,
    /// What was sent, beginning with the stanza after `acknowledged`.
    sent: VecDeque<String>,
    acknowledged: u32,
}

#[derive(Default)]
struct Link {
    user: Option<String>,
    session: Option<String>,
}

impl Server {
    /// A client connected.
    pub fn opened(&mut self, link: LinkId) {
        self.links.insert(link, Link::default());
    }

    /// A link is gone: its session sleeps, for whoever resumes it.
    pub fn closed(&mut self, link: LinkId) {
        self.links.remove(&link);
        for session in self.users.values_mut().flat_map(|user| &mut user.sessions) {
            if session.link == Some(link) {
                session.link = None;
            }
        }
    }

    /// The server starts anew: what it knew of sessions is gone, what it archived is not.
    pub fn restart(&mut self) -> Vec<LinkId> {
        for user in self.users.values_mut() {
            user.sessions.clear();
        }
        std::mem::take(&mut self.links).into_keys().collect()
    }

    /// Something came on a link.
    pub fn receive(
        &mut self,
        link: LinkId,
        element: &Element,
        now: Timestamp,
        chance: &mut Chance,
    ) -> Vec<Act> {
        let mut acts = Vec::new();
        if !self.links.contains_key(&link) {
            return acts;
        }
        match (element.name(), element.ns().as_str()) {
            ("stream", "header") => acts.push(Act::Write(link, HEADER.to_owned())),
            ("end", "header") => {
                self.end_session(link);
                acts.push(Act::Write(link, "</stream:stream>".to_owned()));
                acts.push(Act::Close(link));
            }
            ("authenticate", _) => self.authenticate(link, element, &mut acts),
            ("r", _) => self.acknowledge(link, &mut acts, chance),
            ("a", _) => self.acknowledged(link, element, &mut acts),
            ("message" | "iq" | "presence", "jabber:client") => {
                let Some(session) = self.session(link) else { return acts };
                session.received += 1;
                match element.name() {
                    "message" => self.message(link, element, now, &mut acts, chance),
                    "iq" => self.iq(link, element, &mut acts),
                    _ => self.presence(link, element, &mut acts),
                }
                // An acknowledgement nobody asked for.
                if chance.one_in(6) {
                    self.acknowledge(link, &mut acts, chance);
                }
            }
            _ => {}
        }
        acts
    }

    fn authenticate(&mut self, link: LinkId, element: &Element, acts: &mut Vec<Act>) {
        let response = element.children().find(|child| child.name() == "initial-response").unwrap().text();
        let name = String::from_utf8(unbase64(&response)).unwrap();
        let name = name.split('\0').nth(1).unwrap();
        let bare = format!("{name}@example.org");
        let agent = element
            .children()
            .find(|child| child.name() == "user-agent")
            .unwrap()
            .attr("id")
            .unwrap()
            .to_owned();
        self.next += 1;
        let number = self.next;
        let user = self.users.entry(bare.clone()).or_default();
        let mut failed = "";
        if let Some(resume) = element.children().find(|child| child.name() == "resume") {
            let (id, heard) =
                (resume.attr("previd").unwrap(), resume.attr("h").unwrap().parse::<u32>().unwrap());
            if let Some(session) = user.sessions.iter_mut().find(|session| session.resume_id == id) {
                if let Some(old) = session.link.replace(link) {
                    self.links.remove(&old);
                    acts.push(Act::Close(old));
                }
                let words = session.drop_acknowledged(heard);
                let (received, resource) = (session.received, session.resource.clone());
                let again: Vec<String> = session.sent.iter().cloned().collect();
                self.links.insert(link, Link { user: Some(bare.clone()), session: Some(resource.clone()) });
                acts.push(Act::Acknowledged(link, words));
                acts.push(Act::Write(
                    link,
                    format!(
                        "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>{bare}/{resource}\
                         </authorization-identifier><resumed xmlns='urn:xmpp:sm:3' previd='{id}' h='{received}'/></success>"
                    ),
                ));
                for stanza in again {
                    acts.push(Act::Write(link, stanza));
                }
                return;
            }
            failed = "<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";
        }
        // A fresh session of the same installation takes the place of the old one (XEP-0386 §3.1).
        user.sessions.retain(|session| {
            let replaced = session.agent == agent;
            if let (true, Some(old)) = (replaced, session.link) {
                acts.push(Act::Close(old));
            }
            !replaced
        });
        let resource = format!("r{number}");
        let resume_id = format!("sm{number}");
        user.sessions.push(Session {
            resource: resource.clone(),
            agent,
            resume_id: resume_id.clone(),
            link: Some(link),
            available: false,
            received: 0,
            sent: VecDeque::new(),
            acknowledged: 0,
        });
        self.links.insert(link, Link { user: Some(bare.clone()), session: Some(resource.clone()) });
        acts.push(Act::Write(
            link,
            format!(
                "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>{bare}/{resource}</authorization-identifier>\
                 {failed}<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' resume='true' id='{resume_id}'/>\
                 </bound></success><stream:features><ver xmlns='urn:xmpp:features:rosterver'/></stream:features>"
            ),
        ));
    }

    fn session(&mut self, link: LinkId) -> Option<&mut Session> {
        let link = self.links.get(&link)?;
        let user = self.users.get_mut(link.user.as_ref()?)?;
        user.sessions.iter_mut().find(|session| Some(&session.resource) == link.session.as_ref())
    }

    fn end_session(&mut self, link: LinkId) {
        for user in self.users.values_mut() {
            user.sessions.retain(|session| session.link != Some(link));
        }
    }

    fn acknowledge(&mut self, link: LinkId, acts: &mut Vec<Act>, chance: &mut Chance) {
        let Some(session) = self.session(link) else { return };
        let ack = format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", session.received);
        acts.push(Act::Write(link, ack.clone()));
        if chance.one_in(4) {
            acts.push(Act::Write(link, ack));
        }
    }

    fn acknowledged(&mut self, link: LinkId, element: &Element, acts: &mut Vec<Act>) {
        let heard = element.attr("h").unwrap().parse().unwrap();
        if let Some(session) = self.session(link) {
            let words = session.drop_acknowledged(heard);
            acts.push(Act::Acknowledged(link, words));
        }
    }

    fn presence(&mut self, link: LinkId, element: &Element, acts: &mut Vec<Act>) {
        let bare = self.links[&link].user.clone().unwrap();
        let Some(session) = self.session(link) else { return };
        session.available = element.attr("type") != Some("unavailable");
        if session.available {
            for entry in std::mem::take(&mut self.users.get_mut(&bare).unwrap().offline) {
                let mut message = entry.message.clone();
                let stamp = date::write(entry.time);
                message.append_child(parse(&format!(
                    "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='{stamp}'/>"
                )));
                let stanza = with_stanza_id(&message, &bare, &entry.id);
                self.deliver(link, &stanza, acts);
            }
        }
    }

    /// Routes a message: to the archives of both, to the devices of the recipient, as carbons to the rest.
    fn message(
        &mut self,
        link: LinkId,
        element: &Element,
        now: Timestamp,
        acts: &mut Vec<Act>,
        chance: &mut Chance,
    ) {
        let from_bare = self.links[&link].user.clone().unwrap();
        let resource = self.links[&link].session.clone().unwrap();
        let to = element.attr("to").unwrap().to_owned();
        let to_bare = to.split('/').next().unwrap().to_owned();
        let mut message = element.clone();
        xmpp::stanza::set_attribute(&mut message, "from", &format!("{from_bare}/{resource}"));
        let kept = message.has_child("body", "jabber:client") || message.has_child("store", "urn:xmpp:hints");
        let mut ids = Vec::new();
        for bare in [&from_bare, &to_bare] {
            self.next += 1;
            let id = format!("a{}", self.next);
            if kept {
                let entry = Entry { id: id.clone(), time: now, message: message.clone() };
                self.users.entry(bare.clone()).or_default().archive.push(entry);
            }
            ids.push(id);
        }
        let copy_here = |sessions: &[Session], except: Option<&str>| -> Vec<(LinkId, String)> {
            let others = sessions
                .iter()
                .filter(|session| session.available && Some(session.resource.as_str()) != except);
            others.map(|session| (session.link.unwrap_or(LinkId(0)), session.resource.clone())).collect()
        };
        // The sender's other devices.
        let sent = carbon("sent", &from_bare, &with_id(&message, &from_bare, &ids[0], kept));
        for (_, other) in copy_here(&self.users[&from_bare].sessions, Some(&resource)) {
            self.deliver_to(&from_bare, &other, &sent, acts);
        }
        // The recipient's: one gets it, the others a copy; a server may also be so kind as to send both.
        let devices = copy_here(&self.users[&to_bare].sessions, None);
        let stanza = with_id(&message, &to_bare, &ids[1], kept);
        let received = carbon("received", &to_bare, &stanza);
        if devices.is_empty() && kept && self.keeps_offline {
            let entry = Entry { id: ids[1].clone(), time: now, message };
            self.users.get_mut(&to_bare).unwrap().offline.push(entry);
        }
        let first = chance.below(devices.len().max(1) as u64) as usize;
        for (place, (_, device)) in devices.iter().enumerate() {
            if place == first {
                self.deliver_to(&to_bare, device, &stanza, acts);
                if chance.one_in(8) {
                    self.deliver_to(&to_bare, device, &received, acts);
                }
            } else {
                self.deliver_to(&to_bare, device, &received, acts);
            }
        }
    }

    fn iq(&mut self, link: LinkId, element: &Element, acts: &mut Vec<Act>) {
        let bare = self.links[&link].user.clone().unwrap();
        let id = element.attr("id").unwrap();
        let Some(payload) = element.children().next() else { return };
        let result = |inner: &str| {
            format!("<iq type='result' id='{id}' from='{}'>{inner}</iq>", element.attr("to").unwrap_or(&bare))
        };
        let answer = match (payload.name(), payload.ns().as_str()) {
            ("query", mam::NS) => {
                let (results, fin) = self.page(&bare, payload);
                for stanza in results {
                    self.deliver(link, &stanza, acts);
                }
                match fin {
                    Some(fin) => result(&fin),
                    None => format!(
                        "<iq type='error' id='{id}'><error type='cancel'>\
                         <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
                    ),
                }
            }
            ("query", "http://jabber.org/protocol/disco#info") => result(
                "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:mam:2'/>\
                 <feature var='urn:xmpp:sid:0'/></query>",
            ),
            ("query", "jabber:iq:roster") => {
                let others =
                    ["alice@example.org", "bob@example.org"].into_iter().filter(|other| *other != bare);
                let items: String =
                    others.map(|jid| format!("<item jid='{jid}' subscription='both'/>")).collect();
                result(&format!("<query xmlns='jabber:iq:roster' ver='1'>{items}</query>"))
            }
            ("blocklist", _) => result("<blocklist xmlns='urn:xmpp:blocking'/>"),
            _ if element.attr("type") == Some("get") => result(""),
            _ => result(""),
        };
        self.deliver(link, &answer, acts);
    }

    /// A page of an archive (XEP-0313, XEP-0059): small ones, so that there are many.
    fn page(&self, bare: &str, query: &Element) -> (Vec<String>, Option<String>) {
        const MOST: usize = 7;
        let query_id = query.attr("queryid").unwrap();
        let with = field(query, "with");
        let set = query.children().find(|child| child.name() == "set").unwrap();
        let text = |name: &str| set.children().find(|child| child.name() == name).map(Element::text);
        let empty = Vec::new();
        let archive = self.users.get(bare).map_or(&empty, |user| &user.archive);
        let all: Vec<&Entry> = archive
            .iter()
            .filter(|entry| with.as_deref().is_none_or(|with| concerns(&entry.message, with)))
            .collect();
        let place = |id: &str| all.iter().position(|entry| entry.id == id);
        let (page, complete) = match (text("after"), text("before")) {
            (Some(after), _) => {
                let Some(place) = place(&after) else { return (Vec::new(), None) };
                let rest = &all[place + 1..];
                (&rest[..rest.len().min(MOST)], rest.len() <= MOST)
            }
            (None, Some(before)) => {
                let end = if before.is_empty() { Some(all.len()) } else { place(&before) };
                let Some(end) = end else { return (Vec::new(), None) };
                (&all[end.saturating_sub(MOST)..end], end <= MOST)
            }
            (None, None) => (&all[..all.len().min(MOST)], all.len() <= MOST),
        };
        let results = page
            .iter()
            .map(|entry| {
                format!(
                    "<message from='{bare}'><result xmlns='urn:xmpp:mam:2' queryid='{query_id}' id='{}'>\
                     <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{}'/>{}</forwarded></result></message>",
                    entry.id,
                    date::write(entry.time),
                    inner(&entry.message)
                )
            })
            .collect();
        let ends = match (page.first(), page.last()) {
            (Some(first), Some(last)) => format!("<first>{}</first><last>{}</last>", first.id, last.id),
            _ => String::new(),
        };
        let fin = format!(
            "<fin xmlns='urn:xmpp:mam:2' complete='{complete}'><set xmlns='http://jabber.org/protocol/rsm'>{ends}</set></fin>"
        );
        (results, Some(fin))
    }

    fn deliver(&mut self, link: LinkId, stanza: &str, acts: &mut Vec<Act>) {
        let (user, session) =
            (self.links[&link].user.clone().unwrap(), self.links[&link].session.clone().unwrap());
        self.deliver_to(&user, &session, stanza, acts);
    }

    fn deliver_to(&mut self, bare: &str, resource: &str, stanza: &str, acts: &mut Vec<Act>) {
        let sessions = &mut self.users.get_mut(bare).unwrap().sessions;
        let Some(session) = sessions.iter_mut().find(|session| session.resource == resource) else { return };
        session.sent.push_back(stanza.to_owned());
        if let Some(link) = session.link {
            acts.push(Act::Write(link, stanza.to_owned()));
            if session.sent.len() % 5 == 0 {
                acts.push(Act::Write(link, "<r xmlns='urn:xmpp:sm:3'/>".to_owned()));
            }
        }
    }
}

impl Session {
    /// Forgets what the client has, and returns the words in it.
    fn drop_acknowledged(&mut self, heard: u32) -> Vec<String> {
        let count = heard.checked_sub(self.acknowledged).expect("an acknowledgement went backwards") as usize;
        assert!(count <= self.sent.len(), "more was acknowledged than was sent");
        self.acknowledged = heard;
        self.sent.drain(..count).filter_map(|stanza| words(&stanza)).collect()
    }
}

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' id='s' from='example.org' version='1.0'><stream:features>\
    <authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism><inline><bind xmlns='urn:xmpp:bind:0'><inline>\
    <feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:sm:3'/></inline></bind><sm xmlns='urn:xmpp:sm:3'/>\
    </inline></authentication></stream:features>";

/// The words of a plain message, not of an edit.
fn words(stanza: &str) -> Option<String> {
    if stanza.contains("<replace ") || stanza.contains("<retract ") {
        return None;
    }
    let (_, rest) = stanza.split_once("<body>")?;
    Some(rest.split_once("</body>")?.0.to_owned())
}

fn concerns(message: &Element, with: &str) -> bool {
    ["from", "to"].iter().any(|end| message.attr(*end).is_some_and(|jid| jid.split('/').next() == Some(with)))
}

fn field(query: &Element, name: &str) -> Option<String> {
    let form = query.children().find(|child| child.name() == "x")?;
    let field = form.children().find(|field| field.attr("var") == Some(name))?;
    field.children().next().map(Element::text)
}

fn with_id(message: &Element, by: &str, id: &str, kept: bool) -> String {
    if kept { with_stanza_id(message, by, id) } else { String::from_utf8(xml::serialise(message)).unwrap() }
}

fn with_stanza_id(message: &Element, by: &str, id: &str) -> String {
    let mut message = message.clone();
    message.append_child(parse(&format!("<stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='{id}'/>")));
    String::from_utf8(xml::serialise(&message)).unwrap()
}

fn carbon(kind: &str, bare: &str, message: &str) -> String {
    let message = message.replacen("<message", "<message xmlns='jabber:client'", 1);
    format!(
        "<message from='{bare}'><{kind} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>{message}\
         </forwarded></{kind}></message>"
    )
}

fn inner(message: &Element) -> String {
    String::from_utf8(xml::serialise(message)).unwrap().replacen(
        "<message",
        "<message xmlns='jabber:client'",
        1,
    )
}

fn parse(text: &str) -> Element {
    text.parse().unwrap()
}

fn unbase64(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut out = Vec::new();
    for four in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits =
            four.iter().fold(0u32, |bits, c| bits << 6 | u32::from(digit(*c))) << (6 * (4 - four.len()));
        out.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    out
}
