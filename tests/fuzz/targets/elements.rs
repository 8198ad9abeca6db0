//! Every file of an extension reads every element: an element may stand where nobody expects it.

use std::hint::black_box;

use model::BareJid;
use xmpp::minidom::Element;
use xmpp::parser::{Limits, Parsed, Parser};
use xmpp::*;

use super::script::again;

const HEADER: &[u8] = b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

/// The bytes are stanzas.
pub fn read(input: &[u8]) {
    all(input, |element| {
        everywhere(&element);
        stanza(element);
    });
}

/// Each element that a stream of these bytes holds.
pub fn all(input: &[u8], mut each: impl FnMut(Element)) {
    let mut parser = Parser::new(Limits::default());
    for mut bytes in [HEADER, input] {
        while let Ok(Some(parsed)) = parser.parse(&mut bytes) {
            match parsed {
                Parsed::Element(element) => each(element),
                Parsed::Ended => return,
                Parsed::Opened(_) | Parsed::Refused(_) => {}
            }
        }
    }
}

fn everywhere(element: &Element) {
    messages(element);
    answers(element);
    people(element);
    calls(element);
    element.children().for_each(everywhere);
}

fn stanza(element: Element) {
    let Ok(stanza) = Stanza::from_element(element) else { return };
    black_box((stanza.error(), stanza.wants_answer()));
    // What answers it can be written, whoever it is from.
    for answer in [stanza.result(), stanza.refusal("cancel", "service-unavailable")] {
        again(&answer);
    }
}

fn messages(element: &Element) {
    black_box((
        xep_0085_chat_states::chat_state(element),
        xep_0184_receipts::is_requested(element),
        xep_0184_receipts::received(element),
        xep_0280_carbons::is_carbon(element),
        xep_0280_carbons::carbon(element).map(|carbon| format!("{:?}", carbon.forwarded())),
        xep_0297_forwarding::forwarded(element).is_some(),
        xep_0308_corrections::replaces(element),
        xep_0333_markers::is_markable(element),
        xep_0333_markers::displayed(element),
        xep_0359_stanza_ids::stanza_id(element, &own()),
        xep_0359_stanza_ids::origin_id(element),
        xep_0380_encryption::encryption(element),
    ));
    black_box((
        xep_0424_retractions::retracts(element),
        xep_0424_retractions::tombstone(element).is_some(),
        xep_0203_delay::delays(element).count(),
        xep_0313_mam::is_result(element),
        xep_0313_mam::result(element).is_some(),
    ));
    if let Some(reactions) = xep_0444_reactions::reactions(element) {
        assert!(reactions.emoji.iter().all(|emoji| xep_0444_reactions::is_emoji(emoji)));
        again(&xep_0444_reactions::element(&reactions));
    }
    if let Some(reply) = xep_0461_replies::reply(element) {
        again(&xep_0461_replies::element(&reply));
    }
    let body = element.text();
    for namespace in ["urn:xmpp:reply:0", "urn:xmpp:message-retract:1"] {
        let parts = xep_0428_fallback::body_fallback(element, namespace);
        let (kept, taken) =
            (xep_0428_fallback::without(&body, &parts), xep_0428_fallback::only(&body, &parts));
        assert!(kept.len() <= body.len() && taken.len() <= body.len());
    }
    black_box(xep_0461_replies::split_body(element, &body));
    let (quoting, mark) = xep_0461_replies::quoting_body(&body, "yes");
    assert!(quoting.ends_with("yes"));
    if let Some(mark) = mark {
        again(&mark);
    }
}

fn answers(element: &Element) {
    black_box((
        xep_0059_result_sets::page(element),
        xep_0077_registration::is_registered(element),
        xep_0077_registration::asks_by_data_form(element),
        xep_0092_version::is_query(element),
        xep_0191_blocking::addresses(element),
        xep_0191_blocking::unblocks_all(element),
        xep_0199_ping::is_ping(element),
        xep_0313_mam::fin(element),
        xep_0313_mam::metadata(element),
    ));
    if let Some(form) = xep_0004_data_forms::Form::read(element) {
        again(&form.element());
    }
    if let Some(info) = xep_0030_disco::Info::read(element) {
        again(&info.element());
        if let Some(caps) = xep_0115_caps::Caps::of("https://example.org", &info) {
            assert!(caps.fits(&info), "a hash of its own does not fit: {info:?}");
        }
    }
    if let Some(form) = xep_0077_registration::form("example.org", element) {
        again(&xep_0077_registration::submission(&form, true));
        again(&xep_0077_registration::submission(&form, false));
    }
    black_box(StanzaError::read(Some(element)));
}

fn calls(element: &Element) {
    if let Ok(jingle) = xep_0166_jingle::Jingle::read(element) {
        again(&jingle.element());
    }
    if let Some(invitation) = xep_0353_invitations::read(element) {
        again(&invitation.element());
    }
    if let Some(invite) = xep_0482_call_invites::read(element) {
        again(&invite.element());
    }
    for service in xep_0215_services::read(element) {
        assert!(service.server.port > 0 && !service.server.host.is_empty());
    }
}

fn people(element: &Element) {
    if let Some(roster) = rfc_6121_roster::roster(element) {
        for item in roster.items {
            again(&rfc_6121_roster::set(&item.address, item.name.as_deref(), &item.groups));
        }
    }
    if let Some(xep_0060_pubsub::Event::Items { items, .. }) = xep_0060_pubsub::event(element) {
        black_box(items.iter().filter_map(|item| xep_0490_displayed_sync::displayed(item, &own())).count());
    }
    black_box((
        xep_0060_pubsub::items(element, "urn:xmpp:avatar:data").is_some(),
        xep_0084_avatar::metadata(element),
        xep_0084_avatar::data(element, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        xep_0054_vcard::photo(element, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        xep_0115_caps::Caps::read(element),
        xep_0153_vcard_avatar::photo(element).is_some(),
        xep_0319_idle::since(element),
    ));
    for nickname in
        [xep_0172_nickname::nickname(element), xep_0172_nickname::read(element)].into_iter().flatten()
    {
        again(&xep_0172_nickname::element(&nickname));
    }
}

fn own() -> BareJid {
    BareJid::new("alice@example.org").expect("an address")
}
