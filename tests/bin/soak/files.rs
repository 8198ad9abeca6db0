//! The device that is killed while a file is on its way: a session in a process of its own that sends one file, or fetches
//! every file that is offered, and takes up after a kill what it was at.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use model::{
    AccountCommand, AccountId, Answer, BareJid, Command, ConnectionState, ConversationId, Delivery,
    Direction, Event, EventKind, ExportTo, FileSource, Message, OutgoingFile, OutgoingFiles, Request,
    Transfer,
};
use session::{Heard, Session};
use tests::person::{block_on, sign_in_request};

use crate::device::{account, newest, open};

/// The first argument of a process that is such a device.
pub const WORD: &str = "device-files";

struct Device {
    session: Session,
    account: AccountId,
    conversation: ConversationId,
    /// What was told already.
    told: BTreeSet<&'static str>,
}

/// Is the device until it is killed: `FOLDER ADDRESS PASSWORD PORT AUTHORITY PEER sealed|clear idle|send|fetch [PATH]`.
/// What is sent is the file at the path; what was fetched is exported to it. It says what has been done.
pub fn live(arguments: &[String]) -> ExitCode {
    let [folder, address, password, port, authority, peer, form, act, path @ ..] = arguments else {
        return ExitCode::from(2);
    };
    let session = open(Path::new(folder));
    let mut events = session.events();
    let account = account(&session, || {
        sign_in_request(address, password, port.parse().expect("a port"), authority.into())
    });
    let peer: BareJid = peer.parse().expect("an address");
    let Ok(Answer::Conversation(conversation)) =
        block_on(session.ask(Request::OpenConversation(account, peer)))
    else {
        return ExitCode::FAILURE;
    };
    let mut device = Device { session, account, conversation, told: BTreeSet::new() };
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

    /// Says once what has come to its end: that a file is with the server and its message too, or here.
    fn tell(&mut self) {
        let is_sent =
            |message: &Message| !message.attachments.is_empty() && message.delivery != Delivery::Queued;
        let is_here =
            |message: &Message| message.attachments.iter().any(|file| file.transfer == Transfer::Here);
        let sent = self.messages(Direction::Outgoing).iter().any(is_sent);
        let here = self.messages(Direction::Incoming).iter().any(is_here);
        for (word, _) in [("sent", sent), ("here", here)].into_iter().filter(|(_, done)| *done) {
            if self.told.insert(word) {
                println!("{word}");
            }
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
                    if self.told.insert("fetching") {
                        println!("fetching");
                    }
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
