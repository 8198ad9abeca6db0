//! What is being sent and received of a call's contents, as devices, directions and hold allow.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use model::{CallDevices, Flow, MediaKind, StreamStatistics};
use tokio::sync::mpsc;
use webrtc::media_stream::track_remote::TrackRemote;

use crate::{
    cleaning::Played,
    continuity::Continuity,
    counters::Counters,
    devices::Devices,
    feedback::Feedback,
    leg::{Content, Leg},
    pictures::Show,
    pipeline::Failed,
    rate::SendRate,
    receiving::{self, Receiving},
    sending::{self, Sending},
};

/// Everything that flows.
pub struct Streams {
    devices: Devices,
    chosen: CallDevices,
    fault: mpsc::Sender<Failed>,
    show: Option<Show>,
    played: Played,
    captures: HashMap<MediaKind, bool>,
    on_hold: bool,
    flows: HashMap<String, Flow>,
    /// By the number of the source.
    sending: HashMap<u32, Sending>,
    /// By name.
    receiving: HashMap<String, (receiving::Content, Receiving)>,
    /// Where the numbers of a source stand.
    continuities: HashMap<u32, Arc<Mutex<Continuity>>>,
    rate: SendRate,
    /// Little is to travel.
    saves: Arc<AtomicBool>,
    audio: Arc<Counters>,
    video: Arc<Counters>,
}

impl Streams {
    /// Nothing flows.
    pub fn new(
        devices: Devices,
        chosen: CallDevices,
        fault: mpsc::Sender<Failed>,
        show: Option<Show>,
    ) -> Self {
        Self {
            devices,
            chosen,
            fault,
            show,
            played: Played::default(),
            captures: HashMap::new(),
            on_hold: false,
            flows: HashMap::new(),
            sending: HashMap::new(),
            receiving: HashMap::new(),
            continuities: HashMap::new(),
            rate: SendRate::default(),
            saves: Arc::default(),
            audio: Arc::default(),
            video: Arc::default(),
        }
    }

    /// What a content that is being described may do.
    pub fn note_flow(&mut self, content: &str, flow: Flow) {
        self.flows.insert(content.to_owned(), flow);
    }

    /// What a content may do from now on.
    pub fn set_flow(&mut self, content: String, flow: Flow, legs: &[Leg]) {
        self.flows.insert(content, flow);
        self.settle(legs);
    }

    /// Whether media of a kind is captured.
    pub fn set_capture(&mut self, media: MediaKind, on: bool, legs: &[Leg]) {
        self.captures.insert(media, on);
        self.settle(legs);
    }

    /// Whether anything flows.
    pub fn set_hold(&mut self, on: bool, legs: &[Leg]) {
        self.on_hold = on;
        self.settle(legs);
    }

    /// Whether little is to travel.
    pub fn save_bandwidth(&mut self, on: bool) {
        self.saves.store(on, Relaxed);
        self.rate.save(on);
        for sending in self.sending.values() {
            sending.save_bandwidth(on);
            sending.set_rate(self.rate.bits());
        }
    }

    /// A device failed: it is not tried again before it is wanted anew.
    pub fn give_up(&mut self, media: MediaKind, legs: &[Leg]) {
        self.set_capture(media, false, legs);
    }

    /// Begins what may flow and does not, and ends what must not.
    pub fn settle(&mut self, legs: &[Leg]) {
        let contents: Vec<&Content> =
            legs.iter().flat_map(|leg| &leg.contents).filter(|content| !content.is_gone).collect();
        let sends: Vec<(&Content, MediaKind)> =
            contents.iter().filter_map(|content| Some((*content, self.captured_for(content)?))).collect();
        self.sending.retain(|ssrc, sending| {
            sends.iter().any(|(content, media)| content.ssrc == *ssrc && *media == sending.media())
        });
        for (content, media) in sends {
            if !self.sending.contains_key(&content.ssrc) {
                self.begin_sending(content, media);
            }
        }
        self.receiving.retain(|name, _| contents.iter().any(|content| content.name == *name));
        for (name, (_, receiving)) in &self.receiving {
            receiving.set_plays(self.may_play(name));
        }
    }

    fn may_play(&self, content: &str) -> bool {
        self.flows.get(content).is_none_or(|flow| flow.receives) && !self.on_hold
    }

    /// Uses other devices from now on.
    pub fn use_devices(&mut self, chosen: CallDevices, legs: &[Leg]) {
        let before = std::mem::replace(&mut self.chosen, chosen);
        let changes = |media: MediaKind| match media {
            MediaKind::Audio => self.chosen.microphone != before.microphone,
            MediaKind::Video => {
                (&self.chosen.camera, &self.chosen.cameras) != (&before.camera, &before.cameras)
            }
            MediaKind::Screen => self.chosen.screen != before.screen,
        };
        self.sending.retain(|_, sending| !changes(sending.media()));
        if self.chosen.speaker != before.speaker {
            self.play_anew();
        }
        self.settle(legs);
    }

    /// What the user chose for this failed: the desktop's is used in its place. False if that was used already.
    pub fn fall_back(&mut self, media: MediaKind, legs: &[Leg]) -> bool {
        let chosen = match media {
            MediaKind::Audio => CallDevices { microphone: None, speaker: None, ..self.chosen.clone() },
            MediaKind::Video => CallDevices { camera: None, ..self.chosen.clone() },
            // There is no other.
            MediaKind::Screen => self.chosen.clone(),
        };
        let is_other = chosen != self.chosen;
        if is_other {
            self.use_devices(chosen, legs);
        }
        is_other
    }

    /// Voices are played by another device.
    fn play_anew(&mut self) {
        let is_voice = |content: &receiving::Content| content.media == MediaKind::Audio;
        let voices: Vec<String> = self
            .receiving
            .iter()
            .filter(|(_, (content, _))| is_voice(content))
            .map(|(name, _)| name.clone())
            .collect();
        for name in voices {
            if let Some((content, earlier)) = self.receiving.remove(&name) {
                drop(earlier);
                self.begin_receiving(name, content);
            }
        }
    }

    /// What is to be captured and sent as this content, if anything: a screen goes before the camera.
    fn captured_for(&self, content: &Content) -> Option<MediaKind> {
        let may_send = content.payload().is_some()
            && !self.on_hold
            && self.flows.get(&content.name).is_none_or(|flow| flow.sends);
        let is_captured = |media: MediaKind| self.captures.get(&media).copied().unwrap_or(false);
        let captured = match content.media {
            MediaKind::Video if self.chosen.screen.is_some() && is_captured(MediaKind::Screen) => {
                MediaKind::Screen
            }
            media => media,
        };
        (may_send && is_captured(captured)).then_some(captured)
    }

    fn begin_sending(&mut self, content: &Content, media: MediaKind) {
        let Some(payload) = content.payload() else { return };
        let sent = sending::Content {
            media,
            payload,
            ssrc: content.ssrc,
            track: content.track.clone(),
            continuity: self.continuities.entry(content.ssrc).or_default().clone(),
            counters: self.counters(content.media),
        };
        let begun = Sending::begin(
            sent,
            self.devices,
            &self.chosen,
            self.show.clone(),
            &self.played,
            self.fault.clone(),
        );
        match begun {
            Ok(sending) => {
                sending.set_rate(self.rate.bits());
                sending.save_bandwidth(self.saves.load(Relaxed));
                self.sending.insert(content.ssrc, sending);
            }
            Err(error) => {
                tracing::warn!(%error, ?media, "nothing can be captured");
                let _ = self.fault.try_send(Failed::Capturing(media));
            }
        }
    }

    /// Something of theirs comes.
    pub fn came(&mut self, content: &Content, track: Arc<dyn TrackRemote>) {
        let Some(payload) = content.payload() else { return };
        let received = receiving::Content {
            media: content.media,
            payload,
            track,
            saves: self.saves.clone(),
            counters: self.counters(content.media),
        };
        self.begin_receiving(content.name.clone(), received);
    }

    fn begin_receiving(&mut self, name: String, content: receiving::Content) {
        let begun = Receiving::begin(
            content.clone(),
            self.devices,
            &self.chosen,
            self.show.clone(),
            &self.played,
            self.fault.clone(),
        );
        match begun {
            Ok(receiving) => {
                receiving.set_plays(self.may_play(&name));
                self.receiving.insert(name, (content, receiving));
            }
            Err(error) => {
                tracing::warn!(%error, media = ?content.media, "nothing can be played");
                let _ = self.fault.try_send(Failed::Playing(content.media));
            }
        }
    }

    /// The other side tells of what it receives.
    pub fn heed(&mut self, feedback: Feedback) {
        match feedback {
            Feedback::Keyframe(ssrc) => {
                if let Some(sending) = self.sending.get(&ssrc) {
                    sending.send_keyframe();
                }
            }
            Feedback::Limit(bits) => self.rate.limit(bits),
            Feedback::Unknown { .. } => {}
            Feedback::Loss(ssrc, fraction) => {
                if let Some(sending) = self.sending.get(&ssrc) {
                    sending.set_loss(fraction);
                    if sending.media() != MediaKind::Audio {
                        self.rate.lost(fraction);
                    }
                }
            }
        }
        for sending in self.sending.values() {
            sending.set_rate(self.rate.bits());
        }
    }

    fn counters(&self, media: MediaKind) -> Arc<Counters> {
        match media {
            MediaKind::Audio => self.audio.clone(),
            MediaKind::Video | MediaKind::Screen => self.video.clone(),
        }
    }

    /// Voice, and pictures.
    pub fn statistics(&self) -> [StreamStatistics; 2] {
        [self.audio.snapshot(), self.video.snapshot()]
    }

    /// Nothing flows any more.
    pub fn end(&mut self) {
        self.sending.clear();
        self.receiving.clear();
    }
}
