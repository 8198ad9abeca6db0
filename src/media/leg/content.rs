//! One content of a leg, and what is said of it.

use std::sync::Arc;

use model::{Flow, IceTransport, MediaContent, MediaKind, RtpDescription, RtpPayload, RtpSource};
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;

use crate::sdp::Described;

/// One content.
pub struct Content {
    /// Its name.
    pub name: String,
    /// What it carries.
    pub media: MediaKind,
    /// Where packets of ours go.
    pub track: Arc<TrackLocalStaticRTP>,
    /// Their number as a source.
    pub ssrc: u32,
    /// It was removed, or not taken.
    pub is_gone: bool,
    /// The number it has in descriptions.
    pub mid: String,
    /// What we said of it.
    pub ours: Option<MediaContent>,
    /// What they said, as far as it is understood.
    pub theirs: Option<MediaContent>,
}

impl Content {
    /// One of which nothing was said yet.
    pub fn new(name: &str, media: MediaKind, track: Arc<TrackLocalStaticRTP>, ssrc: u32) -> Self {
        let name = name.to_owned();
        Self { name, media, track, ssrc, is_gone: false, mid: String::new(), ours: None, theirs: None }
    }

    /// The number our packets have, when both sides have described it.
    pub fn payload(&self) -> Option<u8> {
        self.theirs.as_ref()?.rtp.payloads.first().map(|payload| payload.id)
    }
}

/// What we say of a content.
pub fn ours(content: &Content, flow: Flow, payload: RtpPayload, described: &Described) -> MediaContent {
    let source = RtpSource {
        ssrc: content.ssrc,
        parameters: vec![
            ("cname".to_owned(), Some("ours".to_owned())),
            ("msid".to_owned(), Some(format!("ours ours-{:08x}", content.ssrc))),
        ],
    };
    let rtp = RtpDescription {
        payloads: vec![payload],
        sources: vec![source],
        rtcp_mux: true,
        ..RtpDescription::bare(content.media)
    };
    let transport = IceTransport { candidates: Vec::new(), ..described.transport.clone() };
    MediaContent { name: content.name.clone(), flow, rtp, transport }
}

/// What is understood of what they said.
pub fn understood(theirs: MediaContent, payload: RtpPayload) -> MediaContent {
    let rtp = RtpDescription {
        payloads: vec![payload],
        sources: theirs.rtp.sources,
        rtcp_mux: true,
        ..RtpDescription::bare(theirs.rtp.media)
    };
    MediaContent { rtp, ..theirs }
}
