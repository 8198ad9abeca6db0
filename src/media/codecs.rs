//! The codecs: Opus for voice, VP8 for video, and nothing else.
//!
//! Every program that makes calls over XMPP has both. What is offered is written here, and of what others offer that
//! which is understood here is taken, with their numbers and without the rest.

use model::{MediaKind, RtcpFeedback, RtpDescription, RtpPayload};
use webrtc::peer_connection::MediaEngine;

use rtc::rtp_transceiver::rtp_sender::{RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind};

/// A codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// RFC 7587.
    Opus,
    /// RFC 7741.
    Vp8,
}

impl Codec {
    /// The codec for a kind of media.
    pub fn of(media: MediaKind) -> Self {
        match media {
            MediaKind::Audio => Self::Opus,
            MediaKind::Video | MediaKind::Screen => Self::Vp8,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Vp8 => "VP8",
        }
    }

    /// Ticks of its clock in a second.
    pub fn clock_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::Vp8 => 90_000,
        }
    }

    fn channels(self) -> u8 {
        match self {
            Self::Opus => 2,
            Self::Vp8 => 1,
        }
    }

    /// The number that is offered.
    fn id(self) -> u8 {
        match self {
            Self::Opus => 111,
            Self::Vp8 => 98,
        }
    }

    fn parameters(self) -> Vec<(String, String)> {
        match self {
            Self::Opus => [("minptime", "10"), ("useinbandfec", "1")]
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            Self::Vp8 => Vec::new(),
        }
    }

    fn feedback(self) -> Vec<RtcpFeedback> {
        let feedback = |kind: &str, subtype: Option<&str>| RtcpFeedback {
            kind: kind.to_owned(),
            subtype: subtype.map(str::to_owned),
        };
        match self {
            Self::Opus => Vec::new(),
            Self::Vp8 => vec![
                feedback("goog-remb", None),
                feedback("ccm", Some("fir")),
                feedback("nack", None),
                feedback("nack", Some("pli")),
            ],
        }
    }

    /// What is offered.
    pub fn payload(self) -> RtpPayload {
        RtpPayload {
            id: self.id(),
            name: Some(self.name().to_owned()),
            clock_rate: Some(self.clock_rate()),
            channels: self.channels(),
            packet_time: None,
            max_packet_time: None,
            parameters: self.parameters(),
            feedback: self.feedback(),
        }
    }

    /// What of theirs can be taken, as we would say it: with their number, and only what both know. Dino compares an answer
    /// with what it offered, word by word.
    pub fn common(self, theirs: &RtpDescription) -> Option<RtpPayload> {
        let payload = theirs.payloads.iter().find(|payload| self.is(payload))?;
        let mut feedback = self.feedback();
        feedback.retain(|known| payload.feedback.contains(known) || theirs.feedback.contains(known));
        let mut parameters = self.parameters();
        parameters.retain(|known| payload.parameters.contains(known));
        Some(RtpPayload { id: payload.id, parameters, feedback, ..self.payload() })
    }

    fn is(self, payload: &RtpPayload) -> bool {
        payload.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(self.name()))
            && payload.clock_rate == Some(self.clock_rate())
            && payload.id < 128
    }

    /// As the library has it.
    pub fn library(self, payload: &RtpPayload) -> RTCRtpCodecParameters {
        let (kind, channels) = match self {
            Self::Opus => ("audio", 2),
            Self::Vp8 => ("video", 0),
        };
        let parameters: Vec<String> =
            payload.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let feedback = payload.feedback.iter().map(|feedback| RTCPFeedback {
            typ: feedback.kind.clone(),
            parameter: feedback.subtype.clone().unwrap_or_default(),
        });
        RTCRtpCodecParameters {
            rtp_codec: RTCRtpCodec {
                mime_type: format!("{kind}/{}", self.name()),
                clock_rate: self.clock_rate(),
                channels,
                sdp_fmtp_line: parameters.join(";"),
                rtcp_feedback: feedback.collect(),
            },
            payload_type: payload.id,
        }
    }
}

/// How the library calls a kind of media.
pub fn library_kind(media: MediaKind) -> RtpCodecKind {
    match media {
        MediaKind::Audio => RtpCodecKind::Audio,
        MediaKind::Video | MediaKind::Screen => RtpCodecKind::Video,
    }
}

/// What the library is to know of codecs.
pub fn engine() -> Result<MediaEngine, webrtc::error::Error> {
    let mut engine = MediaEngine::default();
    for (codec, kind) in [(Codec::Opus, RtpCodecKind::Audio), (Codec::Vp8, RtpCodecKind::Video)] {
        engine.register_codec(codec.library(&codec.payload()), kind)?;
    }
    Ok(engine)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(name: &str, id: u8, clock_rate: u32) -> RtpDescription {
        let payload =
            RtpPayload { id, name: Some(name.into()), clock_rate: Some(clock_rate), ..Codec::Vp8.payload() };
        RtpDescription { payloads: vec![payload], ..RtpDescription::bare(MediaKind::Video) }
    }

    #[test]
    fn their_number_and_only_common_feedback_is_taken() {
        let mut theirs = described("vp8", 120, 90_000);
        theirs.payloads[0].feedback.truncate(1);
        theirs.payloads[0].feedback.push(RtcpFeedback { kind: "transport-cc".into(), subtype: None });
        theirs.feedback.push(RtcpFeedback { kind: "nack".into(), subtype: None });
        let taken = Codec::Vp8.common(&theirs).unwrap();
        assert_eq!(taken.id, 120);
        let kinds: Vec<&str> = taken.feedback.iter().map(|feedback| feedback.kind.as_str()).collect();
        assert_eq!(kinds, ["goog-remb", "nack"]);
    }

    #[test]
    fn only_common_parameters_are_taken() {
        let offered = Codec::Opus.payload();
        // As Dino offers it.
        let parameters =
            vec![("useinbandfec".to_owned(), "1".to_owned()), ("cbr".to_owned(), "1".to_owned())];
        let payload = RtpPayload { parameters, ..offered };
        let theirs = RtpDescription { payloads: vec![payload], ..RtpDescription::bare(MediaKind::Audio) };
        let taken = Codec::Opus.common(&theirs).unwrap();
        assert_eq!(taken.parameters, [("useinbandfec".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn what_is_not_known_is_not_taken() {
        assert_eq!(Codec::Vp8.common(&described("AV1", 98, 90_000)), None);
        assert_eq!(Codec::Vp8.common(&described("VP8", 98, 48_000)), None);
        assert_eq!(Codec::Vp8.common(&described("VP8", 200, 90_000)), None);
        assert_eq!(Codec::Opus.common(&RtpDescription::bare(MediaKind::Audio)), None);
    }
}
