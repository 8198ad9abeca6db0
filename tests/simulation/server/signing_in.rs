use xmpp::minidom::Element;

use super::{Management, Session};
use crate::{link::End, world::World};

const NS_SM: &str = "urn:xmpp:sm:3";

impl World {
    /// A stream begins.
    pub(super) fn greet(&mut self, link: usize) {
        let (inline, resume) = if self.weather.management {
            ("<feature var='urn:xmpp:sm:3'/>", "<sm xmlns='urn:xmpp:sm:3'/>")
        } else {
            ("", "")
        };
        let header = format!(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams' id='s{link}' from='example.org' version='1.0'>\
             <stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism><inline>\
             <bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/>{inline}</inline></bind>\
             {resume}</inline></authentication></stream:features>"
        );
        self.transmit(link, End::Device, header.as_bytes());
    }

    /// Somebody signs in, and goes on with a session or begins one.
    pub(super) fn authenticate(&mut self, link: usize, element: &Element) {
        let resume = element.get_child("resume", NS_SM);
        let (mut failed, mut handled) = (String::new(), None);
        if let Some(resume) = resume {
            let session = self.server.session_by_id(resume.attr("previd").unwrap_or_default());
            match session {
                Some(session) if !self.server.sessions[session].gone => {
                    let h = resume.attr("h").and_then(|h| h.parse().ok()).expect("a resumption has a number");
                    self.resume(link, session, h);
                    return;
                }
                // Some servers still know what they had of a session that is over.
                Some(session) if self.chance.once_in(2) => {
                    handled = self.server.sessions[session].management.as_ref().map(|it| it.received);
                }
                _ => {}
            }
            let h = handled.map(|h| format!(" h='{h}'")).unwrap_or_default();
            failed = format!(
                "<failed xmlns='{NS_SM}'{h}><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"
            );
        }
        let session = self.new_session(link, element);
        let full = self.server.sessions[session].full.clone();
        let enabled = match &self.server.sessions[session].management {
            Some(management) => {
                format!("<enabled xmlns='{NS_SM}' resume='true' id='{}' max='600'/>", management.id)
            }
            None => String::new(),
        };
        self.tell(|| format!("link {link} begins session {session}, {full}"));
        let success = format!(
            "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>{full}</authorization-identifier>{failed}\
             <bound xmlns='urn:xmpp:bind:0'>{enabled}</bound></success><stream:features/>"
        );
        self.transmit(link, End::Device, success.as_bytes());
    }

    fn new_session(&mut self, link: usize, element: &Element) -> usize {
        let device = self.links[link].device;
        if self.weather.replaces {
            for other in 0..self.server.sessions.len() {
                if self.server.sessions[other].device == device && !self.server.sessions[other].gone {
                    self.end_session(other);
                }
            }
        }
        let session = self.server.sessions.len();
        let of = self.devices[device].of;
        let bind = element.get_child("bind", "urn:xmpp:bind:0").expect("a session is wanted");
        let wants = |namespace| bind.children().any(|child| child.is("enable", namespace));
        let number = self.server.number();
        let management = wants(NS_SM).then(|| Management::new(format!("sm{number}")));
        let carbons = wants("urn:xmpp:carbons:2");
        self.server.sessions.push(Session {
            of,
            device,
            full: format!("{}/Starling.{number}", self.server.accounts[of].bare),
            link: Some(link),
            gone: false,
            available: false,
            carbons,
            links: 1,
            management,
            routed: std::collections::VecDeque::new(),
            routed_due: 0,
        });
        self.server.connection(link).session = Some(session);
        session
    }
}
