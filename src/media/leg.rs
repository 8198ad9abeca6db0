//! One connection of a call: all contents if they share a transport, else one.
//!
//! The library speaks in whole descriptions, a session in contents that come and go. So a leg keeps for each content what
//! both sides said last, and puts a whole description together whenever the library wants one. A content that was removed
//! keeps its place in it, unused.
//!
//! Directions never change in these descriptions: whether something is sent or played is decided where it is captured and
//! played, and takes effect at once.

mod content;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use std::time::Duration;

use model::{
    ContentCredentials, Flow, IceCandidate, IceCredentials, MediaContent, MediaKind, RtpDescription,
    RtpSource,
};
use rtc::{
    media_stream::MediaStreamTrack,
    rtp_transceiver::rtp_sender::{RTCRtpCodingParameters, RTCRtpEncodingParameters},
};
use tokio::time::Instant;
use webrtc::{
    media_stream::track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP},
    peer_connection::{PeerConnection, RTCIceCandidate, RTCIceCandidateInit, RTCSessionDescription},
};

pub use self::content::Content;
use self::content::{ours, understood};
use crate::{
    candidates,
    codecs::{self, Codec},
    nudge,
    sdp::{self, Described, Section},
};

/// How long agreeing on keys may take: several retransmissions.
const HANDSHAKE: Duration = Duration::from_secs(12);

/// What a leg cannot do.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The library refuses.
    #[error("the library refuses: {0}")]
    Library(#[from] webrtc::error::Error),
    /// Relays only are to be used, and there is none.
    #[error("there is no relay")]
    NoRelay,
    /// A description is of no use.
    #[error(transparent)]
    Unusable(#[from] sdp::Unusable),
}

/// What a leg has after new ways were looked for.
#[derive(Default)]
pub struct Renewed {
    /// Who answers checks on them.
    pub credentials: Vec<ContentCredentials>,
    /// Ways that are known already.
    pub candidates: Vec<RTCIceCandidate>,
}

/// One connection of a call.
pub struct Leg {
    /// Its contents, those that are gone too.
    pub contents: Vec<Content>,
    /// Contents whose offer was taken back: the library keeps a place for each, and gives it to the next of its kind.
    spare: Vec<Content>,
    connection: Arc<dyn PeerConnection>,
    /// An offer of ours was not answered yet.
    offers: bool,
    is_known: bool,
    is_up: Arc<AtomicBool>,
    was_up: bool,
    /// Since when keys are being agreed.
    handshake: Option<Instant>,
}

impl Leg {
    /// A leg without contents.
    pub fn new(connection: Arc<dyn PeerConnection>) -> Self {
        let is_up = Arc::new(AtomicBool::new(false));
        Self {
            contents: Vec::new(),
            spare: Vec::new(),
            connection,
            offers: false,
            is_known: false,
            is_up,
            was_up: false,
            handshake: None,
        }
    }

    /// It has found its way, or lost it.
    pub fn set_up(&self, is_up: bool) {
        self.is_up.store(is_up, Relaxed);
    }

    /// It has found its way.
    pub fn has_come_up(&mut self) {
        self.was_up = true;
        self.set_up(true);
    }

    /// Whether it ever found its way.
    pub fn was_up(&self) -> bool {
        self.was_up
    }

    /// A way was found: now keys are agreed.
    pub fn begin_handshake(&mut self) {
        self.handshake.get_or_insert_with(Instant::now);
    }

    /// Whether agreeing on keys takes too long.
    pub fn is_handshake_late(&self) -> bool {
        !self.is_up() && self.handshake.is_some_and(|begun| begun.elapsed() > HANDSHAKE)
    }

    /// Whether it has found its way.
    pub fn is_up(&self) -> bool {
        self.is_up.load(Relaxed)
    }

    /// Whether it is of use to anybody.
    pub fn is_used(&self) -> bool {
        self.contents.iter().any(|content| !content.is_gone)
    }

    /// The content with this name.
    pub fn content(&self, name: &str) -> Option<&Content> {
        self.contents.iter().find(|content| content.name == name && !content.is_gone)
    }

    /// The content whose packets come as this track of the library's.
    pub fn content_of_track(&self, track: &str) -> Option<&Content> {
        let mid = track.strip_prefix("theirs-")?;
        self.contents.iter().find(|content| content.mid == mid && !content.is_gone)
    }

    /// Describes new contents, to be offered.
    pub async fn offer(
        &mut self,
        wanted: &[(String, MediaKind, Flow)],
    ) -> Result<Vec<MediaContent>, Trouble> {
        self.withdraw().await?;
        let first = self.contents.len();
        for (name, media, _) in wanted {
            self.add(name, *media).await?;
        }
        let described = self.describe_offer().await?;
        for (index, content) in self.contents.iter_mut().enumerate().skip(first) {
            let Some(described) = described.get(index) else { return Err(sdp::Unusable.into()) };
            content.mid.clone_from(&described.mid);
            let flow = wanted.get(index - first).map_or(Flow::BOTH, |(_, _, flow)| *flow);
            let payload = Codec::of(content.media).payload();
            content.ours = Some(ours(content, flow, payload, described));
        }
        self.nudge();
        Ok(self.contents.iter().skip(first).filter_map(|content| content.ours.clone()).collect())
    }

    async fn describe_offer(&mut self) -> Result<Vec<Described>, Trouble> {
        let offer = self.connection.create_offer(None).await?;
        let described = sdp::read(&offer.sdp)?;
        self.connection.set_local_description(offer).await?;
        self.offers = true;
        Ok(described)
    }

    /// Takes contents that are offered, and describes what we take of them.
    pub async fn answer(&mut self, offered: Vec<MediaContent>) -> Result<Vec<MediaContent>, Trouble> {
        self.withdraw().await?;
        let first = self.contents.len();
        for theirs in offered {
            let Some(payload) = Codec::of(theirs.rtp.media).common(&theirs.rtp) else { continue };
            self.add(&theirs.name, theirs.rtp.media).await?;
            let mid = (self.contents.len() - 1).to_string();
            if let Some(content) = self.contents.last_mut() {
                content.mid = mid;
                content.theirs = Some(understood(theirs, payload));
            }
        }
        if self.contents.len() == first {
            return Ok(Vec::new());
        }
        let described = self.describe_answer().await?;
        for (index, content) in self.contents.iter_mut().enumerate().skip(first) {
            let taken = described.get(index).filter(|described| described.is_used);
            match (taken, content.theirs.as_ref()) {
                (Some(described), Some(theirs)) => {
                    let payload = theirs.rtp.payloads.first().cloned().ok_or(sdp::Unusable)?;
                    content.ours = Some(ours(content, theirs.flow, payload, described));
                }
                _ => content.is_gone = true,
            }
        }
        self.nudge();
        Ok(self.contents.iter().skip(first).filter_map(|content| content.ours.clone()).collect())
    }

    async fn describe_answer(&mut self) -> Result<Vec<Described>, Trouble> {
        let theirs = RTCSessionDescription::offer(self.their_text()?)?;
        self.connection.set_remote_description(theirs).await?;
        self.is_known = true;
        let answer = self.connection.create_answer(None).await?;
        let described = sdp::read(&answer.sdp)?;
        self.connection.set_local_description(answer).await?;
        Ok(described)
    }

    /// Takes their answer to what we offered. False if nothing of it is left.
    pub async fn apply(&mut self, answered: Vec<MediaContent>) -> Result<bool, Trouble> {
        for theirs in answered {
            let Some(payload) = Codec::of(theirs.rtp.media).common(&theirs.rtp) else { continue };
            let known = |content: &&mut Content| {
                content.name == theirs.name && content.media == theirs.rtp.media && !content.is_gone
            };
            if let Some(content) = self.contents.iter_mut().find(known) {
                content.theirs = Some(understood(theirs, payload));
            }
        }
        for content in &mut self.contents {
            content.is_gone |= content.theirs.is_none();
        }
        if self.is_used() {
            self.take_answer().await?;
        }
        Ok(self.is_used())
    }

    async fn take_answer(&mut self) -> Result<(), Trouble> {
        let answer = RTCSessionDescription::answer(self.their_text()?)?;
        self.connection.set_remote_description(answer).await?;
        self.is_known = true;
        self.offers = false;
        Ok(())
    }

    /// What comes as this track of the library's comes from this source.
    pub fn note_source(&mut self, track: &str, ssrc: u32) {
        let Some(mid) = track.strip_prefix("theirs-") else { return };
        let theirs = self.contents.iter_mut().find(|content| content.mid == mid && !content.is_gone);
        if let Some(theirs) = theirs.and_then(|content| content.theirs.as_mut())
            && theirs.rtp.sources.is_empty()
        {
            theirs.rtp.sources.push(RtpSource { ssrc, parameters: Vec::new() });
        }
    }

    /// Packets come from a source that nobody told of: of the contents without one it is that whose payload they carry, if
    /// there is no other. Some who bundle rely on that (RFC 8843 §9.2).
    pub async fn learn_source(&mut self, ssrc: u32, payload: u8) -> Result<(), Trouble> {
        if !self.is_known || self.offers {
            return Ok(());
        }
        let mut fitting = self.contents.iter_mut().filter_map(|content| {
            let fits = content.payload() == Some(payload) && !content.is_gone;
            content.theirs.as_mut().filter(|theirs| fits && theirs.rtp.sources.is_empty())
        });
        let (Some(theirs), None) = (fitting.next(), fitting.next()) else { return Ok(()) };
        theirs.rtp.sources = vec![RtpSource { ssrc, parameters: Vec::new() }];
        self.describe_answer().await.map(drop)
    }

    /// Forgets contents.
    pub async fn remove(&mut self, names: &[String]) -> Result<(), Trouble> {
        let is_meant = |content: &Content| names.contains(&content.name) && !content.is_gone;
        let was_answered = self.contents.iter().all(|content| !is_meant(content) || content.theirs.is_some());
        for content in &mut self.contents {
            content.is_gone |= is_meant(content);
        }
        if was_answered { Ok(()) } else { self.withdraw().await }
    }

    /// Takes back an offer that was not answered.
    async fn withdraw(&mut self) -> Result<(), Trouble> {
        if std::mem::take(&mut self.offers) {
            self.connection.set_local_description(RTCSessionDescription::rollback(None)?).await?;
            let (known, spare) = std::mem::take(&mut self.contents)
                .into_iter()
                .partition(|content| content.theirs.is_some() || content.mid.is_empty());
            self.contents = known;
            self.spare.extend::<Vec<_>>(spare);
        }
        Ok(())
    }

    /// Looks for new ways, and tells who answers checks on them.
    pub async fn restart(&mut self) -> Result<Renewed, Trouble> {
        if !self.is_known {
            return Ok(Renewed::default());
        }
        self.withdraw().await?;
        self.connection.restart_ice().await?;
        let described = self.describe_offer().await?;
        self.nudge();
        Ok(self.renew(&described))
    }

    /// Their part of a restart: what we answer, if it is an offer.
    pub async fn apply_restart(
        &mut self,
        credentials: &[ContentCredentials],
        is_offer: bool,
    ) -> Result<Renewed, Trouble> {
        let mut is_meant = false;
        for new in credentials {
            let found =
                self.contents.iter_mut().find(|content| content.name == new.content && !content.is_gone);
            if let Some(theirs) = found.and_then(|content| content.theirs.as_mut()) {
                theirs.transport.credentials = Some(new.credentials.clone());
                is_meant = true;
            }
        }
        if !is_meant {
            return Ok(Renewed::default());
        }
        if !is_offer {
            if self.offers {
                self.take_answer().await?;
            }
            return Ok(Renewed::default());
        }
        self.withdraw().await?;
        let described = self.describe_answer().await?;
        self.nudge();
        Ok(self.renew(&described))
    }

    fn renew(&mut self, described: &[Described]) -> Renewed {
        let mut renewed = Renewed::default();
        for (content, described) in self.contents.iter_mut().zip(described) {
            if let (Some(ours), Some(credentials)) = (&mut content.ours, &described.transport.credentials) {
                ours.transport.credentials = Some(credentials.clone());
                if !content.is_gone {
                    let (content, credentials) = (content.name.clone(), credentials.clone());
                    renewed.credentials.push(ContentCredentials { content, credentials });
                }
            }
            renewed.candidates.extend(described.candidates.iter().cloned());
        }
        renewed
    }

    /// A way to the other side. One that belongs to another description than the last is of no use.
    pub async fn add_candidate(&self, candidate: &IceCandidate, belongs_to: Option<&IceCredentials>) {
        let theirs = self.contents.iter().find_map(|content| content.theirs.as_ref());
        let known = theirs.and_then(|theirs| theirs.transport.credentials.as_ref());
        let is_current = belongs_to.is_none_or(|belongs_to| Some(belongs_to) == known);
        let Some(line) = candidates::line(candidate).filter(|_| self.is_known && is_current) else { return };
        let candidate = RTCIceCandidateInit { candidate: line, ..RTCIceCandidateInit::default() };
        if let Err(error) = self.connection.add_ice_candidate(candidate).await {
            tracing::debug!(%error, "a candidate was not taken");
        }
    }

    /// To which content a candidate of ours is said to belong, and to which description.
    pub fn candidates_belong_to(&self) -> Option<(String, Option<IceCredentials>)> {
        let content = self.contents.iter().find(|content| !content.is_gone)?;
        let ours = content.ours.as_ref()?;
        Some((content.name.clone(), ours.transport.credentials.clone()))
    }

    /// Ends it.
    pub async fn close(&self) {
        self.set_up(true);
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "a connection did not close");
        }
    }

    /// The connection itself.
    pub fn connection(&self) -> &Arc<dyn PeerConnection> {
        &self.connection
    }

    async fn add(&mut self, name: &str, media: MediaKind) -> Result<(), Trouble> {
        let kind = codecs::library_kind(media);
        if let Some(place) = self.spare.iter().position(|spare| codecs::library_kind(spare.media) == kind) {
            let Content { track, ssrc, .. } = self.spare.remove(place);
            self.contents.push(Content::new(name, media, track, ssrc));
            return Ok(());
        }
        let ssrc: u32 = rand::random();
        let codec = Codec::of(media);
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
            codec: codec.library(&codec.payload()).rtp_codec,
            ..Default::default()
        };
        let track = MediaStreamTrack::new(
            "ours".to_owned(),
            format!("ours-{ssrc:08x}"),
            String::new(),
            kind,
            vec![encoding],
        );
        let track = Arc::new(TrackLocalStaticRTP::new(track));
        let sent: Arc<dyn TrackLocal> = track.clone();
        self.connection.add_transceiver_from_track(sent, None).await?;
        self.contents.push(Content::new(name, media, track, ssrc));
        Ok(())
    }

    /// Everything they said. What they did not take is said as we said it, unused: its place must be kept.
    fn their_text(&self) -> Result<String, sdp::Unusable> {
        let transport = self.contents.iter().rev().find_map(|content| content.theirs.as_ref());
        let transport = transport.map(|theirs| theirs.transport.clone()).ok_or(sdp::Unusable)?;
        let contents: Vec<MediaContent> = self
            .contents
            .iter()
            .map(|content| {
                let said = content.theirs.clone().or_else(|| {
                    let ours = content.ours.clone()?;
                    let rtp = RtpDescription { sources: Vec::new(), ..ours.rtp };
                    Some(MediaContent { transport: transport.clone(), rtp, ..ours })
                });
                said.ok_or(sdp::Unusable)
            })
            .collect::<Result<_, _>>()?;
        let sections: Vec<Section<'_>> = self
            .contents
            .iter()
            .zip(&contents)
            .map(|(content, said)| Section {
                mid: &content.mid,
                content: said,
                is_used: content.theirs.is_some() && !content.is_gone,
                stand_in: (self.contents.len() > 1).then_some(content.ssrc ^ 1),
            })
            .collect();
        sdp::write(&sections)
    }

    fn nudge(&self) {
        if let Some(content) = self.contents.first() {
            nudge::begin(content.track.clone(), self.is_up.clone());
        }
    }
}
