//! The server's place for files (XEP-0363): found when the first file needs it, and asked for a slot for each.

use model::{AttachmentId, TransferFailure};
use xmpp::{
    IqOutcome,
    minidom::Element,
    xep_0030_disco::{self as disco, Info},
    xep_0363_http_upload::{self as upload, Slot},
};

use super::sending;
use crate::{
    Error,
    turn::{IqKind, PendingIq, Turn},
};

/// More entities than this of a server are not looked at.
const MOST_ITEMS: usize = 30;

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Which entities belong to the server.
    Items,
    /// What an entity is.
    Info(String),
    /// A slot for a file.
    Slot(AttachmentId),
}

/// Where files go.
#[derive(Clone, Debug, Default)]
pub(super) enum Service {
    /// Nobody asked yet.
    #[default]
    Unknown,
    /// So many answers are missing.
    Asking(usize),
    /// There.
    Known {
        /// Its address.
        address: String,
        /// How many bytes a file may have.
        most: Option<u64>,
    },
    /// The server has none.
    None,
}

/// The service, or `None` until it was found.
pub(super) fn find(turn: &mut Turn<'_, '_>) -> Option<Service> {
    match &turn.state.files.service {
        Service::Asking(_) => None,
        Service::Unknown => {
            // The server itself may be the service, and is asked like what belongs to it.
            turn.state.files.service = Service::Asking(2);
            let domain = turn.own_bare().domain().to_string();
            ask(turn, &domain, disco::items_query(), Asked::Items);
            ask(turn, &domain, disco::query(None), Asked::Info(domain.clone()));
            None
        }
        found => Some(found.clone()),
    }
}

/// Asks for a slot.
pub(super) fn ask_slot(turn: &mut Turn<'_, '_>, service: &str, request: Element, file: AttachmentId) {
    ask(turn, service, request, Asked::Slot(file));
}

fn ask(turn: &mut Turn<'_, '_>, whom: &str, query: Element, asked: Asked) {
    turn.send_iq(IqKind::Get, Some(whom), query, PendingIq::Files(asked));
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(turn: &mut Turn<'_, '_>, asked: Asked, answer: IqOutcome) -> Result<(), Error> {
    match asked {
        Asked::Slot(file) => sending::slot(turn, file, read_slot(&answer)),
        Asked::Items => {
            let addresses = items(turn, &answer);
            if let Service::Asking(missing) = &mut turn.state.files.service {
                *missing += addresses.len();
            }
            for address in addresses {
                ask(turn, &address, disco::query(None), Asked::Info(address.clone()));
            }
            answered(turn, &answer)
        }
        Asked::Info(address) => {
            let found = match &answer {
                IqOutcome::Result(stanza) => stanza
                    .child("query", disco::NS)
                    .and_then(Info::read)
                    .and_then(|info| upload::service(&info)),
                _ => None,
            };
            if let (Some(most), Service::Asking(_)) = (found, &turn.state.files.service) {
                turn.state.files.service = Service::Known { address, most };
                return super::pump(turn);
            }
            answered(turn, &answer)
        }
    }
}

/// One answer less is missing. When all came and none was a service, there is none.
fn answered(turn: &mut Turn<'_, '_>, answer: &IqOutcome) -> Result<(), Error> {
    let Service::Asking(missing) = &mut turn.state.files.service else { return Ok(()) };
    if matches!(answer, IqOutcome::Lost) {
        // The next session asks again.
        turn.state.files.service = Service::Unknown;
        return Ok(());
    }
    *missing = missing.saturating_sub(1);
    if *missing == 0 {
        turn.state.files.service = Service::None;
        return super::pump(turn);
    }
    Ok(())
}

fn items(turn: &Turn<'_, '_>, answer: &IqOutcome) -> Vec<String> {
    let IqOutcome::Result(stanza) = answer else { return Vec::new() };
    let Some(query) = stanza.child("query", disco::NS_ITEMS) else { return Vec::new() };
    let own = turn.own_bare().domain().to_string();
    let mut addresses: Vec<String> = query
        .children()
        .filter(|item| item.is("item", disco::NS_ITEMS) && item.attr("node").is_none())
        .filter_map(|item| xmpp::jid::BareJid::new(item.attr("jid")?).ok())
        .map(|address| address.to_string())
        .filter(|address| *address != own)
        .collect();
    addresses.sort();
    addresses.dedup();
    addresses.truncate(MOST_ITEMS);
    addresses
}

/// A slot, or why there is none; the news that none will come is no reason to give up.
fn read_slot(answer: &IqOutcome) -> Result<Slot, Option<TransferFailure>> {
    match answer {
        IqOutcome::Result(stanza) => {
            stanza.child("slot", upload::NS).and_then(upload::slot).ok_or(Some(TransferFailure::Refused))
        }
        IqOutcome::Error(error) if upload::is_too_large(error) => Err(Some(TransferFailure::TooLarge(0))),
        IqOutcome::Error(error) if error.type_ == "wait" => Err(None),
        IqOutcome::Error(_) => Err(Some(TransferFailure::Refused)),
        IqOutcome::TimedOut | IqOutcome::Lost => Err(None),
    }
}
