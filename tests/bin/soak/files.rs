//! The device that is killed while a file is on its way: a session in a process of its own that sends one file, or fetches
//! every file that is offered, and takes up after a kill what it was at.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use model::{
    AccountCommand, AccountId, BareJid, Command, ConnectionState, ConversationId, Delivery, Direction, Event,
    EventKind, ExportTo, FileSource, Message, OutgoingFile, OutgoingFiles, Request, Transfer,
};
use session::{Heard, Session};
use tests::person::block_on;

use crate::device::{newest, open, talk};

/// The first argument of a process that is such a device.
pub const WORD: &str = "device-files";

struct Device {
    session: Session,
    account: AccountId,
    address: BareJid,
    conversation: ConversationId,
    /// What was told already.
    told: BTreeSet<String>,
    /// How far a file is on its way, in tenths, as it was told last.
    tenths: u64,
}

/// Is the device until it is killed: `FOLDER ADDRESS PASSWORD PORT AUTHORITY PEER sealed|clear idle|send|fetch [PATH]`.
/// What is sent is the file at the path; what was fetched is exported to it. It says what has been done.
pub fn live(arguments: &[String]) -> ExitCode {
    let [folder, address, password, port, authority, peer, form, act, path @ ..] = arguments else {
        return ExitCode::from(2);
    };
    let session = open(Path::new(folder));
    let mut events = session.events();
    let Some((account, conversation)) = talk(&session, [address, password, port, authority, peer]) else {
        return ExitCode::FAILURE;
    };
    let address = address.parse().expect("an address");
    let mut device = Device { session, account, address, conversation, told: BTreeSet::new(), tenths: 0 };
    device.command(AccountCommand::SetEncryption(conversation, form == "sealed"));
    println!("ready");
    let path = path.first().map(PathBuf::from);
    loop {
        match events.next_blocking() {
            None => return ExitCode::SUCCESS,
            Some(Heard::Event(Event { kind: EventKind::Connection(state), .. })) => {
                println!("{state:?}");
                if let (ConnectionState::Online, "send", Some(path)) = (state, act.as_str(), &path) {
                    device.send(path);
                }
            }
            Some(Heard::Event(Event { kind: EventKind::Transfer { done, total, .. }, .. })) => {
                device.tell_way(done, total);
            }
            Some(_) => {}
        }
        device.tell();
        if let ("fetch", Some(path)) = (act.as_str(), &path) {
            device.fetch(path);
        }
    }
}

impl Device {
    fn command(&self, command: AccountCommand) {
        self.session.send(Command::Account(self.account, command));
    }

    fn messages(&self, direction: Direction) -> Vec<Message> {
        let mut messages = newest(&self.session, self.account, self.conversation);
        messages.retain(|message| message.direction == direction);
        messages
    }

    /// Says how far a file has come: who waits sees that it goes on.
    fn tell_way(&mut self, done: u64, total: Option<u64>) {
        let tenths = total.filter(|total| *total > 0).map_or(0, |total| done.saturating_mul(10) / total);
        if std::mem::replace(&mut self.tenths, tenths) != tenths {
            println!("{tenths} tenths");
        }
    }

    /// Says something once.
    fn say(&mut self, word: &str) {
        if self.told.insert(word.to_owned()) {
            println!("{word}");
        }
    }

    /// Says what has come to its end: that this device is on its lists, that a file is with the server and its message too,
    /// that it is here, or that it failed; and for what it waits.
    fn tell(&mut self) {
        let reader = self.session.reader(self.account);
        let devices = reader.map(|reader| block_on(reader.devices(self.address.clone())));
        let devices = devices.and_then(Result::ok).unwrap_or_default();
        if devices.iter().any(|device| device.is_this && device.versions.len() == 2) {
            self.say("published");
        }
        let is_sent = |message: &Message| {
            !message.attachments.is_empty()
                && !matches!(message.delivery, Delivery::Queued | Delivery::Failed(_))
        };
        let is_here =
            |message: &Message| message.attachments.iter().any(|file| file.transfer == Transfer::Here);
        let (outgoing, incoming) = (self.messages(Direction::Outgoing), self.messages(Direction::Incoming));
        for message in outgoing.iter().chain(&incoming) {
            if let Some(wait) = message.waits {
                self.say(&format!("waits {wait:?}"));
            }
            for file in &message.attachments {
                if let Transfer::Failed(failure) = file.transfer {
                    self.say(&format!("failed {failure:?}"));
                }
            }
        }
        if outgoing.iter().any(is_sent) {
            self.say("sent");
        }
        if incoming.iter().any(is_here) {
            self.say("here");
        }
    }

    /// Sends the file, unless an earlier life did.
    fn send(&self, path: &Path) {
        if self.messages(Direction::Outgoing).iter().any(|message| !message.attachments.is_empty()) {
            return;
        }
        let file = OutgoingFile {
            source: FileSource::Path(path.to_owned()),
            name: None,
            strip_metadata: true,
            longest_side: None,
            voice: None,
        };
        let outgoing = OutgoingFiles { files: vec![file], caption: String::new(), reply_to: None };
        self.command(AccountCommand::SendFiles(self.conversation, outgoing));
        println!("sending");
    }

    /// Fetches what is offered, and exports what is here.
    fn fetch(&mut self, to: &Path) {
        for file in self.messages(Direction::Incoming).into_iter().flat_map(|message| message.attachments) {
            match file.transfer {
                Transfer::Offered => {
                    self.command(AccountCommand::Download(file.id));
                    self.say("fetching");
                }
                Transfer::Here if !to.exists() => {
                    let export = Request::ExportFile(self.account, file.id, ExportTo::File(to.to_owned()));
                    match block_on(self.session.ask(export)) {
                        Ok(_) => println!("exported"),
                        Err(failure) => println!("not exported: {failure:?}"),
                    }
                }
                _ => {}
            }
        }
    }
}
