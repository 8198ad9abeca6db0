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
        atomic::{AtomicBool, Ordering::Relaxed},
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
    codecs::Codec,
    counters::Counters,
    devices::Devices,
    pictures::{self, Show, View},
    pipeline::{self, Fault, Pipeline},
    rate::ReceiveRate,
};

/// How long packets are kept to be put in order, in milliseconds: longer for video, whose lost packets are sent again.
const AUDIO_LATENCY: u32 = 60;
const VIDEO_LATENCY: u32 = 100;
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
    pub counters: Arc<Counters>,
}

/// A content that is being received. It ends when it is dropped.
pub struct Receiving {
    reader: AbortHandle,
    plays: Arc<AtomicBool>,
}

impl Receiving {
    /// Begins. `fault` hears of it if playing fails.
    pub fn begin(
        content: Content,
        devices: Devices,
        chosen: &CallDevices,
        show: Option<Show>,
        fault: mpsc::Sender<MediaKind>,
    ) -> Result<Self, Fault> {
        let Content { media, payload, track, counters } = content;
        let words = words(media, payload, show.is_some());
        let pipeline = if media == MediaKind::Audio {
            Pipeline::into_sink(&words, &devices.element(DeviceRole::Speaker, chosen)?)?
        } else {
            Pipeline::new(&words)?
        };
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
                let _ = fault.try_send(media);
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
            _pipeline: pipeline,
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

fn words(media: MediaKind, payload: u8, shows: bool) -> String {
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
            "{begin} ! rtpjitterbuffer latency={AUDIO_LATENCY} do-lost=true ! rtpopusdepay \
             ! opusdec name=decoder use-inband-fec=true plc=true ! audioconvert \
             ! level interval=100000000 post-messages=true ! audioresample name=exit"
        ),
        MediaKind::Video | MediaKind::Screen => format!(
            "{begin} ! rtpjitterbuffer latency={VIDEO_LATENCY} do-lost=true \
             ! rtpvp8depay request-keyframe=true wait-for-keyframe=true ! vp8dec name=decoder threads=1 \
             ! {}",
            pictures::end(shows)
        ),
    }
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
    /// Ends with the reader.
    _pipeline: Pipeline,
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
                _ = seconds.tick() => self.tell_rate().await,
            }
        }
    }

    fn take(&mut self, packet: &Packet) {
        let bytes = packet.payload.len();
        self.counters.packets_received.fetch_add(1, Relaxed);
        self.counters.bytes_received.fetch_add(bytes as u64, Relaxed);
        let expected = self.rate.received(packet.header.sequence_number, bytes);
        self.counters.packets_expected.fetch_add(u64::from(expected), Relaxed);
        if self.plays.load(Relaxed)
            && let Ok(bytes) = packet.marshal()
        {
            // Refused: the pipeline failed, and said so.
            let _ = self.source.push_buffer(gst::Buffer::from_slice(bytes));
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

    async fn tell_rate(&mut self) {
        let Some(bitrate) = self.rate.tick().filter(|_| self.media != MediaKind::Audio) else { return };
        let ssrcs = self.track.ssrcs().await;
        let limit = ReceiverEstimatedMaximumBitrate { sender_ssrc: 0, bitrate, ssrcs };
        let _ = self.track.write_rtcp(vec![Box::new(limit)]).await;
    }
}
