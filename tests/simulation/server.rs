//! A model of a server: it does what servers do, and now and then what they do on bad days.
//!
//! Each account has an archive that never loses anything and sessions that do. A message is archived the moment
//! the server reads it, and routed to sessions a little later, so that the archive may tell of it first. What was
//! routed to a session stays in order; what the archive answers goes past it.

mod archive;
mod management;
mod routing;
mod signing_in;

use std::collections::VecDeque;

use model::{BareJid, Direction};
use xmpp::{
    minidom::Element,
    parser::{Limits, Parsed, Parser},
};

use crate::{link::End, world::World};

pub use management::Management;

/// What must be on disk before a stanza may be acknowledged.
#[derive(Clone, Debug)]
pub struct Promise {
    pub peer: BareJid,
    pub side: Direction,
    pub id: String,
}

/// The server.
pub struct Server {
    pub down: bool,
    accounts: Vec<Home>,
    sessions: Vec<Session>,
    connections: Vec<Connection>,
    counter: u64,
}

/// One account on the server.
struct Home {
    bare: String,
    archive: Vec<archive::Entry>,
    /// What came while nobody was there.
    offline: Vec<(Element, i64)>,
}

/// A session, with a link or for a while without.
struct Session {
    of: usize,
    device: usize,
    full: String,
    link: Option<usize>,
    gone: bool,
    available: bool,
    carbons: bool,
    /// How many links it had.
    links: u64,
    management: Option<Management>,
    routed: VecDeque<(String, Vec<Promise>)>,
    routed_due: u64,
}

/// What the server knows of a link.
struct Connection {
    link: usize,
    parser: Parser,
    session: Option<usize>,
}

impl Server {
    pub fn new(accounts: [&str; 2]) -> Self {
        let home = |bare: &str| Home { bare: bare.to_owned(), archive: Vec::new(), offline: Vec::new() };
        Self {
            down: false,
            accounts: accounts.into_iter().map(home).collect(),
            sessions: Vec::new(),
            connections: Vec::new(),
            counter: 0,
        }
    }

    fn number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    fn connection(&mut self, link: usize) -> &mut Connection {
        self.connections.iter_mut().rfind(|connection| connection.link == link).expect("it was opened")
    }

    /// The session that a link leads to.
    pub fn session_of(&self, link: usize) -> Option<usize> {
        self.connections.iter().rfind(|connection| connection.link == link)?.session
    }
}

impl World {
    /// A link was opened.
    pub fn server_link_opened(&mut self, link: usize) {
        self.server.connections.push(Connection {
            link,
            parser: Parser::new(Limits::default()),
            session: None,
        });
    }

    /// A link is gone; its session may wait for another.
    pub fn server_link_gone(&mut self, link: usize) {
        let Some(session) = self.server.session_of(link) else { return };
        let this = &mut self.server.sessions[session];
        if this.link != Some(link) {
            return;
        }
        this.link = None;
        if self.weather.management && self.weather.hibernation > 0 {
            let links = this.links;
            self.after(self.weather.hibernation, crate::world::Happening::Expire(session, links));
        } else {
            self.end_session(session);
        }
    }

    /// A session waited long enough.
    pub fn expire(&mut self, session: usize, links: u64) {
        let this = &self.server.sessions[session];
        if this.link.is_none() && this.links == links {
            self.tell(|| format!("session {session} is given up"));
            self.end_session(session);
        }
    }

    /// A session ends. What it did not get is in the archive.
    fn end_session(&mut self, session: usize) {
        let this = &mut self.server.sessions[session];
        this.gone = true;
        this.available = false;
        this.routed.clear();
        if let Some(link) = this.link.take() {
            self.hang_up(link, End::Server);
        }
    }

    /// The server restarts: only what is on its disk is left.
    pub fn restart_server(&mut self) {
        self.server.down = true;
        for link in 0..self.links.len() {
            if self.links[link].server_holds {
                self.cut(link);
                self.links[link].server_holds = false;
            }
        }
        for session in 0..self.server.sessions.len() {
            self.server.sessions[session].link = None;
            self.end_session(session);
        }
    }

    /// Bytes came from a link.
    pub fn server_bytes(&mut self, link: usize, mut bytes: &[u8]) {
        loop {
            let parsed = self.server.connection(link).parser.parse(&mut bytes).expect("accounts write XML");
            match parsed {
                Some(Parsed::Opened(_)) => self.greet(link),
                Some(Parsed::Element(element)) => self.server_element(link, &element),
                Some(Parsed::Ended) => {
                    // Whoever says goodbye does not come back to the session.
                    if let Some(session) = self.server.session_of(link) {
                        self.end_session(session);
                    }
                    self.hang_up(link, End::Server);
                    return;
                }
                Some(Parsed::Refused(refused)) => panic!("accounts write what can be read: {refused:?}"),
                None => return,
            }
            if !self.links[link].server_holds {
                return;
            }
        }
    }

    fn server_element(&mut self, link: usize, element: &Element) {
        let Some(session) = self.server.session_of(link) else {
            if element.is("authenticate", "urn:xmpp:sasl:2") {
                self.authenticate(link, element);
            }
            return;
        };
        if self.server.sessions[session].link != Some(link) {
            return;
        }
        if element.has_ns("urn:xmpp:sm:3") {
            self.management_element(session, element);
            return;
        }
        if !element.has_ns("jabber:client") {
            return;
        }
        if let Some(management) = &mut self.server.sessions[session].management {
            management.received += 1;
        }
        match element.name() {
            "message" => self.message(session, element),
            "presence" => self.presence(session, element),
            "iq" => self.request(session, element),
            _ => {}
        }
    }

    fn presence(&mut self, session: usize, element: &Element) {
        if element.attr("to").is_some() {
            return;
        }
        let available = element.attr("type").is_none();
        let before = std::mem::replace(&mut self.server.sessions[session].available, available);
        if available && !before {
            self.deliver_offline(session);
        }
    }

    fn request(&mut self, session: usize, element: &Element) {
        let (id, kind) = (element.attr("id").unwrap_or_default(), element.attr("type").unwrap_or_default());
        if !matches!(kind, "get" | "set") {
            return;
        }
        let Some(payload) = element.children().next() else { return };
        let (namespace, to) = (payload.ns(), element.attr("to").map(ToOwned::to_owned));
        let of = self.server.sessions[session].of;
        let bare = self.server.accounts[of].bare.clone();
        let from = to.clone().unwrap_or_else(|| bare.clone());
        let answer = match namespace.as_str() {
            "urn:xmpp:mam:2" => return self.query(session, id, payload),
            "jabber:iq:roster" if kind == "get" => {
                let other = self.server.accounts[1 - of].bare.clone();
                format!("<query xmlns='jabber:iq:roster'><item jid='{other}' subscription='both'/></query>")
            }
            "http://jabber.org/protocol/disco#info" if to.as_deref() == Some(&bare) => {
                "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' type='registered'/>\
                 <feature var='urn:xmpp:mam:2'/><feature var='urn:xmpp:sid:0'/></query>"
                    .to_owned()
            }
            "http://jabber.org/protocol/disco#info" => {
                "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im'/>\
                 <feature var='urn:xmpp:carbons:2'/></query>"
                    .to_owned()
            }
            "urn:xmpp:carbons:2" => {
                self.server.sessions[session].carbons = true;
                String::new()
            }
            "urn:xmpp:ping" => String::new(),
            _ => {
                let stanza = format!(
                    "<iq type='error' id='{id}' from='{from}'><error type='cancel'>\
                     <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
                );
                return self.send(session, stanza, Vec::new());
            }
        };
        self.send(session, format!("<iq type='result' id='{id}' from='{from}'>{answer}</iq>"), Vec::new());
    }
}
