//! What reads the words and packets of others, by itself, for `tests/fuzz`: none of it may panic, and each claims more than
//! that. Nothing else calls it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use model::{
    CandidateKind, DtlsFingerprint, DtlsSetup, Flow, IceCandidate, IceCredentials, IceProtocol, IceTransport,
    MediaContent, MediaKind, RtcpFeedback, RtpDescription, RtpPayload, RtpSource,
};
use rtc::{rtp::Packet, shared::marshal::Unmarshal};

use crate::{
    candidates,
    codecs::Codec,
    continuity::Continuity,
    feedback::{self, Feedback},
    playout::Playout,
    rate::{ReceiveRate, SendRate},
    sdp::{self, Section},
};

/// A description of theirs, its words taken from the input one after the other, as the library is told of it. However they
/// are chosen, they add no line.
///
/// # Panics
/// When that is not so.
pub fn describe(input: &[u8]) {
    let mut words = input.split(|byte| *byte == 0xFF).map(|word| String::from_utf8_lossy(word).into_owned());
    let mut word = || words.next().unwrap_or_default();
    let choice = input.first().copied().unwrap_or_default();
    let media = if choice & 1 == 0 { MediaKind::Audio } else { MediaKind::Video };
    let payload = RtpPayload {
        id: choice,
        name: Some(word()),
        parameters: vec![(word(), word())],
        feedback: vec![RtcpFeedback { kind: word(), subtype: Some(word()) }],
        ..Codec::of(media).payload()
    };
    let fingerprint = word().into_bytes();
    let transport = IceTransport {
        credentials: Some(IceCredentials { fragment: word(), password: word() }),
        fingerprints: vec![DtlsFingerprint {
            hash: "sha-256".to_owned(),
            value: fingerprint.into_iter().chain([0; 32]).take(32).collect(),
            setup: DtlsSetup::Active,
        }],
        candidates: Vec::new(),
    };
    let parameters = vec![(word(), Some(word()))];
    let sources = vec![RtpSource { ssrc: u32::from(choice), parameters }];
    let rtp = RtpDescription { payloads: vec![payload], sources, ..RtpDescription::bare(media) };
    let _ = Codec::of(media).common(&rtp);
    let theirs = MediaContent { name: word(), flow: Flow::BOTH, rtp, transport };
    if let Ok(text) =
        sdp::write(&[Section { mid: "0", content: &theirs, is_used: choice & 2 == 0, stand_in: None }])
    {
        // Six before the section, and in it: media, address, number, two credentials, fingerprint, role, direction, sharing,
        // name, codec, parameters, feedback, source.
        assert_eq!(text.lines().count(), 20, "{text}");
        assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']), "{text}");
        let _ = sdp::read(&text);
    }
    let _ = sdp::read(&String::from_utf8_lossy(input));
}

/// Candidates: a line, which is read back, and one of theirs, which becomes a line or nothing.
///
/// # Panics
/// When what was understood is understood differently the second time.
pub fn candidate(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Some(read) = candidates::read(&text) {
        assert!(candidates::ours(&read, true).is_none_or(|told| told.kind == CandidateKind::Relay));
        if let Some(line) = candidates::ours(&read, false).and_then(|told| candidates::line(&told)) {
            assert!(!line.contains(['\r', '\n']), "{line}");
            let again = line.strip_prefix("candidate:").and_then(candidates::read);
            assert_eq!(
                again.map(|again| again.address.parse().ok()),
                Some(read.address.parse::<std::net::IpAddr>().ok())
            );
        }
    }
    let mut words = text.split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    let candidate = IceCandidate {
        component: 1,
        foundation: word(),
        generation: 0,
        id: word(),
        address: word().parse().unwrap_or_else(|_| [192, 0, 2, 1].into()),
        port: word().parse().unwrap_or(1),
        priority: 1,
        protocol: IceProtocol::Udp,
        kind: CandidateKind::ServerReflexive,
        related: word().parse().ok().map(|address| (address, 1)),
    };
    if let Some(line) = candidates::line(&candidate) {
        assert!(candidates::read(line.strip_prefix("candidate:").unwrap_or_default()).is_some(), "{line}");
    }
}

/// Packets, each with its length before it: what others tell of what they receive, or media of theirs.
///
/// # Panics
/// When a rate or a wait leaves its bounds.
pub fn packets(input: &[u8]) {
    let (mut sending, mut receiving) = (SendRate::default(), ReceiveRate::default());
    let mut playout = Playout::new(MediaKind::Audio, Codec::Opus.clock_rate());
    let mut continuity = Continuity::default();
    let (listener, mut heard) = feedback::listen();
    let mut now = Instant::now();
    let mut rest = input;
    while let Some((length, after)) = rest.split_first() {
        let (packet, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        now += Duration::from_millis(u64::from(*length));
        if let Ok(packets) = rtc::rtcp::packet::unmarshal(&mut Bytes::copy_from_slice(packet)) {
            listener.hear_all(&packets);
        }
        if let Ok(packet) = Packet::unmarshal(&mut Bytes::copy_from_slice(packet)) {
            receiving.received(packet.header.sequence_number, packet.payload.len());
            playout.arrived(packet.header.timestamp, now);
            continuity.next(packet.header.sequence_number, packet.header.timestamp, 48_000, now);
        }
        while let Ok(feedback) = heard.try_recv() {
            match feedback {
                Feedback::Limit(bits) => sending.limit(bits),
                Feedback::Loss(_, fraction) => sending.lost(fraction),
                Feedback::Keyframe(_) | Feedback::Unknown { .. } => {}
            }
        }
        let told = receiving.tick();
        assert!(told.is_none_or(|bits| (1e5..=2e6).contains(&bits)), "{told:?}");
        assert!((100_000..=2_000_000).contains(&sending.bits()), "{}", sending.bits());
        let wait = playout.tick();
        assert!(wait.is_none_or(|wait| (20..=120).contains(&wait)), "{wait:?}");
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

    use super::*;

    /// Inputs that were kept, changed by chance: fuzzing by coverage is `build-aux/dev fuzz`. `STARLING_CHANCES` says how many.
    fn by_chance(name: &str, target: fn(&[u8])) {
        let chances =
            std::env::var("STARLING_CHANCES").ok().and_then(|text| text.parse().ok()).unwrap_or(5_000);
        let folder =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus").join(name);
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let kept: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
        let mut random = StdRng::seed_from_u64(1);
        for _ in 0..chances {
            let mut input = kept[random.random_range(0..kept.len())].clone();
            for _ in 0..random.random_range(1..8) {
                let at = random.random_range(0..=input.len());
                match random.random_range(0..4) {
                    0 => input.insert(at, random.random()),
                    1 => input.truncate(at),
                    2 => input.extend_from_slice(&kept[random.random_range(0..kept.len())]),
                    _ => {
                        if let Some(byte) = input.get_mut(at) {
                            *byte = random.random();
                        }
                    }
                }
            }
            target(&input);
        }
    }

    #[test]
    fn descriptions_of_any_words_add_no_line() {
        by_chance("media-descriptions", describe);
    }

    #[test]
    fn candidates_of_any_words_are_one_line_or_none() {
        by_chance("media-candidates", candidate);
    }

    #[test]
    fn packets_of_any_bytes_leave_rates_and_waits_in_their_bounds() {
        by_chance("media-packets", packets);
    }
}
