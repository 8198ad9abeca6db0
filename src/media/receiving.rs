//! Puts in order, decodes and plays one content of theirs, for as long as it comes.
//!
//! ```text
//!   the track of the connection ─→ jitter buffer ─→ decoder ─→ sink
//!              ↑ a whole picture is asked for when it begins, and when one is broken
//!              ↑ once a second they are told how fast they may send
//! ```

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use gst::prelude::*;
use gstreamer as gst;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;
use model::{CallDevices, DeviceRole, MediaKind};
use rtc::{
    rtcp::payload_feedbacks::{
        picture_loss_indication::PictureLossIndication,
        receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate,
    },
    rtp::Packet,
    shared::marshal::Marshal,
};
use tokio::{sync::mpsc, task::AbortHandle, time::Instant};
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

use crate::{
    cleaning::Played,
    codecs::Codec,
    counters::Counters,
    devices::Devices,
    pictures::{self, Show, View},
    pipeline::{self, Failed, Fault, Pipeline},
    playout::Playout,
    rate::{ReceiveRate, SAVING},
};

/// What the decoder of voice waits for: the next piece, which carries what was lost of the one before. The element says that
/// this takes 120 ms, as long as a piece can be at all; here it is as long as their pieces are.
const ELEMENT_WAITS: gst::ClockTime = gst::ClockTime::from_mseconds(120);
const USUAL_PIECE: u64 = 20;
/// Whole pictures are not asked for more often than this.
const KEYFRAME_PAUSE: Duration = Duration::from_millis(300);

/// What is received.
#[derive(Clone)]
pub struct Content {
    pub media: MediaKind,
    /// The number its packets have.
    pub payload: u8,
    /// Where they come from.
    pub track: Arc<dyn TrackRemote>,
    /// Whether they are to send little.
    pub saves: Arc<AtomicBool>,
    pub counters: Arc<Counters>,
}

/// A content that is being received. It ends when it is dropped.
pub struct Receiving {
    reader: AbortHandle,
    plays: Arc<AtomicBool>,
}

impl Receiving {
    /// Begins. `played` hears what is played, and `fault` of it if playing fails.
    pub fn begin(
        content: Content,
        devices: Devices,
        chosen: &CallDevices,
        show: Option<Show>,
        played: &Played,
        fault: mpsc::Sender<Failed>,
    ) -> Result<Self, Fault> {
        let Content { media, payload, track, saves, counters } = content;
        let playout = Playout::new(media, Codec::of(media).clock_rate());
        let words = words(media, payload, playout.current(), show.is_some());
        let pipeline = if media == MediaKind::Audio {
            Pipeline::into_sink(&words, &devices.element(DeviceRole::Speaker, chosen)?)?
        } else {
            Pipeline::new(&words)?
        };
        let buffer: gst::Element = pipeline.element("buffer")?;
        let piece = Arc::new(AtomicU64::new(USUAL_PIECE));
        if media == MediaKind::Audio {
            wait_for_one_piece(&pipeline, piece.clone())?;
            played.listen(&pipeline)?;
        }
        if let Some(show) = show.filter(|_| media != MediaKind::Audio) {
            pictures::show(&pipeline, View::Theirs, show)?;
        }
        let source: gst_app::AppSrc = pipeline.element("packets")?;
        let (broken, wishes) = mpsc::channel(1);
        if let Some(pad) = source.static_pad("src") {
            pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
                if info
                    .event()
                    .is_some_and(|event| gst_video::UpstreamForceKeyUnitEvent::parse(event).is_ok())
                {
                    let _ = broken.try_send(());
                }
                gst::PadProbeReturn::Ok
            });
        }
        count_decoded(&pipeline, counters.clone())?;
        let heard = counters.clone();
        pipeline.listen(move |message| match message {
            gst::MessageView::Error(error) => {
                tracing::warn!(error = %error.error(), ?media, "playing failed");
                let _ = fault.try_send(Failed::Playing(media));
            }
            gst::MessageView::Element(message) => {
                if let Some(level) = pipeline::level(message) {
                    heard.set_level(level);
                }
            }
            _ => {}
        });
        pipeline.play()?;
        let plays = Arc::new(AtomicBool::new(true));
        let reader = Reader {
            track,
            media,
            source,
            counters,
            plays: plays.clone(),
            rate: ReceiveRate::default(),
            keyframe_asked: None,
            playout,
            saves,
            piece,
            last: None,
            buffer,
            pipeline,
        };
        let reader = tokio::spawn(reader.run(wishes)).abort_handle();
        Ok(Self { reader, plays })
    }

    /// Plays what comes, or throws it away.
    pub fn set_plays(&self, plays: bool) {
        self.plays.store(plays, Relaxed);
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

fn words(media: MediaKind, payload: u8, latency: u32, shows: bool) -> String {
    let (kind, encoding, clock_rate) = match media {
        MediaKind::Audio => ("audio", "OPUS", Codec::Opus.clock_rate()),
        MediaKind::Video | MediaKind::Screen => ("video", "VP8", Codec::Vp8.clock_rate()),
    };
    let begin = format!(
        "appsrc name=packets is-live=true format=time do-timestamp=true max-bytes=4000000 leaky-type=downstream \
         caps=application/x-rtp,media={kind},encoding-name={encoding},clock-rate={clock_rate},payload={payload}"
    );
    match media {
        MediaKind::Audio => format!(
            "{begin} ! rtpjitterbuffer name=buffer latency={latency} do-lost=true ! rtpopusdepay \
             ! opusdec name=decoder use-inband-fec=true plc=true ! audioconvert \
             ! level interval=100000000 post-messages=true ! audioresample name=exit"
        ),
        MediaKind::Video | MediaKind::Screen => format!(
            "{begin} ! rtpjitterbuffer name=buffer latency={latency} do-lost=true \
             ! rtpvp8depay request-keyframe=true wait-for-keyframe=true ! vp8dec name=decoder threads=1 \
             ! {}",
            pictures::end(shows)
        ),
    }
}

fn wait_for_one_piece(pipeline: &Pipeline, piece: Arc<AtomicU64>) -> Result<(), Fault> {
    let decoder: gst::Element = pipeline.element("decoder")?;
    if let Some(pad) = decoder.static_pad("src") {
        // After it was answered.
        pad.add_probe(gst::PadProbeType::QUERY_UPSTREAM | gst::PadProbeType::PULL, move |_, info| {
            if let Some(gst::QueryViewMut::Latency(query)) = info.query_mut().map(gst::QueryRef::view_mut) {
                let (is_live, least, most) = query.result();
                if least >= ELEMENT_WAITS {
                    let waits = gst::ClockTime::from_mseconds(piece.load(Relaxed));
                    query.set(is_live, least - ELEMENT_WAITS + waits, most);
                }
            }
            gst::PadProbeReturn::Ok
        });
    }
    Ok(())
}

fn count_decoded(pipeline: &Pipeline, counters: Arc<Counters>) -> Result<(), Fault> {
    let decoder: gst::Element = pipeline.element("decoder")?;
    if let Some(pad) = decoder.static_pad("src") {
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            counters.decoded.fetch_add(1, Relaxed);
            gst::PadProbeReturn::Ok
        });
    }
    Ok(())
}

struct Reader {
    track: Arc<dyn TrackRemote>,
    media: MediaKind,
    source: gst_app::AppSrc,
    counters: Arc<Counters>,
    plays: Arc<AtomicBool>,
    rate: ReceiveRate,
    keyframe_asked: Option<Instant>,
    playout: Playout,
    saves: Arc<AtomicBool>,
    /// How long the longest piece of theirs is, in milliseconds, and what came last: its number and its time.
    piece: Arc<AtomicU64>,
    last: Option<(u16, u32)>,
    /// Where packets wait.
    buffer: gst::Element,
    /// Ends with the reader.
    pipeline: Pipeline,
}

impl Reader {
    async fn run(mut self, mut wishes: mpsc::Receiver<()>) {
        // What came before the track was here is lost.
        self.ask_for_keyframe().await;
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                event = self.track.poll() => match event {
                    Some(TrackRemoteEvent::OnRtpPacket(packet)) => self.take(&packet),
                    Some(_) => {}
                    None => break,
                },
                Some(()) = wishes.recv() => self.ask_for_keyframe().await,
                _ = seconds.tick() => {
                    self.wait_as_needed();
                    self.tell_rate().await;
                }
            }
        }
    }

    fn take(&mut self, packet: &Packet) {
        let bytes = packet.payload.len();
        self.counters.bytes_received.fetch_add(bytes as u64, Relaxed);
        let arrival = self.rate.received(packet.header.sequence_number, bytes);
        self.counters.packets_received.fetch_add(u64::from(arrival.is_new), Relaxed);
        self.counters.packets_expected.fetch_add(u64::from(arrival.known), Relaxed);
        self.playout.arrived(packet.header.timestamp, std::time::Instant::now());
        self.measure_piece(packet.header.sequence_number, packet.header.timestamp);
        if self.plays.load(Relaxed)
            && let Ok(bytes) = packet.marshal()
        {
            // Refused: the pipeline failed, and said so.
            let _ = self.source.push_buffer(gst::Buffer::from_slice(bytes));
        }
    }

    fn measure_piece(&mut self, number: u16, time: u32) {
        if let Some((last_number, last_time)) = self.last.replace((number, time))
            && self.media == MediaKind::Audio
            && number == last_number.wrapping_add(1)
        {
            let piece = u64::from(time.wrapping_sub(last_time)) * 1_000 / u64::from(Codec::Opus.clock_rate());
            // Longer than a piece can be: there was a silence.
            if piece <= ELEMENT_WAITS.mseconds() && self.piece.fetch_max(piece, Relaxed) < piece {
                self.pipeline.recalculate_latency();
            }
        }
    }

    async fn ask_for_keyframe(&mut self) {
        let is_early = self.keyframe_asked.is_some_and(|asked| asked.elapsed() < KEYFRAME_PAUSE);
        if self.media == MediaKind::Audio || is_early {
            return;
        }
        self.keyframe_asked = Some(Instant::now());
        for ssrc in self.track.ssrcs().await {
            let wish = PictureLossIndication { sender_ssrc: 0, media_ssrc: ssrc };
            let _ = self.track.write_rtcp(vec![Box::new(wish)]).await;
        }
    }

    fn wait_as_needed(&mut self) {
        if let Some(wait) = self.playout.tick() {
            self.buffer.set_property("latency", wait);
            self.pipeline.recalculate_latency();
        }
    }

    async fn tell_rate(&mut self) {
        let Some(bitrate) = self.rate.tick().filter(|_| self.media != MediaKind::Audio) else { return };
        let most = if self.saves.load(Relaxed) { SAVING as f32 } else { f32::MAX };
        let (bitrate, ssrcs) = (bitrate.min(most), self.track.ssrcs().await);
        let limit = ReceiverEstimatedMaximumBitrate { sender_ssrc: 0, bitrate, ssrcs };
        let _ = self.track.write_rtcp(vec![Box::new(limit)]).await;
    }
}
