use std::fmt::Write as _;

use model::{DtlsFingerprint, DtlsSetup, IceTransport, MediaContent, MediaKind, RtpPayload};

use super::Unusable;

/// A content of the other side.
pub struct Section<'a> {
    /// The number it has in the text.
    pub mid: &'a str,
    /// What they said, its payloads being those that were understood.
    pub content: &'a MediaContent,
    /// Whether it is in use; else it has only its place.
    pub is_used: bool,
    /// Which source stands there as long as they tell none: nobody's. Of several contents the library wants one of each.
    pub stand_in: Option<u32>,
}

/// Longer user fragments and passwords are not taken (RFC 8839 §5.4).
const MAX_WORD: usize = 256;

/// Their description, as the library reads it.
pub fn write(sections: &[Section<'_>]) -> Result<String, Unusable> {
    let mut text = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-options:trickle\r\n".to_owned();
    // Also around a single one: the library does not take in what stands outside.
    let mids: Vec<&str> = sections.iter().map(|section| section.mid).collect();
    line(&mut text, &format!("a=group:BUNDLE {}", mids.join(" ")));
    for section in sections {
        write_section(&mut text, section)?;
    }
    Ok(text)
}

fn write_section(text: &mut String, section: &Section<'_>) -> Result<(), Unusable> {
    let Section { mid, content, is_used, stand_in } = section;
    let media = match content.rtp.media {
        MediaKind::Audio => "audio",
        MediaKind::Video | MediaKind::Screen => "video",
    };
    let ids: Vec<String> = content.rtp.payloads.iter().map(|payload| payload.id.to_string()).collect();
    if ids.is_empty() {
        return Err(Unusable);
    }
    line(text, &format!("m={media} 9 UDP/TLS/RTP/SAVPF {}", ids.join(" ")));
    line(text, "c=IN IP4 0.0.0.0");
    line(text, &format!("a=mid:{mid}"));
    write_transport(text, &content.transport)?;
    line(text, if *is_used { "a=sendrecv" } else { "a=inactive" });
    line(text, "a=rtcp-mux");
    // Each has a name of its own, which none of ours has: else the library mistakes one for the other.
    line(text, &format!("a=msid:theirs theirs-{mid}"));
    for payload in &content.rtp.payloads {
        write_payload(text, payload)?;
    }
    // Retransmissions and layers are not asked for: the first source is what is sent.
    let source = content.rtp.sources.first().map(|source| source.ssrc);
    if let Some(ssrc) = source.or(*stand_in) {
        line(text, &format!("a=ssrc:{ssrc} cname:theirs"));
    }
    Ok(())
}

fn write_transport(text: &mut String, transport: &IceTransport) -> Result<(), Unusable> {
    let credentials = transport.credentials.as_ref().ok_or(Unusable)?;
    line(text, &format!("a=ice-ufrag:{}", word(&credentials.fragment)?));
    line(text, &format!("a=ice-pwd:{}", word(&credentials.password)?));
    let fingerprint = strongest(&transport.fingerprints).ok_or(Unusable)?;
    let bytes: Vec<String> = fingerprint.value.iter().map(|byte| format!("{byte:02X}")).collect();
    line(text, &format!("a=fingerprint:{} {}", fingerprint.hash.to_lowercase(), bytes.join(":")));
    let setup = match fingerprint.setup {
        DtlsSetup::ActPass => "actpass",
        DtlsSetup::Active => "active",
        DtlsSetup::Passive => "passive",
    };
    line(text, &format!("a=setup:{setup}"));
    Ok(())
}

/// The one that is checked. Weaker hashes than SHA-256 prove nothing.
fn strongest(fingerprints: &[DtlsFingerprint]) -> Option<&DtlsFingerprint> {
    [("sha-256", 32), ("sha-512", 64), ("sha-384", 48)].into_iter().find_map(|(hash, length)| {
        fingerprints.iter().find(|known| known.hash.eq_ignore_ascii_case(hash) && known.value.len() == length)
    })
}

fn write_payload(text: &mut String, payload: &RtpPayload) -> Result<(), Unusable> {
    let (Some(name), Some(clock_rate)) = (&payload.name, payload.clock_rate) else { return Err(Unusable) };
    let id = payload.id;
    let channels = if payload.channels > 1 { format!("/{}", payload.channels) } else { String::new() };
    line(text, &format!("a=rtpmap:{id} {}/{clock_rate}{channels}", word(name)?));
    if !payload.parameters.is_empty() {
        let mut all = Vec::new();
        for (name, value) in &payload.parameters {
            all.push(format!("{}={}", word(name)?, word(value)?));
        }
        line(text, &format!("a=fmtp:{id} {}", all.join(";")));
    }
    for feedback in &payload.feedback {
        match &feedback.subtype {
            Some(subtype) => {
                line(text, &format!("a=rtcp-fb:{id} {} {}", word(&feedback.kind)?, word(subtype)?));
            }
            None => line(text, &format!("a=rtcp-fb:{id} {}", word(&feedback.kind)?)),
        }
    }
    Ok(())
}

fn line(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = write!(text, "{line}\r\n");
}

fn word(text: &str) -> Result<&str, Unusable> {
    let is_one =
        !text.is_empty() && text.len() <= MAX_WORD && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_one { Ok(text) } else { Err(Unusable) }
}
