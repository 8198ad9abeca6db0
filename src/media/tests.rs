//! Two calls in one process, on the network within this machine, with a tone and a moving picture: what one sends the
//! other decodes. Signalling is played by carrying descriptions from one to the other.

mod changes;
mod hostile;
mod voices;

use std::time::Duration;

use model::{
    CallDevices, CallStatistics, ContentCandidates, ContentCredentials, Flow, IceCredentials, MediaCommand,
    MediaDescription, MediaEvent, MediaFailure, MediaKind, MediaSetup, WantedContent,
};
use tokio::{runtime::Runtime, sync::mpsc, time::timeout};

use crate::{CallMedia, Config, Devices, Engine, Network, Told, View};

/// Something is wrong if nothing happens for so long.
const PATIENCE: Duration = Duration::from_secs(60);

struct Side {
    media: CallMedia,
    told: mpsc::UnboundedReceiver<Told>,
    found: bool,
    broken: u32,
    failed: Option<MediaFailure>,
    restarted: u32,
    statistics: CallStatistics,
    /// What it captures no more.
    captures_no_more: Vec<MediaKind>,
    /// It does not tell which sources it sends from.
    hides_sources: bool,
    /// How many pictures a window would have shown: the own and theirs.
    pictures: [u64; 2],
}

impl Side {
    fn tell(&self, command: MediaCommand) {
        assert!(self.media.tell(command), "the call has ended");
    }

    /// As [`Self::tell`], to one that may have failed.
    fn pass(&self, command: MediaCommand) {
        self.media.tell(command);
    }

    fn capture(&self, kinds: &[MediaKind]) {
        for media in kinds {
            self.tell(MediaCommand::Capture { media: *media, on: true });
        }
    }
}

struct Pair {
    runtime: Runtime,
    sides: [Side; 2],
}

impl Pair {
    fn new(bundle: bool) -> Self {
        Self::with(bundle, [Devices::Synthetic; 2])
    }

    fn with(bundle: bool, devices: [Devices; 2]) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sides = devices.map(|devices| {
            let config = Config { devices, network: Network::Loopback, shows_pictures: true };
            let engine = Engine::new(config, runtime.handle().clone()).unwrap();
            let (tell, told) = mpsc::unbounded_channel();
            let media = engine.begin(CallDevices::default(), move |what| drop(tell.send(what)));
            let setup = MediaSetup { servers: Vec::new(), relay_only: false, bundle };
            assert!(media.tell(MediaCommand::Begin(setup)));
            let statistics = CallStatistics::default();
            Side {
                media,
                told,
                found: false,
                broken: 0,
                failed: None,
                restarted: 0,
                statistics,
                captures_no_more: Vec::new(),
                hides_sources: false,
                pictures: [0; 2],
            }
        });
        Self { runtime, sides }
    }

    fn offer(&mut self, who: usize, kinds: &[MediaKind]) {
        let wanted = kinds.iter().map(|media| WantedContent {
            name: format!("{media:?} of {who}\r\n"),
            media: *media,
            flow: Flow::BOTH,
        });
        self.sides[who].tell(MediaCommand::Offer(wanted.collect()));
    }

    /// Carries what is told until it is as wanted.
    #[track_caller]
    fn until(&mut self, what: &str, wanted: impl Fn(&[Side; 2]) -> bool) {
        let Self { runtime, sides } = self;
        let carrying = async {
            while !wanted(sides) {
                let [one, other] = &mut *sides;
                // One that failed tells nothing more.
                let (from, told) = tokio::select! {
                    Some(told) = one.told.recv() => (0, told),
                    Some(told) = other.told.recv() => (1, told),
                    else => panic!("both calls have ended"),
                };
                carry(sides, from, told);
            }
        };
        let done = runtime.block_on(async { timeout(PATIENCE, carrying).await });
        let [one, other] = &self.sides;
        assert!(done.is_ok(), "not {what}: {:?} {:?}", one.statistics, other.statistics);
    }

    /// Both hear the tone, and see so many pictures more than now.
    #[track_caller]
    fn until_they_talk(&mut self, pictures: u64) {
        let before = [0, 1].map(|who| self.sides[who].statistics);
        self.until("talking", |sides| {
            sides.iter().zip(before).all(|(side, before)| {
                let now = side.statistics;
                hears_the_tone(&now)
                    && now.audio.decoded >= before.audio.decoded + 50
                    && now.video.decoded >= before.video.decoded + pictures
            })
        });
    }

    fn connect(&mut self, kinds: &[MediaKind]) {
        for side in &self.sides {
            side.capture(kinds);
        }
        self.offer(0, kinds);
        self.until("connected", |sides| sides.iter().all(|side| side.found));
    }
}

/// The tone has half of the greatest amplitude: 9 dB below the loudest sine.
fn hears_the_tone(statistics: &CallStatistics) -> bool {
    statistics.audio.level.is_some_and(|level| (-12..=-6).contains(&level))
}

fn carry(sides: &mut [Side; 2], from: usize, told: Told) {
    let event = match told {
        Told::Event(event) => event,
        Told::Statistics(statistics) => {
            sides[from].statistics = statistics;
            return;
        }
        Told::Picture(view, picture) => {
            assert_eq!((picture.width, picture.height), (640, 360));
            // A white ball on black.
            assert!(picture.pixels.contains(&0) && picture.pixels.iter().any(|byte| *byte > 200));
            sides[from].pictures[usize::from(view == View::Theirs)] += 1;
            return;
        }
    };
    let to = 1 - from;
    let heard = |mut told: MediaDescription| {
        if sides[from].hides_sources {
            told.contents.iter_mut().for_each(|content| content.rtp.sources.clear());
        }
        told
    };
    match event {
        MediaEvent::Offer(offer) => sides[to].pass(MediaCommand::Answer(heard(offer))),
        MediaEvent::Answer(answer) => sides[to].pass(MediaCommand::Apply(heard(answer))),
        MediaEvent::Candidates(candidates) => sides[to].pass(MediaCommand::AddCandidates(candidates)),
        MediaEvent::Restarted(credentials) => {
            sides[from].restarted += 1;
            // The first to tell began it.
            let is_offer = sides[to].restarted < sides[from].restarted;
            sides[to].pass(MediaCommand::ApplyRestart { credentials, is_offer });
        }
        MediaEvent::Connected => sides[from].found = true,
        MediaEvent::Broken => {
            sides[from].found = false;
            sides[from].broken += 1;
        }
        MediaEvent::CaptureFailed(media) => sides[from].captures_no_more.push(media),
        MediaEvent::Failed(failure) => sides[from].failed = Some(failure),
    }
}

#[test]
fn voices_are_heard_on_both_sides() {
    let mut pair = Pair::new(true);
    pair.connect(&[MediaKind::Audio]);
    pair.until_they_talk(0);
    let sent = pair.sides[0].statistics;
    assert_eq!(sent.video, model::StreamStatistics::default());
    assert!(sent.audio.packets_sent > 0 && sent.audio.bytes_received > 0);
}

#[test]
fn voice_and_picture_share_a_transport() {
    let mut pair = Pair::new(true);
    pair.connect(&[MediaKind::Audio, MediaKind::Video]);
    pair.until_they_talk(60);
    pair.until("shown", |sides| sides.iter().all(|side| side.pictures.iter().all(|shown| *shown > 30)));
}

#[test]
fn sources_that_nobody_told_of_are_known_by_what_they_send() {
    for hiding in [0, 1] {
        let mut pair = Pair::new(true);
        pair.sides[hiding].hides_sources = true;
        pair.connect(&[MediaKind::Audio, MediaKind::Video]);
        pair.until_they_talk(60);
        assert!(pair.sides.iter().all(|side| side.broken == 0 && side.failed.is_none()));
    }
}

#[test]
fn voice_and_picture_have_a_transport_each() {
    let mut pair = Pair::new(false);
    pair.connect(&[MediaKind::Audio, MediaKind::Video]);
    pair.until_they_talk(60);
}
