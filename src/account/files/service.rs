//! The server's place for files (XEP-0363): looked for once in a session, before the first file is chosen if there is a
//! window, so that what is too large is known before it is sent. It is asked for a slot for each.

use model::{Change, FileService, TransferFailure};
use xmpp::{
    IqOutcome,
    minidom::Element,
    xep_0030_disco::{self as disco, Info},
    xep_0363_http_upload::{self as upload, Slot},
};

use super::uploading::{self, Uploading};
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
    Slot(Uploading),
}

/// Where files go.
#[derive(Clone, Debug, Default)]
pub(super) enum Service {
    /// Nobody asked yet.
    #[default]
    Unknown,
    /// So many answers are missing, and whether all that came are to be believed.
    Asking { missing: usize, is_sure: bool },
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
        Service::Asking { .. } => None,
        Service::Unknown => {
            // The server itself may be the service, and is asked like what belongs to it.
            turn.state.files.service = Service::Asking { missing: 2, is_sure: true };
            let domain = turn.own_bare().domain().to_string();
            ask(turn, &domain, disco::items_query(), Asked::Items);
            ask(turn, &domain, disco::query(None), Asked::Info(domain.clone()));
            None
        }
        found => Some(found.clone()),
    }
}

/// Asks for a slot.
pub(super) fn ask_slot(turn: &mut Turn<'_, '_>, service: &str, request: Element, file: Uploading) {
    ask(turn, service, request, Asked::Slot(file));
}

fn ask(turn: &mut Turn<'_, '_>, whom: &str, query: Element, asked: Asked) {
    turn.send_iq(IqKind::Get, Some(whom), query, PendingIq::Files(asked));
}

/// An answer to something asked with [`Asked`].
pub fn handle_answer(turn: &mut Turn<'_, '_>, asked: Asked, answer: IqOutcome) -> Result<(), Error> {
    match asked {
        Asked::Slot(file) => uploading::slot(turn, file, read_slot(&answer)),
        Asked::Items => {
            let addresses = items(turn, &answer);
            if let Service::Asking { missing, .. } = &mut turn.state.files.service {
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
            if let (Some(most), Service::Asking { .. }) = (found, &turn.state.files.service) {
                turn.state.files.service = Service::Known { address, most };
                keep(turn, FileService::Takes(most))?;
                return super::pump(turn);
            }
            answered(turn, &answer)
        }
    }
}

/// One answer less is missing. When all came and none was a service, there is none.
fn answered(turn: &mut Turn<'_, '_>, answer: &IqOutcome) -> Result<(), Error> {
    let Service::Asking { missing, is_sure } = &mut turn.state.files.service else { return Ok(()) };
    match answer {
        IqOutcome::Lost => {
            // The next session asks again.
            turn.state.files.service = Service::Unknown;
            return Ok(());
        }
        IqOutcome::TimedOut => *is_sure = false,
        IqOutcome::Error(error) if error.type_ == "wait" => *is_sure = false,
        IqOutcome::Error(_) | IqOutcome::Result(_) => {}
    }
    *missing = missing.saturating_sub(1);
    if *missing == 0 {
        let is_sure = *is_sure;
        turn.state.files.service = Service::None;
        if is_sure {
            keep(turn, FileService::None)?;
        }
        return super::pump(turn);
    }
    Ok(())
}

/// Keeps what was found, for whoever chooses files.
fn keep(turn: &mut Turn<'_, '_>, service: FileService) -> Result<(), Error> {
    if turn.tx.set_file_service(service)? {
        turn.changed(Change::Account);
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

#[cfg(test)]
mod tests {
    use model::AccountCommand;

    use super::*;
    use crate::testing::Rig;

    /// Asks whoever is online, and hands on its two questions: for what belongs to the server, and for what that is itself.
    fn asked() -> (Rig, Element, Element) {
        let mut rig = Rig::online();
        rig.sent.clear();
        rig.command(AccountCommand::LookUpFileService);
        rig.command(AccountCommand::LookUpFileService);
        let (items, info) = (rig.take_sent("query"), rig.take_sent("query"));
        assert!(rig.sent.is_empty(), "it is asked once");
        assert!(items.has_child("query", disco::NS_ITEMS) && info.has_child("query", disco::NS));
        (rig, items, info)
    }

    fn told(rig: &mut Rig) -> FileService {
        rig.read(|reads| reads.file_service())
    }

    #[test]
    fn what_the_server_takes_is_known_before_a_file_is_sent() {
        let (mut rig, items, info) = asked();
        assert_eq!(told(&mut rig), FileService::Unknown);
        let one = format!("<query xmlns='{}'><item jid='up.example.org'/></query>", disco::NS_ITEMS);
        rig.answer(&items, &one);
        rig.refuse(&info, "service-unavailable");
        let info = rig.take_sent("query");
        rig.answer(&info, &format!("<query xmlns='{}'><feature var='{}'/></query>", disco::NS, upload::NS));
        assert_eq!(told(&mut rig), FileService::Takes(None));
    }

    #[test]
    fn there_is_no_place_only_if_everybody_says_so() {
        let (mut rig, items, info) = asked();
        rig.refuse(&items, "service-unavailable");
        rig.answer(&info, &format!("<query xmlns='{}'><feature var='x'/></query>", disco::NS));
        assert_eq!(told(&mut rig), FileService::None);

        let (mut rig, items, _) = asked();
        rig.refuse(&items, "service-unavailable");
        rig.disconnect();
        assert_eq!(told(&mut rig), FileService::Unknown, "the other answer never came");
    }
}
