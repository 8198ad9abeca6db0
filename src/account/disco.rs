//! Service discovery (XEP-0030): what our server can do, and what we say of ourselves.
//!
//! We tell what we are only to those who see our presence anyway; to others we answer as if nobody were here.
//! Version (XEP-0092) and ping (XEP-0199) likewise. Our time (XEP-0202) nobody is told: it says where one is.

use std::collections::BTreeSet;

use model::OmemoVersion;
use store::Reads;
use xmpp::{
    Address, IqOutcome,
    minidom::Element,
    xep_0030_disco::{self as wire, Identity, Info},
    xep_0084_avatar as avatar, xep_0085_chat_states as chat_states, xep_0092_version as version,
    xep_0115_caps as caps_wire, xep_0172_nickname as nick, xep_0184_receipts as receipts,
    xep_0199_ping as ping, xep_0203_delay as delay, xep_0308_corrections as corrections,
    xep_0319_idle as idle, xep_0333_markers as markers, xep_0359_stanza_ids as stanza_ids,
    xep_0380_encryption as encryption, xep_0384_omemo as omemo_wire, xep_0424_retractions as retractions,
    xep_0428_fallback as fallback, xep_0444_reactions as reactions, xep_0461_replies as replies,
    xep_0490_displayed_sync as mds,
};

use crate::{
    Error, calls, caps, displayed_sync,
    inbound::{self, Reply},
    omemo,
    turn::{IqKind, PendingIq, Turn},
};

/// The facts under which the answers are kept from one start to the next.
const FACT_ACCOUNT: &str = "disco account";
const FACT_DOMAIN: &str = "disco domain";

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// What the account can do.
    Account,
    /// What the server can do.
    Domain,
}

/// What our server told of itself and of the account. Empty until it did, or what is on disk from the last time.
#[derive(Clone, Debug, Default)]
pub struct ServerFeatures {
    /// Features of the own bare address.
    pub account: BTreeSet<String>,
    /// Features of the domain.
    pub domain: BTreeSet<String>,
    /// Whether the account ever told what it can do.
    pub is_account_known: bool,
}

impl ServerFeatures {
    /// What is on disk from the last time.
    pub fn load(reads: Reads<'_>) -> Result<Self, Error> {
        let features = |name: &str| -> Result<BTreeSet<String>, Error> {
            let fact = reads.fact(name)?.unwrap_or_default();
            Ok(String::from_utf8_lossy(&fact).lines().map(str::to_owned).collect())
        };
        let is_account_known = reads.fact(FACT_ACCOUNT)?.is_some();
        Ok(Self { account: features(FACT_ACCOUNT)?, domain: features(FACT_DOMAIN)?, is_account_known })
    }

    /// Whether the account has nodes of its own (XEP-0163), with options to publish with (XEP-0060 §7.1.5).
    pub fn has_private_nodes(&self) -> bool {
        self.account.contains("http://jabber.org/protocol/pubsub#publish-options")
    }
}

/// Asks the server and the account what they can do (own bare address and domain).
pub fn request_server(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    let account = turn.own_bare().to_string();
    let domain = turn.own_bare().domain().to_string();
    turn.send_iq(IqKind::Get, Some(&account), wire::query(None), PendingIq::Disco(Asked::Account));
    turn.send_iq(IqKind::Get, Some(&domain), wire::query(None), PendingIq::Disco(Asked::Domain));
    Ok(())
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(turn: &mut Turn<'_, '_>, asked: Asked, answer: IqOutcome) -> Result<(), Error> {
    // An account that refuses such a question has nothing to offer.
    let is_refused = matches!(
        (&asked, &answer),
        (Asked::Account, IqOutcome::Error(error)) if error.type_ != "wait"
    );
    if let IqOutcome::Result(stanza) = answer
        && let Some(info) = stanza.child("query", wire::NS).and_then(Info::read)
    {
        let features: BTreeSet<String> =
            info.features.into_iter().filter(|feature| !feature.contains('\n')).collect();
        let text = features.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
        let fact = match asked {
            Asked::Account => {
                turn.state.own.server.account = features;
                FACT_ACCOUNT
            }
            Asked::Domain => {
                turn.state.own.server.domain = features;
                FACT_DOMAIN
            }
        };
        turn.tx.set_fact(fact, Some(text.as_bytes()))?;
        if matches!(asked, Asked::Account) {
            turn.state.own.server.is_account_known = true;
            displayed_sync::request(turn)?;
            return omemo::begin(turn);
        }
    }
    if is_refused {
        turn.state.own.server.account.clear();
        turn.state.own.server.is_account_known = true;
        turn.tx.set_fact(FACT_ACCOUNT, Some(&[]))?;
        omemo::begin(turn)?;
    }
    Ok(())
}

/// A disco#info request from somebody: answered in full only to those who see our presence.
pub fn handle_query(
    turn: &mut Turn<'_, '_>,
    from: Option<&Address>,
    query: &Element,
) -> Result<Reply, Error> {
    if !inbound::known(turn, from)? {
        return Ok(Reply::UNAVAILABLE);
    }
    let mut info = own_info(turn);
    match query.attr("node") {
        None | Some("") => {}
        Some(node) if caps::own(turn).is_some_and(|caps| caps.query_node() == node) => {
            info.node = Some(node.to_owned());
        }
        Some(_) => return Ok(Reply::Error { kind: "cancel", condition: "item-not-found" }),
    }
    Ok(Reply::Result(Some(info.element())))
}

/// Somebody asks what belongs to us (XEP-0030 §4.1): nothing.
pub fn handle_items_query(turn: &mut Turn<'_, '_>, from: Option<&Address>) -> Result<Reply, Error> {
    if !inbound::known(turn, from)? {
        return Ok(Reply::UNAVAILABLE);
    }
    Ok(Reply::Result(Some(wire::items_query())))
}

/// Somebody asks which program this is (XEP-0092).
pub fn handle_version(turn: &mut Turn<'_, '_>, from: Option<&Address>) -> Result<Reply, Error> {
    if !inbound::known(turn, from)? {
        return Ok(Reply::UNAVAILABLE);
    }
    let setup = &turn.state.setup;
    Ok(Reply::Result(Some(version::answer(&setup.software_name, &setup.software_version))))
}

/// What we are and can do.
pub fn own_info(turn: &Turn<'_, '_>) -> Info {
    let always = [
        wire::NS,
        caps_wire::NS,
        avatar_notify().as_str(),
        chat_states::NS,
        corrections::NS,
        delay::NS,
        encryption::NS,
        fallback::NS,
        idle::NS,
        nick::NS,
        nick_notify().as_str(),
        mds_notify().as_str(),
        &devices_notify(OmemoVersion::Legacy),
        &devices_notify(OmemoVersion::Two),
        omemo_wire::NS,
        ping::NS,
        reactions::NS,
        replies::NS,
        retractions::NS,
        stanza_ids::NS,
        version::NS,
    ]
    .map(str::to_owned);
    // Who does not send receipts does not offer them either (XEP-0184 §6).
    let receipts = [markers::NS, receipts::NS].map(str::to_owned);
    let mut features: Vec<String> =
        always.into_iter().chain(receipts.into_iter().filter(|_| turn.state.own.sends_receipts)).collect();
    if turn.state.setup.calls {
        features.extend(calls::FEATURES.map(str::to_owned));
    }
    features.sort();
    Info {
        node: None,
        identities: vec![Identity {
            category: "client".to_owned(),
            kind: "pc".to_owned(),
            lang: String::new(),
            name: turn.state.setup.software_name.clone(),
        }],
        features,
        forms: Vec::new(),
    }
}

/// What we want to be told of (XEP-0163 §4.1).
fn avatar_notify() -> String {
    format!("{}+notify", avatar::NS_METADATA)
}

fn nick_notify() -> String {
    format!("{}+notify", nick::NS)
}

fn mds_notify() -> String {
    format!("{}+notify", mds::NS)
}

fn devices_notify(version: OmemoVersion) -> String {
    format!("{}+notify", omemo_wire::device_list_node(version))
}

/// The session is over.
pub fn end(turn: &mut Turn<'_, '_>) -> Result<(), Error> {
    caps::end(turn);
    Ok(())
}

#[cfg(test)]
mod tests;
