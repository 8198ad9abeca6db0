//! A device in a process of its own that makes calls: `soak device-calls`. It is told lines and tells lines, so that it can
//! stand in another network than the test, and so that what it uses of the machine can be measured.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use model::{BareJid, CallStatistics, StreamStatistics};
use tempfile::TempDir;

use crate::wait::LONG_PATIENCE;
use crate::{Person, Place, Server, befriend, know_devices};

/// Where such a device lives, and whom it calls.
pub struct CallHome {
    /// Whose device it is.
    pub address: BareJid,
    folder: TempDir,
    arguments: Vec<String>,
}

/// What such a device is to be.
#[derive(Clone, Copy, Default)]
pub struct CallAs<'p> {
    /// Where it stands; on the loopback interface if nowhere else.
    pub place: Option<&'p Place>,
    /// It speaks clicks and tells when it hears some, in place of a tone.
    pub clicks: bool,
}

/// Such a process. It ends with its value.
pub struct CallDevice {
    process: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    who: BareJid,
    _folder: TempDir,
    /// The number of the process that makes calls.
    pub id: u32,
    /// How far its call is, in the words of [`model::CallState`].
    pub state: String,
    /// How its media does.
    pub statistics: CallStatistics,
    /// How loud the loudest was that was heard, in decibels.
    pub loudest: Option<i8>,
    /// When it spoke clicks, and when it heard some, in seconds of the machine's clock.
    pub said: Vec<f64>,
    /// See there.
    pub heard: Vec<f64>,
}

impl CallHome {
    /// Two who may call each other, with nobody else of theirs signed in.
    ///
    /// # Panics
    /// When they cannot be made.
    pub fn two(server: &impl Server) -> [Self; 2] {
        let names = ["alice", "bob"];
        let people = names.map(|name| Person::new(server, name));
        befriend(&people[0], &people[1]);
        know_devices(&people[0], &people[1]);
        let addresses = people.each_ref().map(|person| person.address.clone());
        drop(people);
        [(0, 1), (1, 0)].map(|(own, other)| {
            let folder = tempfile::Builder::new().prefix("starling-calls").tempdir().expect("a folder");
            let arguments = [
                folder.path().display().to_string(),
                addresses[own].to_string(),
                format!("pw-{}", names[own]),
                server.direct_tls_port().to_string(),
                server.authority().display().to_string(),
                addresses[other].to_string(),
            ];
            Self { address: addresses[own].clone(), folder, arguments: arguments.to_vec() }
        })
    }

    /// Starts a process of it, and returns when it is signed in. `soak` is the program.
    ///
    /// # Panics
    /// When that fails.
    #[track_caller]
    pub fn start(self, soak: &Path, how: CallAs<'_>) -> CallDevice {
        let mut command = how.place.map_or_else(|| Command::new(soak), |place| place.command(soak));
        command.arg("device-calls").args(&self.arguments);
        command.arg(if how.place.is_some() { "everywhere" } else { "loopback" });
        command.arg(if how.clicks { "clicks" } else { "tone" });
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the device starts");
        let input = process.stdin.take().expect("a pipe");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut device = CallDevice {
            process,
            input,
            lines,
            who: self.address,
            _folder: self.folder,
            id: 0,
            state: String::new(),
            statistics: CallStatistics::default(),
            loudest: None,
            said: Vec::new(),
            heard: Vec::new(),
        };
        device.until("online", |device| device.state == "Online");
        device
    }
}

impl CallDevice {
    /// Tells it what to do: `call voice`, `call video`, `answer voice`, `answer video`, `hang-up`, `send video on`, …
    ///
    /// # Panics
    /// When it has ended.
    #[track_caller]
    pub fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("the device lives");
    }

    /// Takes the call that rings.
    #[track_caller]
    pub fn answers(&mut self, what: &str) {
        self.until("ringing", |device| device.state == "Ringing");
        self.tell(&format!("answer {what}"));
    }

    /// Whether they talk.
    pub fn is_connected(&self) -> bool {
        self.state.starts_with("Connected")
    }

    /// Whether its call is over.
    pub fn is_over(&self) -> bool {
        self.state.starts_with("Ended")
    }

    /// Listens until it is as wanted.
    ///
    /// # Panics
    /// When that takes too long, or it ends.
    #[track_caller]
    pub fn until(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + LONG_PATIENCE;
        while !wanted(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.hear(&line),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("{}: not {what}: {} {:?}", self.who, self.state, self.statistics)
                }
                Err(RecvTimeoutError::Disconnected) => panic!("{} ended before it was {what}", self.who),
            }
        }
    }

    /// Listens for so long. This is not waiting for a result: what is told meanwhile is what is measured.
    pub fn listen_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Ok(line) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.hear(&line);
        }
    }

    /// Takes in what was told until now.
    pub fn catch_up(&mut self) {
        while let Ok(line) = self.lines.try_recv() {
            self.hear(&line);
        }
    }

    /// Listens until the other side's tone was heard in that many more pieces of 20 ms, and that many more pictures were seen.
    #[track_caller]
    pub fn hears_and_sees(&mut self, pieces: u64, pictures: u64) {
        self.catch_up();
        let before = self.statistics;
        self.until("hearing and seeing", |device| {
            let now = device.statistics;
            // A sine of half the greatest amplitude.
            now.audio.level.is_some_and(|level| (-12..=-6).contains(&level))
                && now.audio.decoded >= before.audio.decoded + pieces
                && now.video.decoded >= before.video.decoded + pictures
        });
    }

    fn hear(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let mut numbers = rest.split(' ').filter_map(|number| number.parse::<f64>().ok());
        match word {
            "process" => self.id = rest.parse().expect("a number"),
            "state" => rest.clone_into(&mut self.state),
            "said" => self.said.extend(numbers.next()),
            "heard" => self.heard.extend(numbers.next()),
            "statistics" => {
                let mut stream = || {
                    let mut number = || numbers.next().unwrap_or_default();
                    StreamStatistics {
                        packets_sent: number() as u64,
                        bytes_sent: number() as u64,
                        packets_received: number() as u64,
                        bytes_received: number() as u64,
                        decoded: number() as u64,
                        level: Some(number() as i8).filter(|level| *level <= 0),
                        ..StreamStatistics::default()
                    }
                };
                self.statistics = CallStatistics { audio: stream(), video: stream() };
                self.loudest = self.loudest.max(self.statistics.audio.level);
            }
            _ => eprintln!("{}: {line}", self.who),
        }
    }
}

impl Drop for CallDevice {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
