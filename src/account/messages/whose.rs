//! Whose message is it, and which conversation does it belong to?
//!
//! The one place where the addresses of a message are believed or not (DESIGN rule 10). A live message is what
//! its stamped sender says. A copy, from carbons or the archive, has two addresses of which one must be ours:
//! else it is no message of this account, whoever copied it.

use model::{BareJid, Direction};
use xmpp::{Address, minidom::Element};

/// How a copy of a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Straight from its sender.
    Live,
    /// A copy of what another device of ours got (XEP-0280 §7).
    CarbonReceived,
    /// A copy of what another device of ours sent (XEP-0280 §8).
    CarbonSent,
    /// From the archive.
    Archive,
}

/// Who speaks to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties {
    /// The other side: names the conversation.
    pub peer: BareJid,
    /// Whose it is.
    pub direction: Direction,
    /// The sender, as written, to answer to.
    pub from: Address,
}

/// The parties of a message; `None` if it is not one of this account's.
pub fn parties(message: &Element, route: Route, own: &BareJid) -> Option<Parties> {
    let own_address = || Address::from(own.clone());
    let from = match message.attr("from") {
        Some(from) => Address::parse(from)?,
        // Only the own server may leave it out (RFC 6120 §8.1.2.1).
        None if route == Route::Live => own_address(),
        None => return None,
    };
    let to = match message.attr("to") {
        Some(to) => Address::parse(to)?,
        None => own_address(),
    };
    let incoming = |from: Address| Parties { peer: from.to_bare(), direction: Direction::Incoming, from };
    let outgoing = |from| Parties { peer: to.to_bare(), direction: Direction::Outgoing, from };
    let (is_from_us, is_to_us) = (from.is_at(own), to.is_at(own));
    match route {
        // The server delivered it to us, so `to` says nothing. From ourselves: a note to self.
        Route::Live if is_from_us => Some(Parties { peer: own.clone(), ..outgoing(from) }),
        Route::Live => Some(incoming(from)),
        Route::CarbonReceived => (is_to_us && !is_from_us).then(|| incoming(from)),
        Route::CarbonSent => is_from_us.then(|| outgoing(from)),
        Route::Archive if is_from_us => Some(outgoing(from)),
        Route::Archive => is_to_us.then(|| incoming(from)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: Option<&str>, to: Option<&str>, route: Route) -> Option<(String, Direction)> {
        let attributes: Vec<_> =
            from.map(|from| ("from", from)).into_iter().chain(to.map(|to| ("to", to))).collect();
        let message = xmpp::payload::tag("message", "jabber:client", &attributes);
        let own = BareJid::new("me@example.org").unwrap();
        parties(&message, route, &own).map(|parties| (parties.peer.to_string(), parties.direction))
    }

    #[test]
    fn the_table_of_routes() {
        use Direction::{Incoming, Outgoing};
        use Route::{Archive, CarbonReceived, CarbonSent, Live};
        let (me, friend, other) =
            (Some("me@example.org/a"), Some("friend@example.net/b"), Some("other@example.com"));
        let incoming = Some(("friend@example.net".to_owned(), Incoming));
        let outgoing = Some(("friend@example.net".to_owned(), Outgoing));
        let note = Some(("me@example.org".to_owned(), Outgoing));
        assert_eq!(check(friend, me, Live), incoming);
        assert_eq!(check(friend, None, Live), incoming);
        assert_eq!(check(me, friend, Live), note, "nobody else's conversation through a note to self");
        assert_eq!(check(None, None, Live), note);
        assert_eq!(check(friend, me, CarbonReceived), incoming);
        assert_eq!(check(friend, other, CarbonReceived), None, "not for us");
        assert_eq!(check(me, friend, CarbonReceived), None, "not from others");
        assert_eq!(check(me, friend, CarbonSent), outgoing);
        assert_eq!(check(friend, me, CarbonSent), None, "not by us");
        assert_eq!(check(None, me, CarbonSent), None);
        assert_eq!(check(friend, me, Archive), incoming);
        assert_eq!(check(me, friend, Archive), outgoing);
        assert_eq!(check(me, me, Archive), note);
        assert_eq!(check(friend, other, Archive), None, "between others");
        assert_eq!(check(Some("@"), me, Live), None);
    }
}
