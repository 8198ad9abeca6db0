//! A device that makes calls, in a process of its own: it is told what to do and tells what happens in lines.

mod clicks;

use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::{
    AccountCommand, AccountId, CallCommand, CallId, CallSettings, CallState, Command, ConversationId, Event,
    EventKind, MediaKind, StreamStatistics,
};
use session::{CallConfig, Config, Devices, Heard, Network, Session};
use tests::secrets::FileSecrets;

use self::clicks::Clicks;
use crate::device::talk;

/// The first argument of a process that is such a device.
pub const WORD: &str = "device-calls";

/// Is the device until it is killed, or told nothing more:
/// `FOLDER ADDRESS PASSWORD PORT AUTHORITY PEER loopback|everywhere tone|clicks`.
pub fn live(arguments: &[String]) -> ExitCode {
    let [folder, address, password, port, authority, peer, network, sound] = arguments else {
        return ExitCode::from(2);
    };
    println!("process {}", std::process::id());
    let mut clicks = (sound == "clicks").then(Clicks::new);
    let devices = clicks.as_ref().map_or(Devices::Synthetic, Clicks::devices);
    let network = if network == "loopback" { Network::Loopback } else { Network::All };
    let folder = Path::new(folder);
    let secrets = Arc::new(FileSecrets::new(folder.join("secrets")));
    let calls = Some(CallConfig { devices, network, pictures: None });
    let config = Config { secrets, calls, ..Config::new(folder.join("data")) };
    let session = Session::start(config).expect("the service");
    let mut events = session.events();
    let Some((account, conversation)) = talk(&session, [address, password, port, authority, peer]) else {
        return ExitCode::FAILURE;
    };
    let call = Arc::new(Mutex::new(None));
    let obedience = Obedience { session: session.clone(), account, conversation, call: call.clone() };
    std::thread::spawn(move || obedience.listen());
    while let Some(heard) = events.next_blocking() {
        let Heard::Event(Event { kind, .. }) = heard else { continue };
        match kind {
            EventKind::Connection(state) => println!("state {state:?}"),
            EventKind::Call(told) => {
                let mut known = call.lock().expect("nobody panics");
                *known = (!matches!(told.state, CallState::Ended(_))).then_some(told.id);
                println!("state {:?}", told.state);
                if let (CallState::Connected { .. }, Some(clicks)) = (told.state, &mut clicks) {
                    clicks.begin();
                }
            }
            EventKind::CallStatistics(_, statistics) => {
                println!("statistics {} {}", words(&statistics.audio), words(&statistics.video));
            }
            _ => {}
        }
    }
    ExitCode::SUCCESS
}

fn words(stream: &StreamStatistics) -> String {
    // Silence is told as a level that there is not.
    let level = stream.level.unwrap_or(1);
    let StreamStatistics { packets_sent, bytes_sent, packets_received, bytes_received, decoded, .. } = stream;
    format!("{packets_sent} {bytes_sent} {packets_received} {bytes_received} {decoded} {level}")
}

/// Does what it is told.
struct Obedience {
    session: Session,
    account: AccountId,
    conversation: ConversationId,
    call: Arc<Mutex<Option<CallId>>>,
}

impl Obedience {
    fn listen(&self) {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            self.obey(&line);
        }
        self.session.end(Duration::from_secs(5));
    }

    fn obey(&self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let command = match words.as_slice() {
            ["call", what] => {
                return self.command(AccountCommand::StartCall(self.conversation, *what == "video"));
            }
            ["relay-only"] => {
                let settings = CallSettings { relay_only: true, ..CallSettings::default() };
                return self.command(AccountCommand::SetCallSettings(settings));
            }
            ["low-bandwidth", on] => {
                let settings = CallSettings { low_bandwidth: *on == "on", ..CallSettings::default() };
                return self.command(AccountCommand::SetCallSettings(settings));
            }
            ["answer", what] => CallCommand::Answer { video: *what == "video" },
            ["hang-up"] => CallCommand::HangUp,
            ["send", what, on] => {
                let media = if *what == "video" { MediaKind::Video } else { MediaKind::Audio };
                CallCommand::Send(media, *on == "on")
            }
            _ => return println!("not understood: {line}"),
        };
        if let Some(call) = *self.call.lock().expect("nobody panics") {
            self.command(AccountCommand::Call(call, command));
        }
    }

    fn command(&self, command: AccountCommand) {
        self.session.send(Command::Account(self.account, command));
    }
}
