//! Captures, encodes, and packs one content, for as long as it is on.
//!
//! ```text
//!   source ─→ encoder ─→ packer ─→ (a queue that drops what is too much) ─→ the track of the connection
//! ```

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
    time::Instant,
};

use bytes::Bytes;
use gst::prelude::*;
use gstreamer as gst;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;
use model::{CallDevices, MediaKind};
use rtc::{rtp::Packet, shared::marshal::Unmarshal};
use tokio::{sync::mpsc, task::AbortHandle};
use webrtc::media_stream::track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP};

use crate::{
    cleaning::{self, Played},
    codecs::Codec,
    continuity::Continuity,
    counters::Counters,
    devices::Devices,
    handed,
    pictures::{self, Show, View},
    pipeline::{Failed, Fault, Pipeline},
};

/// Packets that wait for the connection: half a second of video.
const MAX_WAITING: usize = 512;

/// What is sent.
pub struct Content {
    pub media: MediaKind,
    /// The number its packets have.
    pub payload: u8,
    /// Their source.
    pub ssrc: u32,
    /// Where they go.
    pub track: Arc<TrackLocalStaticRTP>,
    /// Goes on from the last time it was on.
    pub continuity: Arc<Mutex<Continuity>>,
    pub counters: Arc<Counters>,
}

/// A content that is being sent. It ends, and lets go of its device, when it is dropped.
pub struct Sending {
    _pipeline: Pipeline,
    encoder: gst::Element,
    media: MediaKind,
    carrier: AbortHandle,
}

impl Sending {
    /// Begins. `played` is taken out of what a microphone hears; `fault` hears of it if the device fails.
    pub fn begin(
        content: Content,
        devices: Devices,
        chosen: &CallDevices,
        show: Option<Show>,
        played: &Played,
        fault: mpsc::Sender<Failed>,
    ) -> Result<Self, Fault> {
        let media = content.media;
        let source = devices.source(media, chosen)?;
        let cleans = media == MediaKind::Audio && devices.cleans() && cleaning::is_possible();
        let pipeline = Pipeline::from_source(&source, &words(&content, cleans, show.is_some()))?;
        if cleans {
            played.tell(&pipeline)?;
        }
        let encoder: gst::Element = pipeline.element("encoder")?;
        let sink: gst_app::AppSink = pipeline.element("packets")?;
        if let Some(show) = show.filter(|_| media != MediaKind::Audio) {
            pictures::show(&pipeline, View::Own, show)?;
        }
        let (packed, packets) = mpsc::channel(MAX_WAITING);
        let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            let buffer = sample.buffer().ok_or(gst::FlowError::Error)?;
            let bytes = buffer.map_readable().map_err(|_| gst::FlowError::Error)?;
            if let Ok(packet) = Packet::unmarshal(&mut Bytes::copy_from_slice(&bytes)) {
                // Full: what cannot be sent now is lost, as it would be on the way.
                let _ = packed.try_send(packet);
            }
            Ok(gst::FlowSuccess::Ok)
        });
        sink.set_callbacks(callbacks.build());
        pipeline.listen(move |message| {
            if let gst::MessageView::Error(error) = message {
                tracing::warn!(error = %error.error(), ?media, "capturing failed");
                let _ = fault.try_send(Failed::Capturing(media));
            }
        });
        content.continuity.lock().unwrap_or_else(PoisonError::into_inner).begin();
        pipeline.play()?;
        let carrier = tokio::spawn(carry(content, packets)).abort_handle();
        Ok(Self { _pipeline: pipeline, encoder, media, carrier })
    }

    /// A whole picture is wanted.
    pub fn send_keyframe(&self) {
        if self.media != MediaKind::Audio
            && let Some(pad) = self.encoder.static_pad("src")
        {
            pad.send_event(gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build());
        }
    }

    /// So many bits a second may be sent.
    pub fn set_rate(&self, bits: u32) {
        if self.media != MediaKind::Audio {
            self.encoder.set_property("target-bitrate", i32::try_from(bits).unwrap_or(i32::MAX));
        }
    }

    /// So much of it is lost on the way, in 256ths: voice is packed so that more of it survives.
    pub fn set_loss(&self, fraction: u8) {
        if self.media == MediaKind::Audio {
            let percent = i32::from(fraction) * 100 / 256;
            self.encoder.set_property("packet-loss-percentage", percent.clamp(5, 50));
        }
    }

    /// Whether voice is to take little. Longer pieces have fewer headers: at 20 ms they weigh more than the voice.
    pub fn save_bandwidth(&self, on: bool) {
        if self.media == MediaKind::Audio {
            let (bits, piece) = if on { (12_000, "40") } else { (32_000, "20") };
            self.encoder.set_property("bitrate", bits);
            self.encoder.set_property_from_str("frame-size", piece);
        }
    }

    /// What it sends.
    pub fn media(&self) -> MediaKind {
        self.media
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

fn words(content: &Content, cleans: bool, shows: bool) -> String {
    let Content { media, payload, ssrc, .. } = content;
    let size =
        if *media == MediaKind::Screen { handed::SCREEN } else { "width=640,height=360,framerate=30/1" };
    let end = format!("pt={payload} ssrc={ssrc} ! appsink name=packets sync=false max-buffers=256 drop=true");
    let (cleaner, probe) =
        if cleans { (cleaning::cleaner(*ssrc), cleaning::probe(*ssrc)) } else { Default::default() };
    match media {
        MediaKind::Audio => format!(
            "audioconvert name=entry ! audioresample ! audio/x-raw,rate=48000,channels=1{cleaner} \
             ! opusenc name=encoder audio-type=voice inband-fec=true dtx=true frame-size=20 bitrate=32000 \
               packet-loss-percentage=5 \
             ! rtpopuspay {end} {probe}"
        ),
        // One thread: a second one costs eight times the work at this size. No picture depends on a later one.
        MediaKind::Video | MediaKind::Screen => format!(
            "videoconvert name=entry ! videoscale ! videorate \
             ! video/x-raw,format=I420,{size},pixel-aspect-ratio=1/1 \
             ! tee name=captured ! queue max-size-buffers=2 leaky=downstream \
             ! vp8enc name=encoder deadline=1 cpu-used=-6 threads=1 lag-in-frames=0 \
               error-resilient=default+partitions end-usage=cbr target-bitrate=600000 keyframe-max-dist=3000 \
               buffer-size=1000 buffer-initial-size=500 buffer-optimal-size=600 undershoot=95 \
             ! rtpvp8pay mtu=1200 picture-id-mode=15-bit {end} \
             captured. ! queue max-size-buffers=1 leaky=downstream ! videoscale ! video/x-raw,width=640,height=360 ! {}",
            pictures::end(shows)
        ),
    }
}

async fn carry(content: Content, mut packets: mpsc::Receiver<Packet>) {
    let clock_rate = Codec::of(content.media).clock_rate();
    while let Some(mut packet) = packets.recv().await {
        let bytes = packet.payload.len() as u64;
        let header = &mut packet.header;
        (header.sequence_number, header.timestamp) = content
            .continuity
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next(header.sequence_number, header.timestamp, clock_rate, Instant::now());
        if content.track.write_rtp(packet).await.is_ok() {
            content.counters.packets_sent.fetch_add(1, Relaxed);
            content.counters.bytes_sent.fetch_add(bytes, Relaxed);
        }
    }
}
