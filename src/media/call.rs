//! The task of one call: it does what it is told, in order, and tells what happens.

mod streams;

use std::{sync::Arc, time::Duration};

use model::{
    CallDevices, CallStatistics, ContentCandidates, ContentCredentials, Flow, MediaCommand, MediaContent,
    MediaDescription, MediaEvent, MediaFailure, MediaKind, MediaSetup, WantedContent,
};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use webrtc::peer_connection::{RTCIceCandidate, RTCIceConnectionState, RTCPeerConnectionState};

use self::streams::Streams;
use crate::{
    Config, Told, candidates,
    connection::{self, Told as Heard},
    engine::Wish,
    feedback::Feedback,
    leg::{Leg, Renewed, Trouble},
    pictures::Show,
    pipeline::Failed,
};

/// Events of connections that wait for the task.
const MAX_WAITING: usize = 256;
/// Contents of a call, over all its time: more are nonsense.
const MAX_CONTENTS: usize = 16;

type Tell = Arc<dyn Fn(Told) + Send + Sync>;

/// Does what a call is told until it is over.
pub async fn run(config: Config, chosen: CallDevices, mut wishes: mpsc::Receiver<Wish>, tell: Tell) {
    let (from_legs, mut heard) = mpsc::channel(MAX_WAITING);
    let (feedback_in, mut feedback) = mpsc::channel(MAX_WAITING);
    let (fault, mut faults) = mpsc::channel(8);
    let mut call = Call {
        config,
        setup: MediaSetup { servers: Vec::new(), relay_only: true, bundle: false },
        legs: Vec::new(),
        streams: Streams::new(config.devices, chosen, fault, shower(config, &tell)),
        found: false,
        was_found: false,
        from_legs,
        feedback_in,
        tell,
    };
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let outcome = tokio::select! {
            biased;
            wish = wishes.recv() => match wish {
                None | Some(Wish::Command(MediaCommand::End)) => break,
                Some(Wish::Command(command)) => call.obey(command).await,
                Some(Wish::Devices(chosen)) => {
                    call.streams.use_devices(chosen, &call.legs);
                    Ok(())
                }
            },
            Some((leg, event)) = heard.recv() => call.hear(leg, event).await,
            Some((leg, feedback)) = feedback.recv() => call.heed(leg, feedback).await,
            Some(failed) = faults.recv() => call.device_failed(failed),
            _ = seconds.tick() => {
                call.tell_statistics();
                call.judge_handshakes()
            }
        };
        if let Err(failure) = outcome {
            call.say(MediaEvent::Failed(failure));
            break;
        }
    }
    call.end().await;
}

/// Hands pictures on, if anybody wants them.
fn shower(config: Config, tell: &Tell) -> Option<Show> {
    let tell = tell.clone();
    config
        .shows_pictures
        .then(|| -> Show { Arc::new(move |view, picture| tell(Told::Picture(view, picture))) })
}

/// What becomes of an instruction: nothing to say, or the end of the call.
type Outcome = Result<(), MediaFailure>;

struct Call {
    config: Config,
    setup: MediaSetup,
    legs: Vec<Leg>,
    streams: Streams,
    /// Everything has found its way, as it was last told.
    found: bool,
    was_found: bool,
    from_legs: mpsc::Sender<(usize, Heard)>,
    feedback_in: mpsc::Sender<(usize, Feedback)>,
    tell: Tell,
}

impl Call {
    fn say(&self, event: MediaEvent) {
        (self.tell)(Told::Event(event));
    }

    async fn obey(&mut self, command: MediaCommand) -> Outcome {
        match command {
            MediaCommand::Begin(setup) => self.setup = setup,
            MediaCommand::SetServers(servers) => self.set_servers(servers).await,
            MediaCommand::Offer(wanted) => {
                let description = self.offer(wanted).await.map_err(|trouble| failed(&trouble))?;
                self.say(MediaEvent::Offer(description));
            }
            MediaCommand::Answer(offer) => {
                let description = self.answer(offer).await.map_err(|trouble| failed(&trouble))?;
                self.say(MediaEvent::Answer(description));
                self.streams.settle(&self.legs);
                self.judge();
            }
            MediaCommand::Apply(answer) => self.apply(answer).await?,
            MediaCommand::Remove(names) => self.remove(&names).await.map_err(|trouble| failed(&trouble))?,
            MediaCommand::AddCandidates(candidates) => self.add_candidates(candidates).await,
            MediaCommand::Restart => {
                self.restart().await.map_err(|trouble| failed(&trouble))?;
            }
            MediaCommand::ApplyRestart { credentials, is_offer } => {
                self.apply_restart(&credentials, is_offer).await.map_err(|trouble| failed(&trouble))?;
            }
            MediaCommand::SetFlow { content, flow } => self.streams.set_flow(content, flow, &self.legs),
            MediaCommand::Capture { media, on } => self.streams.set_capture(media, on, &self.legs),
            MediaCommand::Hold(on) => self.streams.set_hold(on, &self.legs),
            MediaCommand::SaveBandwidth(on) => self.streams.save_bandwidth(on),
            MediaCommand::End => {}
        }
        Ok(())
    }

    async fn set_servers(&mut self, servers: Vec<model::IceServer>) {
        self.setup.servers = servers;
        for leg in &self.legs {
            connection::set_servers(leg.connection(), &self.setup).await;
        }
    }

    /// The leg that a new content belongs to, by its place.
    async fn leg_for_new(&mut self) -> Result<usize, Trouble> {
        if let Some(place) = self.legs.iter().position(|leg| self.setup.bundle && leg.is_used()) {
            return Ok(place);
        }
        if self.setup.relay_only && !connection::has_relay(&self.setup.servers) {
            return Err(Trouble::NoRelay);
        }
        let place = self.legs.len();
        let made = connection::make(self.config.network, &self.setup, place, self.from_legs.clone()).await?;
        let (mut feedback, to_call) = (made.feedback, self.feedback_in.clone());
        tokio::spawn(async move {
            while let Some(feedback) = feedback.recv().await {
                let _ = to_call.try_send((place, feedback));
            }
        });
        self.legs.push(Leg::new(made.connection));
        Ok(place)
    }

    fn has_room(&self, new: usize) -> bool {
        let there: usize = self.legs.iter().map(|leg| leg.contents.len()).sum();
        there + new <= MAX_CONTENTS
    }

    async fn offer(&mut self, wanted: Vec<WantedContent>) -> Result<MediaDescription, Trouble> {
        if !self.has_room(wanted.len()) {
            return Ok(MediaDescription::default());
        }
        for wanted in &wanted {
            self.streams.note_flow(&wanted.name, wanted.flow);
        }
        let wanted: Vec<(String, MediaKind, Flow)> =
            wanted.into_iter().map(|wanted| (wanted.name, wanted.media, wanted.flow)).collect();
        let each = if self.setup.bundle { wanted.len().max(1) } else { 1 };
        let mut contents = Vec::new();
        for wanted in wanted.chunks(each) {
            let place = self.leg_for_new().await?;
            if let Some(leg) = self.legs.get_mut(place) {
                contents.extend(leg.offer(wanted).await?);
            }
        }
        Ok(self.description(contents))
    }

    async fn answer(&mut self, offer: MediaDescription) -> Result<MediaDescription, Trouble> {
        if !self.has_room(offer.contents.len()) {
            return Ok(MediaDescription::default());
        }
        for content in &offer.contents {
            self.streams.note_flow(&content.name, content.flow);
        }
        let each = if self.setup.bundle { offer.contents.len().max(1) } else { 1 };
        let mut contents = Vec::new();
        let candidates = candidates_in(&offer.contents);
        for offered in offer.contents.chunks(each) {
            let place = self.leg_for_new().await?;
            if let Some(leg) = self.legs.get_mut(place) {
                contents.extend(leg.answer(offered.to_vec()).await?);
            }
        }
        for candidates in candidates {
            self.add_candidates(candidates).await;
        }
        Ok(self.description(contents))
    }

    fn description(&self, contents: Vec<MediaContent>) -> MediaDescription {
        let live = self.legs.iter().flat_map(|leg| &leg.contents).filter(|content| !content.is_gone);
        let bundle =
            if self.setup.bundle { live.map(|content| content.name.clone()).collect() } else { Vec::new() };
        MediaDescription { contents, bundle }
    }

    async fn apply(&mut self, answer: MediaDescription) -> Outcome {
        let candidates = candidates_in(&answer.contents);
        for leg in &mut self.legs {
            let waits = leg.contents.iter().any(|content| !content.is_gone && content.payload().is_none());
            let its: Vec<MediaContent> = answer
                .contents
                .iter()
                .filter(|content| leg.content(&content.name).is_some())
                .cloned()
                .collect();
            if waits {
                leg.apply(its).await.map_err(|trouble| failed(&trouble))?;
            }
        }
        if !self.legs.iter().any(Leg::is_used) {
            return Err(MediaFailure::Incompatible);
        }
        for candidates in candidates {
            self.add_candidates(candidates).await;
        }
        self.close_unused().await;
        self.streams.settle(&self.legs);
        self.judge();
        Ok(())
    }

    async fn remove(&mut self, names: &[String]) -> Result<(), Trouble> {
        for leg in &mut self.legs {
            leg.remove(names).await?;
        }
        self.close_unused().await;
        self.streams.settle(&self.legs);
        self.judge();
        Ok(())
    }

    async fn close_unused(&mut self) {
        for leg in self.legs.iter_mut().filter(|leg| !leg.is_used()) {
            leg.close().await;
        }
    }

    async fn add_candidates(&mut self, told: ContentCandidates) {
        let leg = self.legs.iter().find(|leg| leg.content(&told.content).is_some());
        let Some(leg) = leg else { return };
        for candidate in &told.candidates {
            leg.add_candidate(candidate, told.credentials.as_ref()).await;
        }
    }

    async fn restart(&mut self) -> Result<(), Trouble> {
        let mut renewed = Vec::new();
        for (place, leg) in self.legs.iter_mut().enumerate().filter(|(_, leg)| leg.is_used()) {
            renewed.push((place, leg.restart().await?));
        }
        self.tell_renewed(renewed);
        Ok(())
    }

    async fn apply_restart(
        &mut self,
        credentials: &[ContentCredentials],
        is_offer: bool,
    ) -> Result<(), Trouble> {
        let mut renewed = Vec::new();
        for (place, leg) in self.legs.iter_mut().enumerate().filter(|(_, leg)| leg.is_used()) {
            renewed.push((place, leg.apply_restart(credentials, is_offer).await?));
        }
        if is_offer {
            self.tell_renewed(renewed);
        }
        Ok(())
    }

    fn tell_renewed(&self, renewed: Vec<(usize, Renewed)>) {
        let credentials = renewed.iter().flat_map(|(_, renewed)| renewed.credentials.clone()).collect();
        self.say(MediaEvent::Restarted(credentials));
        for (place, renewed) in renewed {
            for candidate in &renewed.candidates {
                self.tell_candidate(place, candidate);
            }
        }
    }

    fn tell_candidate(&self, place: usize, candidate: &RTCIceCandidate) {
        let candidate = candidates::ours(candidate, self.setup.relay_only);
        let belongs_to = self.legs.get(place).and_then(Leg::candidates_belong_to);
        if let (Some(candidate), Some((content, credentials))) = (candidate, belongs_to) {
            let candidates = vec![candidate];
            self.say(MediaEvent::Candidates(ContentCandidates { content, credentials, candidates }));
        }
    }

    async fn hear(&mut self, place: usize, heard: Heard) -> Outcome {
        let Some(leg) = self.legs.get_mut(place) else { return Ok(()) };
        match heard {
            Heard::Candidate(candidate) => self.tell_candidate(place, &candidate),
            Heard::Track(track) => {
                let name = track.track_id().await;
                if let Some(ssrc) = track.ssrcs().await.first() {
                    leg.note_source(&name, *ssrc);
                }
                if let Some(content) = leg.content_of_track(&name) {
                    self.streams.came(content, track);
                }
            }
            Heard::Way(RTCIceConnectionState::Failed) if !self.was_found && leg.is_used() => {
                return Err(MediaFailure::NoWay);
            }
            Heard::Way(RTCIceConnectionState::Connected) => leg.begin_handshake(),
            Heard::State(state) => {
                match state {
                    RTCPeerConnectionState::Connected => leg.has_come_up(),
                    RTCPeerConnectionState::Disconnected | RTCPeerConnectionState::Failed => {
                        leg.set_up(false);
                    }
                    _ => {}
                }
                self.judge();
            }
            Heard::Way(_) => {}
        }
        Ok(())
    }

    async fn heed(&mut self, place: usize, feedback: Feedback) -> Outcome {
        if let (Feedback::Unknown { ssrc, payload }, Some(leg)) = (feedback, self.legs.get_mut(place)) {
            leg.learn_source(ssrc, payload).await.map_err(|trouble| failed(&trouble))?;
        }
        self.streams.heed(feedback);
        Ok(())
    }

    /// Whether everything has found its way, and tells if that is new.
    fn judge(&mut self) {
        // What comes into a call that goes on looks for a way of its own: nothing is broken by that.
        let counts = |leg: &&Leg| leg.is_used() && (leg.was_up() || !self.was_found);
        let mut used = self.legs.iter().filter(counts).peekable();
        let found = used.peek().is_some() && used.all(Leg::is_up);
        if found == self.found {
            return;
        }
        self.found = found;
        self.was_found |= found;
        self.say(if found { MediaEvent::Connected } else { MediaEvent::Broken });
    }

    /// A way was found, and keys were not agreed on it in time: they are not those that were described. The library itself
    /// gives up no sooner than on a way that is lost.
    fn judge_handshakes(&self) -> Outcome {
        let is_late = self.legs.iter().any(|leg| leg.is_used() && leg.is_handshake_late());
        if is_late && !self.was_found { Err(MediaFailure::Keys) } else { Ok(()) }
    }

    fn device_failed(&mut self, failed: Failed) -> Outcome {
        let (Failed::Capturing(media) | Failed::Playing(media)) = failed;
        // Nothing else can show pictures. What they send next may do.
        if media != MediaKind::Audio && failed == Failed::Playing(media) {
            return Ok(());
        }
        // One that was unplugged: the desktop has chosen another by now.
        if self.streams.fall_back(media, &self.legs) {
            return Ok(());
        }
        // A camera that fails leaves a call of voices.
        if media == MediaKind::Audio {
            return Err(MediaFailure::Machinery);
        }
        self.streams.give_up(media, &self.legs);
        self.say(MediaEvent::CaptureFailed(media));
        Ok(())
    }

    fn tell_statistics(&self) {
        if self.was_found {
            let [audio, video] = self.streams.statistics();
            (self.tell)(Told::Statistics(CallStatistics { audio, video }));
        }
    }

    async fn end(mut self) {
        self.streams.end();
        for leg in &self.legs {
            leg.close().await;
        }
    }
}

/// Candidates may stand in a description.
fn candidates_in(contents: &[MediaContent]) -> Vec<ContentCandidates> {
    let told = contents.iter().map(|content| ContentCandidates {
        content: content.name.clone(),
        credentials: content.transport.credentials.clone(),
        candidates: content.transport.candidates.clone(),
    });
    told.collect()
}

fn failed(trouble: &Trouble) -> MediaFailure {
    tracing::warn!(error = %trouble, "a call's media failed");
    match trouble {
        Trouble::Library(_) => MediaFailure::Machinery,
        Trouble::NoRelay => MediaFailure::NoWay,
        Trouble::Unusable(_) => MediaFailure::Incompatible,
    }
}
