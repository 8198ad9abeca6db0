//! XEP-0167: media over RTP, as a content of a Jingle session carries it, and what is told of a call while it lasts.

use minidom::Element;
use model::{MediaKind, RtpDescription, RtpPayload};

use crate::{
    payload::{is_word, number_attr, tag, word_attr},
    xep_0166_jingle::MAX_NAME,
    xep_0293_feedback as feedback, xep_0294_extensions as extensions, xep_0339_sources as sources,
};

/// The namespace.
pub const NS: &str = "urn:xmpp:jingle:apps:rtp:1";
/// The namespace of session information (§8).
pub const NS_INFO: &str = "urn:xmpp:jingle:apps:rtp:info:1";
/// A program that says this can do voice (§10).
pub const FEATURE_AUDIO: &str = "urn:xmpp:jingle:apps:rtp:audio";
/// A program that says this can do video (§10).
pub const FEATURE_VIDEO: &str = "urn:xmpp:jingle:apps:rtp:video";

/// More codecs than this nobody offers.
pub const MAX_PAYLOADS: usize = 96;
/// Settings of one codec.
pub const MAX_PARAMETERS: usize = 64;
/// The longest value of a setting: parameter sets of video codecs are some hundred bytes long.
const MAX_VALUE: usize = 2048;
/// The longest name of a codec or setting.
const MAX_WORD: usize = 64;

/// Reads a `<description/>`. The outer `None` is one that makes no sense, the inner one of media that is neither audio
/// nor video.
#[must_use]
pub fn read(element: &Element) -> Option<Option<RtpDescription>> {
    let Some(media) = element.attr("media").and_then(media_named) else {
        return Some(None);
    };
    let mut payloads: Vec<RtpPayload> = Vec::new();
    for child in element.children().filter(|child| child.is("payload-type", NS)) {
        let payload = read_payload(child)?;
        let is_double = payloads.iter().any(|other| other.id == payload.id);
        if is_double || payloads.len() == MAX_PAYLOADS {
            return None;
        }
        payloads.push(payload);
    }
    Some(Some(RtpDescription {
        media,
        payloads,
        feedback: feedback::read(element)?,
        feedback_interval: feedback::read_interval(element),
        extensions: extensions::read(element)?,
        extensions_mixed: extensions::are_mixed(element),
        sources: sources::read(element)?,
        source_groups: sources::read_groups(element)?,
        rtcp_mux: element.has_child("rtcp-mux", NS),
    }))
}

/// The media a proposal names (XEP-0353 §3.1).
#[must_use]
pub fn media_of(description: &Element) -> Option<MediaKind> {
    description.attr("media").and_then(media_named)
}

fn media_named(name: &str) -> Option<MediaKind> {
    match name {
        "audio" => Some(MediaKind::Audio),
        "video" => Some(MediaKind::Video),
        _ => None,
    }
}

/// The name of a kind of media.
#[must_use]
pub fn media_name(media: MediaKind) -> &'static str {
    match media {
        MediaKind::Audio => "audio",
        MediaKind::Video | MediaKind::Screen => "video",
    }
}

fn read_payload(element: &Element) -> Option<RtpPayload> {
    let id = number_attr(element, "id").filter(|id| *id <= 127)?;
    let mut parameters = Vec::new();
    for child in element.children().filter(|child| child.is("parameter", NS)) {
        if parameters.len() == MAX_PARAMETERS {
            return None;
        }
        // Some have a value alone, such as the events of telephone-event (RFC 4733).
        let name = child.attr("name").unwrap_or_default();
        let value = child.attr("value").unwrap_or_default();
        let is_printable = value.len() <= MAX_VALUE && !value.chars().any(|c| c.is_control() || c == ';');
        if !(name.is_empty() || is_word(name, MAX_WORD)) || name.contains([';', '=']) || !is_printable {
            return None;
        }
        parameters.push((name.to_owned(), value.to_owned()));
    }
    Some(RtpPayload {
        id,
        name: word_attr(element, "name", MAX_WORD),
        clock_rate: number_attr(element, "clockrate").filter(|rate| *rate > 0),
        channels: number_attr(element, "channels").filter(|channels| *channels > 0).unwrap_or(1),
        packet_time: number_attr(element, "ptime"),
        max_packet_time: number_attr(element, "maxptime"),
        parameters,
        feedback: feedback::read(element)?,
    })
}

/// The `<description/>`.
#[must_use]
pub fn element(description: &RtpDescription) -> Element {
    let mut element = tag("description", NS, &[("media", media_name(description.media))]);
    let payloads = description.payloads.iter().map(payload_element);
    let interval = description.feedback_interval.map(feedback::interval_element);
    let mixed = description.extensions_mixed.then(extensions::mixed_element);
    let children = payloads
        .chain(description.feedback.iter().map(feedback::element))
        .chain(interval)
        .chain(description.extensions.iter().map(extensions::element))
        .chain(mixed)
        .chain(description.sources.iter().map(sources::element))
        .chain(description.source_groups.iter().map(sources::group_element))
        .chain(description.rtcp_mux.then(|| tag("rtcp-mux", NS, &[])));
    for child in children {
        element.append_child(child);
    }
    element
}

fn payload_element(payload: &RtpPayload) -> Element {
    let texts = [
        ("id", Some(payload.id.to_string())),
        ("name", payload.name.clone()),
        ("clockrate", payload.clock_rate.map(|rate| rate.to_string())),
        ("channels", (payload.channels != 1).then(|| payload.channels.to_string())),
        ("ptime", payload.packet_time.map(|time| time.to_string())),
        ("maxptime", payload.max_packet_time.map(|time| time.to_string())),
    ];
    let attributes: Vec<_> =
        texts.iter().filter_map(|(name, text)| Some((*name, text.as_deref()?))).collect();
    let mut element = tag("payload-type", NS, &attributes);
    for (name, value) in &payload.parameters {
        element.append_child(tag("parameter", NS, &[("name", name), ("value", value)]));
    }
    for kind in &payload.feedback {
        element.append_child(feedback::element(kind));
    }
    element
}

/// What a `session-info` tells of a call (§8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Info {
    /// Nothing: is the session still there (XEP-0166 §6.8)?
    Ping,
    /// All is as it was: neither on hold nor muted.
    Active,
    /// The sender puts us on hold.
    Hold,
    /// No more.
    Unhold,
    /// The sender's media is off: of this content, or of all.
    Mute(Option<String>),
    /// It is on again.
    Unmute(Option<String>),
    /// It rings.
    Ringing,
    /// Something that is not known.
    Unknown,
}

impl Info {
    /// What a `<jingle/>` tells.
    #[must_use]
    pub fn read(jingle: &Element) -> Self {
        let Some(child) = jingle.children().find(|child| !child.has_ns(crate::xep_0166_jingle::NS)) else {
            return Self::Ping;
        };
        let content = || word_attr(child, "name", MAX_NAME);
        if !child.has_ns(NS_INFO) {
            return Self::Unknown;
        }
        match child.name() {
            "active" => Self::Active,
            "hold" => Self::Hold,
            "unhold" => Self::Unhold,
            "mute" => Self::Mute(content()),
            "unmute" => Self::Unmute(content()),
            "ringing" => Self::Ringing,
            _ => Self::Unknown,
        }
    }

    /// The element; a ping has none.
    #[must_use]
    pub fn element(&self) -> Option<Element> {
        let (name, content) = match self {
            Self::Ping | Self::Unknown => return None,
            Self::Active => ("active", None),
            Self::Hold => ("hold", None),
            Self::Unhold => ("unhold", None),
            Self::Mute(content) => ("mute", content.as_deref()),
            Self::Unmute(content) => ("unmute", content.as_deref()),
            Self::Ringing => ("ringing", None),
        };
        // Dino and Conversations read no creator, and each of their contents says it is the initiator's.
        let attributes = content.map(|content| [("creator", "initiator"), ("name", content)]);
        Some(tag(name, NS_INFO, attributes.as_ref().map_or(&[][..], |attributes| attributes)))
    }
}
