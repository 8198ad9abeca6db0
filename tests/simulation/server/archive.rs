//! The archive (XEP-0313), in pages (XEP-0059).

use model::Timestamp;
use xmpp::{minidom::Element, xep_0004_data_forms::Form, xep_0082_date as date};

use super::routing::forwarded;
use crate::world::{Happening, World};

const NS_RSM: &str = "http://jabber.org/protocol/rsm";

/// A message that is kept.
pub struct Entry {
    pub id: String,
    pub stamp: i64,
    pub with: String,
    pub message: Element,
}

impl World {
    /// Somebody asks for a page. What is in it is decided now; it comes a while later, and in pieces.
    pub(super) fn query(&mut self, session: usize, id: &str, query: &Element) {
        let of = self.server.sessions[session].of;
        let (bare, full) =
            (self.server.accounts[of].bare.clone(), self.server.sessions[session].full.clone());
        let form = query.get_child("x", "jabber:x:data").and_then(Form::read);
        let field = |name| form.as_ref().and_then(|form| form.value(name).map(ToOwned::to_owned));
        let (with, start) = (field("with"), field("start").and_then(|start| date::read(&start)));
        let all: Vec<&Entry> = self.server.accounts[of]
            .archive
            .iter()
            .filter(|entry| with.as_ref().is_none_or(|with| entry.with == *with))
            .filter(|entry| start.is_none_or(|start| entry.stamp >= start.0))
            .collect();
        let set = query.get_child("set", NS_RSM);
        let asked = |name| set.and_then(|set| set.get_child(name, NS_RSM)).map(Element::text);
        // What is on its way to a device is never older than the newest page.
        let newest = asked("before").is_some_and(|before| before.is_empty());
        let most = if newest { self.weather.page.max(50) } else { self.weather.page };
        let size = asked("max").and_then(|max| max.parse().ok()).unwrap_or(100).min(most);
        let place = |id: &str| all.iter().position(|entry| entry.id == id);
        let range = match (asked("after"), asked("before")) {
            (Some(after), _) => place(&after).map(|at| (at + 1)..(at + 1 + size).min(all.len())),
            (None, Some(before)) if before.is_empty() => Some(all.len().saturating_sub(size)..all.len()),
            (None, Some(before)) => place(&before).map(|at| at.saturating_sub(size)..at),
            (None, None) => Some(0..size.min(all.len())),
        };
        let Some(range) = range else {
            let error = format!(
                "<iq type='error' id='{id}' from='{bare}'><error type='cancel'>\
                 <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            );
            return self.send(session, error, Vec::new());
        };
        let backwards = asked("before").is_some();
        let complete = if backwards { range.start == 0 } else { range.end == all.len() };
        let query_id = query.attr("queryid").unwrap_or_default();
        let mut stanzas: Vec<_> = all[range.clone()]
            .iter()
            .map(|entry| {
                let stamp = if self.weather.whole_seconds { entry.stamp / 1000 * 1000 } else { entry.stamp };
                let stanza = format!(
                    "<message from='{bare}' to='{full}'><result xmlns='urn:xmpp:mam:2' queryid='{query_id}' id='{}'>\
                     <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='{}'/>{}</forwarded>\
                     </result></message>",
                    entry.id,
                    date::write(Timestamp(stamp)),
                    forwarded(&entry.message),
                );
                // This promises nothing: the archive can be asked again, and what was given up is refused.
                (stanza, Vec::new())
            })
            .collect();
        let ends = match (all.get(range.start), all.get(range.end.wrapping_sub(1))) {
            (Some(first), Some(last)) if !range.is_empty() => {
                format!("<first index='{}'>{}</first><last>{}</last>", range.start, first.id, last.id)
            }
            _ => String::new(),
        };
        stanzas.push((
            format!(
                "<iq type='result' id='{id}' from='{bare}'><fin xmlns='urn:xmpp:mam:2' complete='{complete}'>\
                 <set xmlns='{NS_RSM}'>{ends}<count>{}</count></set></fin></iq>",
                all.len()
            ),
            Vec::new(),
        ));
        let count = all.len();
        self.tell(|| format!("session {session} gets {range:?} of {count} archived"));
        let mut due = self.now;
        while !stanzas.is_empty() {
            due += self.chance.below(self.weather.archive_lag + 1);
            let rest = stanzas.split_off(1 + self.chance.index(stanzas.len()));
            self.at(due, Happening::Results(session, std::mem::replace(&mut stanzas, rest)));
        }
    }
}
