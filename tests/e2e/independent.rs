//! The other side is not ours: slixmpp, an XMPP library of other people in another language.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use model::{AccountCommand, Content, Delivery, Outgoing};
use tests::wait::PATIENCE;
use tests::{Person, Prosody};

/// A slixmpp client that is told what to do line by line and tells line by line what came.
struct Peer {
    process: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Peer {
    fn start(server: &Prosody, name: &str) -> Self {
        let password = server.register(name);
        let python = std::env::var("STARLING_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let mut process = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/peer.py"))
            .args([&format!("{name}@localhost/peer"), &password, &server.starttls_port().to_string()])
            .arg(server.authority())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 with slixmpp");
        let input = process.stdin.take().expect("a pipe");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let peer = Self { process, input, lines };
        peer.expect("online");
        peer
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("the peer listens");
    }

    #[track_caller]
    fn expect(&self, wanted: &str) {
        let mut others = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if line == wanted {
                return;
            }
            others.push(line);
        }
        panic!("the peer did not say “{wanted}”, only {others:?}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn slixmpp_and_starling_understand_each_other() {
    let server = Prosody::start();
    let alice = Person::new(&server, "alice");
    let mut peer = Peer::start(&server, "peer");
    let address = "peer@localhost".parse().expect("an address");
    alice.command(AccountCommand::AddContact(address, None, Vec::new()));
    let address = "peer@localhost".parse().expect("an address");

    let conversation = alice.say(&address, "Hello from Starling");
    peer.expect("message Hello from Starling");
    let own = alice.sees_own(&address, "Hello from Starling", &Delivery::Delivered);

    peer.tell("say alice@localhost Hello from slixmpp");
    let heard = alice.hears(&address, "Hello from slixmpp");
    peer.expect("receipt");

    let correction = Outgoing { text: "Hello again".to_owned(), reply_to: None, corrects: Some(own.id) };
    alice.command(AccountCommand::Send(conversation, correction));
    peer.expect("correction Hello again");
    peer.tell("correct alice@localhost Hello from slixmpp 2");
    let corrected = alice.hears(&address, "Hello from slixmpp 2");
    assert_eq!((corrected.id, corrected.revisions), (heard.id, 1));

    peer.tell("react alice@localhost 👍");
    alice.waits_for(&address, "a reaction", |message| {
        message.id == own.id && message.reactions.first().is_some_and(|reaction| reaction.emoji == "👍")
    });
    alice.command(AccountCommand::React(heard.id, vec!["🎉".to_owned()]));
    peer.expect("reaction 🎉");

    peer.tell("retract alice@localhost");
    alice.waits_for(&address, "the retraction", |message| message.id == heard.id && message.content == Content::Retracted);
}
