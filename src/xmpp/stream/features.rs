//! What a server offers, read leniently, and what of it is remembered until next time.

use minidom::Element;

use crate::sasl::Mechanism;
use crate::xml::NS_STREAM;

pub(super) const NS_TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
pub(super) const NS_SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
pub(super) const NS_SASL2: &str = "urn:xmpp:sasl:2";
pub(super) const NS_SASL_CB: &str = "urn:xmpp:sasl-cb:0";
pub(super) const NS_BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
pub(super) const NS_BIND2: &str = "urn:xmpp:bind:0";
pub(super) const NS_SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
pub(super) const NS_SM: &str = "urn:xmpp:sm:3";
pub(super) const NS_FAST: &str = "urn:xmpp:fast:0";
pub(super) const NS_CSI: &str = "urn:xmpp:csi:0";
pub(super) const NS_CARBONS: &str = "urn:xmpp:carbons:2";
pub(super) const NS_LIMITS: &str = "urn:xmpp:stream-limits:0";
pub(super) const NS_MAM: &str = "urn:xmpp:mam:2";
const NS_REGISTER_FEATURE: &str = "http://jabber.org/features/iq-register";
const NS_ROSTER_VERSIONING: &str = "urn:xmpp:features:rosterver";
const NS_PRE_APPROVAL: &str = "urn:xmpp:features:pre-approval";
const NS_CAPS: &str = "http://jabber.org/protocol/caps";

/// How many names are read of any list.
const LIST_LIMIT: usize = 64;
/// How long a name may be.
const NAME_LIMIT: usize = 128;

/// `<stream:features/>` (RFC 6120 §4.3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one feature")]
pub(super) struct ServerFeatures {
    pub starttls: bool,
    pub mechanisms: Vec<String>,
    pub sasl2: Option<Sasl2Offer>,
    /// XEP-0440: `None` if the server says nothing about it.
    pub channel_bindings: Option<Vec<String>>,
    pub bind: bool,
    pub session_required: bool,
    pub stream_management: bool,
    pub register: bool,
    pub summary: StreamFeaturesSummary,
}

/// `<authentication/>` (XEP-0388 §2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sasl2Offer {
    pub mechanisms: Vec<String>,
    /// The features that Bind 2 takes inline (XEP-0386), if it is there.
    pub bind2: Option<Vec<String>>,
    /// Whether a session can be resumed inline (XEP-0198 §10).
    pub resume: bool,
    /// Mechanisms for tokens (XEP-0484), if they are there.
    pub fast: Option<Vec<String>>,
}

/// What a server can do, as far as its stream tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one feature")]
pub struct StreamFeaturesSummary {
    /// It keeps versions of the roster (RFC 6121 §2.6).
    pub roster_versioning: bool,
    /// It takes approval of a subscription in advance (RFC 6121 §3.4).
    pub subscription_pre_approval: bool,
    /// It wants to know whether somebody is looking (XEP-0352).
    pub client_state_indication: bool,
    /// It acknowledges stanzas (XEP-0198).
    pub stream_management: bool,
    /// The largest stanza it takes, in bytes (XEP-0478).
    pub max_stanza_bytes: Option<u32>,
    /// How long it keeps a silent link, in seconds (XEP-0478).
    pub idle_seconds: Option<u32>,
    /// What it is (XEP-0115 §6.3), so that disco need not be asked if it is known: `node#ver`.
    pub server_caps: Option<String>,
}

impl ServerFeatures {
    pub(super) fn is_features(element: &Element) -> bool {
        element.is("features", NS_STREAM)
    }

    pub(super) fn read(element: &Element) -> Self {
        let mut features = Self::default();
        for child in element.children() {
            let namespace = child.ns();
            match (child.name(), namespace.as_str()) {
                ("starttls", NS_TLS) => features.starttls = true,
                ("mechanisms", NS_SASL) => features.mechanisms = texts(child, "mechanism"),
                ("authentication", NS_SASL2) => features.sasl2 = Some(Sasl2Offer::read(child)),
                ("sasl-channel-binding", NS_SASL_CB) => {
                    features.channel_bindings = Some(attributes(child, "channel-binding", "type"));
                }
                ("bind", NS_BIND) => features.bind = true,
                // Only servers older than RFC 6121 require it; the others say that it is optional.
                ("session", NS_SESSION) => {
                    features.session_required = !child.has_child("optional", NS_SESSION);
                }
                ("sm", NS_SM) => {
                    features.stream_management = true;
                    features.summary.stream_management = true;
                }
                ("register", NS_REGISTER_FEATURE) => features.register = true,
                _ => features.summary.read_child(child, &namespace),
            }
        }
        features
    }
}

impl Sasl2Offer {
    fn read(element: &Element) -> Self {
        let mut offer = Self { mechanisms: texts(element, "mechanism"), ..Self::default() };
        let Some(inline) = element.get_child("inline", NS_SASL2) else {
            return offer;
        };
        for child in inline.children() {
            if child.is("bind", NS_BIND2) {
                let inline = child.get_child("inline", NS_BIND2);
                offer.bind2 =
                    Some(inline.map_or_else(Vec::new, |inline| attributes(inline, "feature", "var")));
            } else if child.is("sm", NS_SM) {
                offer.resume = true;
            } else if child.is("fast", NS_FAST) {
                offer.fast = Some(texts(child, "mechanism"));
            }
        }
        offer
    }

    pub(super) fn binds_inline(&self, feature: &str) -> bool {
        self.bind2.as_ref().is_some_and(|features| features.iter().any(|name| name == feature))
    }
}

impl StreamFeaturesSummary {
    fn read_child(&mut self, child: &Element, namespace: &str) {
        match (child.name(), namespace) {
            ("ver", NS_ROSTER_VERSIONING) => self.roster_versioning = true,
            ("sub", NS_PRE_APPROVAL) => self.subscription_pre_approval = true,
            ("csi", NS_CSI) => self.client_state_indication = true,
            ("limits", NS_LIMITS) => {
                self.max_stanza_bytes = number(child, "max-bytes").or(self.max_stanza_bytes);
                self.idle_seconds = number(child, "idle-seconds").or(self.idle_seconds);
            }
            ("c", NS_CAPS) => {
                if let (Some(node), Some(ver)) = (child.attr("node"), child.attr("ver"))
                    && node.len() + ver.len() <= 4 * NAME_LIMIT
                {
                    self.server_caps = Some(format!("{node}#{ver}"));
                }
            }
            _ => {}
        }
    }

    /// Adds what is told later to what was told before.
    pub(super) fn merge(&mut self, later: &Self) {
        self.roster_versioning |= later.roster_versioning;
        self.subscription_pre_approval |= later.subscription_pre_approval;
        self.client_state_indication |= later.client_state_indication;
        self.stream_management |= later.stream_management;
        self.max_stanza_bytes = later.max_stanza_bytes.or(self.max_stanza_bytes);
        self.idle_seconds = later.idle_seconds.or(self.idle_seconds);
        if later.server_caps.is_some() {
            self.server_caps.clone_from(&later.server_caps);
        }
    }
}

fn texts(element: &Element, name: &str) -> Vec<String> {
    let children = element.children().filter(|child| child.name() == name);
    names(children.map(Element::text))
}

fn attributes(element: &Element, name: &str, attribute: &str) -> Vec<String> {
    let children = element.children().filter(|child| child.name() == name);
    names(children.filter_map(|child| child.attr(attribute).map(ToOwned::to_owned)))
}

fn names(list: impl Iterator<Item = String>) -> Vec<String> {
    list.filter(|name| !name.is_empty() && name.len() <= NAME_LIMIT).take(LIST_LIMIT).collect()
}

fn number(element: &Element, name: &str) -> Option<u32> {
    let text = element.get_child(name, NS_LIMITS)?.text();
    text.trim().parse().ok().filter(|number| *number > 0)
}

/// How well a server was protected when we last signed in with the password: never less again
/// without a person's word (XEP-0440 §5, XEP-0474 §1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityPin {
    /// The strongest mechanism used, without `-PLUS`; empty if none was yet.
    pub mechanism: String,
    /// Whether signing in was bound to the TLS channel.
    pub channel_binding: bool,
}

impl SecurityPin {
    /// What holds after signing in once more: protection only ever rises.
    pub(super) fn raised_by(&self, mechanism: Mechanism) -> Self {
        let before = Mechanism::parse(&self.mechanism).map_or(0, Mechanism::strength);
        let binds_first = mechanism.binds_channel() && !self.channel_binding;
        Self {
            mechanism: if binds_first || mechanism.strength() > before {
                mechanism.family().to_owned()
            } else {
                self.mechanism.clone()
            },
            channel_binding: self.channel_binding || mechanism.binds_channel(),
        }
    }
}

/// What a server offered last time, so that the next sign-in need not wait to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RememberedFeatures {
    pub(super) offer: Sasl2Offer,
    pub(super) channel_bindings: Option<Vec<String>>,
}

impl RememberedFeatures {
    /// As text, to be kept in a database. [`RememberedFeatures::decode`] reads it back.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::from("1\n");
        let mut line = |name: &str, values: Option<&Vec<String>>| {
            if let Some(values) = values {
                out.push_str(name);
                for value in values.iter().filter(|value| !value.contains(char::is_whitespace)) {
                    out.push(' ');
                    out.push_str(value);
                }
                out.push('\n');
            }
        };
        line("mechanisms", Some(&self.offer.mechanisms));
        line("bind2", self.offer.bind2.as_ref());
        line("fast", self.offer.fast.as_ref());
        line("resume", self.offer.resume.then(Vec::new).as_ref());
        line("bindings", self.channel_bindings.as_ref());
        out
    }

    /// Reads what [`RememberedFeatures::encode`] wrote. `None` if it was something else.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next() != Some("1") {
            return None;
        }
        let mut remembered = Self::default();
        for line in lines {
            let mut words = line.split(' ');
            let name = words.next();
            let values = words.map(ToOwned::to_owned).collect();
            match name {
                Some("mechanisms") => remembered.offer.mechanisms = values,
                Some("bind2") => remembered.offer.bind2 = Some(values),
                Some("fast") => remembered.offer.fast = Some(values),
                Some("resume") => remembered.offer.resume = true,
                Some("bindings") => remembered.channel_bindings = Some(values),
                _ => {}
            }
        }
        Some(remembered)
    }

    /// Whether there is anything to build on: without SASL2 the server must be heard first.
    pub(super) fn is_useful(&self) -> bool {
        !self.offer.mechanisms.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_read_leniently() {
        let element: Element = "<features xmlns='http://etherx.jabber.org/streams'>\
            <authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-1</mechanism>\
            <mechanism/><inline><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/>\
            </inline></bind><sm xmlns='urn:xmpp:sm:3'/><fast xmlns='urn:xmpp:fast:0'>\
            <mechanism>HT-SHA-256-EXPR</mechanism></fast><what xmlns='urn:ever'/></inline></authentication>\
            <sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-new'/></sasl-channel-binding>\
            <limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>many</max-bytes><idle-seconds>60</idle-seconds></limits>\
            <session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>\
            <unknown xmlns='urn:x'/></features>"
            .parse()
            .unwrap();
        let features = ServerFeatures::read(&element);
        let offer = features.sasl2.unwrap();
        assert_eq!(offer.mechanisms, ["SCRAM-SHA-1"]);
        assert!(offer.resume && offer.binds_inline(NS_CARBONS) && !offer.binds_inline(NS_SM));
        assert_eq!(offer.fast.unwrap(), ["HT-SHA-256-EXPR"]);
        assert_eq!(features.channel_bindings.unwrap(), ["tls-new"]);
        assert_eq!(features.summary.max_stanza_bytes, None);
        assert_eq!(features.summary.idle_seconds, Some(60));
        assert!(!features.session_required);
    }

    #[test]
    fn what_is_remembered_survives_the_database() {
        let remembered = RememberedFeatures {
            offer: Sasl2Offer {
                mechanisms: vec!["A".to_owned(), "B".to_owned()],
                bind2: Some(Vec::new()),
                resume: true,
                fast: None,
            },
            channel_bindings: Some(vec!["tls-exporter".to_owned()]),
        };
        assert_eq!(RememberedFeatures::decode(&remembered.encode()), Some(remembered));
        assert_eq!(RememberedFeatures::decode("rubbish"), None);
    }

    #[test]
    fn a_pin_only_rises() {
        let strong = SecurityPin::default().raised_by(Mechanism::parse("SCRAM-SHA-512-PLUS").unwrap());
        assert_eq!(strong.mechanism, "SCRAM-SHA-512");
        assert!(strong.channel_binding);
        assert_eq!(strong.raised_by(Mechanism::parse("SCRAM-SHA-1").unwrap()), strong);
    }
}
