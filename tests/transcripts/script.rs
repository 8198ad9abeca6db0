//! The lines of a transcript, and what each does.
//!
//! ```text
//! S: <message …/>          the server sends this; `{name}` stands for a value met before,
//!                          `{sent}` for how many stanzas the account sent in this session, `{sent-1}` for one less
//! C: <iq id='{q}' …/>      the account wrote this since, at least: more attributes and children are fine
//! C: nothing               it wrote nothing else since
//! C: …                     whatever else it wrote does not matter
//! > send bob@x: hello      the user does something (see `command`)
//! +5s                      time passes
//! ! cut                    the world does something (see `world`)
//! @sign-in                 the lines of parts/sign-in.xml
//! = title                  the chat is printed into the golden file
//! ```
//!
//! A line that begins with a space goes on with the one before; `#` begins a remark.

use std::{collections::VecDeque, fmt::Write as _, path::Path, time::Duration};

use account::{Input, Output, Question};
use model::{
    AccountCommand, BareJid, ChatState, Content, ConversationId, Direction, Message, MessageId, Mute,
    Outgoing, RequestId,
};
use store::{Anchor, PageRequest};
use xmpp::{TlsFacts, minidom::Element};

use crate::{
    chat,
    device::Device,
    wire::{Names, Reader, fill, matches, parse, show},
};

/// A transcript being played.
pub struct Player<'p> {
    folder: &'p Path,
    device: Device,
    reader: Reader,
    written: VecDeque<Element>,
    names: Names,
    /// Stanzas that the account sent in this session: `{sent}`, for acknowledgements (XEP-0198 §4).
    sent: u32,
    golden: String,
}

impl<'p> Player<'p> {
    /// Plays a transcript and returns what it printed.
    pub fn play(folder: &'p Path, text: &str) -> String {
        let mut player = Self {
            folder,
            device: Device::new("me@example.org", 1),
            reader: Reader::new(),
            written: VecDeque::new(),
            names: Names::new(),
            sent: 0,
            golden: String::new(),
        };
        player.collect();
        player.lines(text);
        player.golden
    }

    fn lines(&mut self, text: &str) {
        let mut whole: Vec<String> = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            match (line.strip_prefix(' '), whole.last_mut()) {
                (Some(rest), Some(before)) => {
                    before.push_str(rest.trim());
                }
                _ => whole.push(line.to_owned()),
            }
        }
        for line in whole {
            self.line(&line);
            self.collect();
        }
    }

    fn line(&mut self, line: &str) {
        let (mark, rest) = line.split_at(line.chars().next().map_or(0, char::len_utf8));
        match mark {
            "S" => {
                let bytes = fill(rest.trim_start_matches(':').trim(), &self.names);
                if bytes.contains("<enabled ") {
                    self.sent = 0;
                }
                let bytes = bytes
                    .replace("{sent}", &self.sent.to_string())
                    .replace("{sent-1}", &(self.sent.saturating_sub(1)).to_string())
                    .into_bytes();
                self.device.give(Input::Bytes(bytes));
            }
            "C" => self.expect(rest.trim_start_matches(':').trim()),
            ">" => self.command(rest.trim()),
            "+" => self.device.wait(duration(rest)),
            "!" => self.world(rest.trim()),
            "@" => {
                let path = self.folder.join("parts").join(format!("{}.xml", rest.trim()));
                let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("no part {rest}"));
                self.lines(&text);
            }
            "=" => {
                let chat = chat::print(&mut self.device);
                writeln!(self.golden, "= {}\n{chat}", rest.trim()).unwrap();
            }
            _ => panic!("what is this? {line}"),
        }
    }

    /// Takes in what was written.
    fn collect(&mut self) {
        for output in std::mem::take(&mut self.device.outputs) {
            match output {
                Output::Write(bytes) => {
                    let elements = self.reader.read(&bytes);
                    let stanzas = elements.iter().filter(|element| element.has_ns("jabber:client")).count();
                    self.sent += u32::try_from(stanzas).unwrap();
                    self.written.extend(elements);
                }
                Output::Connect(target) => {
                    let mut element = Element::bare("connect", "link");
                    element.append_text(target.server.map_or(target.domain, |server| server.host));
                    self.written.push_back(element);
                }
                Output::StartTls => self.written.push_back(Element::bare("starttls", "link")),
                Output::Close => self.written.push_back(Element::bare("close", "link")),
                Output::Answer(_, answer) => {
                    let mut element = Element::bare("answer", "link");
                    element.append_text(format!("{answer:?}"));
                    self.written.push_back(element);
                }
                Output::Event(_) | Output::File(_) | Output::Media(..) => {}
            }
        }
    }

    fn expect(&mut self, wanted: &str) {
        // Asking for acknowledgements is the stream's own business.
        self.written.retain(|element| !element.is("r", "urn:xmpp:sm:3"));
        match wanted {
            "nothing" => {
                let written: Vec<String> = self.written.iter().map(show).collect();
                assert!(written.is_empty(), "wrote more than expected:\n  {}", written.join("\n  "));
            }
            "…" => self.written.clear(),
            _ => {
                let pattern = parse(wanted);
                let mut names = self.names.clone();
                let place = self.written.iter().position(|element| {
                    names = self.names.clone();
                    matches(&pattern, element, &mut names)
                });
                let Some(place) = place else {
                    let written: Vec<String> = self.written.iter().map(show).collect();
                    let names = &self.names;
                    panic!("expected:\n  {wanted}\nof:\n  {}\nwith {names:?}", written.join("\n  "));
                };
                self.names = names;
                self.written.remove(place);
            }
        }
    }

    fn world(&mut self, what: &str) {
        match what {
            "connected" => {
                self.reader = Reader::new();
                // Ids of the last session name nothing in this one, but messages keep theirs: Capitals.
                self.names.retain(|name, _| name.starts_with(char::is_uppercase));
                let tls = TlsFacts {
                    exporter: Some([1; 32]),
                    version: "TLSv1.3".to_owned(),
                    ..TlsFacts::default()
                };
                self.device.give(Input::Connected { tls: Some(tls) });
            }
            "cut" => self.device.give(Input::Closed(None)),
            "unreachable" => self.device.give(Input::Closed(Some(model::Failure::Unreachable))),
            "restart" => {
                self.written.clear();
                self.device.start();
            }
            "network" => self.device.give(Input::NetworkChanged { available: true }),
            "woke" => self.device.give(Input::Resumed),
            "hidden" => self.device.give(Input::WindowVisible(false)),
            "visible" => self.device.give(Input::WindowVisible(true)),
            "quit" => self.device.give(Input::Quit),
            "disk fails" => self.device.fail_commits(1),
            _ => match what.strip_prefix("clock ") {
                Some(by) => {
                    let (sign, time) = by.split_at(1);
                    let millis = i64::try_from(duration(time).as_millis()).unwrap();
                    self.device.set_clock(if sign == "-" { -millis } else { millis });
                }
                None => panic!("the world cannot {what}"),
            },
        }
    }

    /// `verb words` or `verb peer: words`; a message is named by its text.
    fn command(&mut self, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (first, text) = rest.split_once(": ").unwrap_or((rest, ""));
        let outgoing = |text: &str| Outgoing { text: text.to_owned(), reply_to: None, corrects: None };
        let command = match verb {
            "open" => {
                let peer = BareJid::new(first).unwrap();
                self.device.give(Input::Ask(RequestId(1), Question::OpenConversation(peer)));
                return;
            }
            "password" => {
                self.device.give(Input::Ask(RequestId(2), Question::ChangePassword(first.to_owned())));
                return;
            }
            "send" => AccountCommand::Send(self.with(first), outgoing(text)),
            "reply" => {
                let original = self.message(first);
                let reply = Outgoing { reply_to: Some(original.id), ..outgoing(text) };
                AccountCommand::Send(original.conversation, reply)
            }
            "correct" => {
                let original = self.message(first);
                let correction = Outgoing { corrects: Some(original.id), ..outgoing(text) };
                AccountCommand::Send(original.conversation, correction)
            }
            "react" => {
                let emoji = text.split_whitespace().map(str::to_owned).collect();
                AccountCommand::React(self.message(first).id, emoji)
            }
            "retract" => AccountCommand::Retract(self.message(first).id),
            "try-again" => AccountCommand::TryAgain(self.message(first).id),
            "read" => {
                let conversation = self.with(first);
                AccountCommand::MarkRead(conversation, self.newest(conversation))
            }
            "older" => AccountCommand::LoadOlder(self.with(first)),
            "accept" => AccountCommand::AcceptStranger(self.with(first)),
            "mute" => AccountCommand::SetMute(self.with(first), Mute::Always),
            "delete" => AccountCommand::DeleteConversation(self.with(first)),
            "write" => AccountCommand::SetChatState(self.with(first), ChatState::Composing),
            "pause" => AccountCommand::SetChatState(self.with(first), ChatState::Paused),
            "block" => AccountCommand::SetBlocked(BareJid::new(first).unwrap(), true),
            "hide-receipts" => AccountCommand::SetPrivacy { receipts: false, typing: false },
            "offline" => AccountCommand::Disconnect,
            "online" => AccountCommand::Connect,
            "try-now" => AccountCommand::TryNow,
            _ => panic!("the user cannot {verb}"),
        };
        self.device.give(Input::Command(command));
    }

    fn with(&mut self, peer: &str) -> ConversationId {
        let peer = BareJid::new(peer).unwrap();
        self.device.read(|reads| reads.conversation_with(&peer)).expect("a conversation")
    }

    fn page(&mut self, conversation: ConversationId) -> Vec<Message> {
        let request = PageRequest { conversation, anchor: Anchor::Newest, limit: 500 };
        self.device.read(|reads| reads.page(&request)).messages
    }

    fn newest(&mut self, conversation: ConversationId) -> MessageId {
        self.page(conversation).last().expect("a message").id
    }

    fn message(&mut self, text: &str) -> Message {
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method is not general enough in its lifetime"
        )]
        let conversations = self.device.read(|reads| reads.conversations());
        for summary in conversations {
            let found = self
                .page(summary.conversation.id)
                .into_iter()
                .find(|message| matches!(&message.content, Content::Text(words) if words == text));
            if let Some(found) = found {
                assert!(matches!(found.direction, Direction::Incoming | Direction::Outgoing));
                return found;
            }
        }
        panic!("nobody said {text}")
    }
}

fn duration(text: &str) -> Duration {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).expect("a unit"));
    let number: u64 = number.parse().expect("a number");
    match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number * 60),
        "h" => Duration::from_secs(number * 3600),
        _ => panic!("no unit of time: {unit}"),
    }
}
