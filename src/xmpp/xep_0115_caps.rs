//! XEP-0115: entity capabilities, what a program can do in the few bytes of a hash.
//!
//! The hash is only worth something if it is checked (§5.4): else one contact could poison what is remembered
//! of everybody who uses the same program. The string that is hashed has known ambiguities; an answer that
//! could use them is treated as one that does not fit.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use minidom::Element;
use sha1::{Digest as _, Sha1};
use sha2::{Sha256, Sha512};

use crate::{
    payload::tag,
    xep_0004_data_forms::Form,
    xep_0030_disco::{Identity, Info},
};

/// The namespace.
pub const NS: &str = "http://jabber.org/protocol/caps";

/// The longest node or hash that is believed.
const MAX: usize = 512;

/// The hash in a presence (§4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Names the program.
    pub node: String,
    /// The hash function (XEP-0300 names).
    pub hash: String,
    /// The hash, in Base64.
    pub ver: String,
}

impl Caps {
    /// The hash in a presence; none if there is none that could be checked (§5.2: old ones have no `hash`).
    #[must_use]
    pub fn read(presence: &Element) -> Option<Self> {
        let caps = presence.get_child("c", NS)?;
        let attribute = |name: &str| {
            Some(caps.attr(name)?.to_owned()).filter(|value| !value.is_empty() && value.len() <= MAX)
        };
        let caps = Self { node: attribute("node")?, hash: attribute("hash")?, ver: attribute("ver")? };
        digest(&caps.hash, b"").is_some().then_some(caps)
    }

    /// The hash of what we can do, for our own presence (§5.1).
    #[must_use]
    pub fn of(node: &str, info: &Info) -> Option<Self> {
        let ver = STANDARD.encode(Sha1::digest(verification_string(info)?));
        Some(Self { node: node.to_owned(), hash: "sha-1".to_owned(), ver })
    }

    /// Writes it.
    #[must_use]
    pub fn element(&self) -> Element {
        tag("c", NS, &[("hash", &self.hash), ("node", &self.node), ("ver", &self.ver)])
    }

    /// The node at which to ask what the hash stands for (§6.2).
    #[must_use]
    pub fn query_node(&self) -> String {
        format!("{}#{}", self.node, self.ver)
    }

    /// What is remembered is filed under this: the hash with its function, for the node proves nothing.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}:{}", self.hash, self.ver)
    }

    /// Whether an answer is what the hash stands for (§5.4).
    #[must_use]
    pub fn fits(&self, info: &Info) -> bool {
        verification_string(info)
            .and_then(|text| digest(&self.hash, text.as_bytes()))
            .is_some_and(|digest| STANDARD.encode(digest) == self.ver)
    }
}

fn digest(hash: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match hash {
        "sha-1" => Some(Sha1::digest(bytes).to_vec()),
        "sha-256" => Some(Sha256::digest(bytes).to_vec()),
        "sha-512" => Some(Sha512::digest(bytes).to_vec()),
        _ => None,
    }
}

/// The string of §5.1; `None` for an answer that §5.4 calls ill-formed, or that could be read in two ways.
fn verification_string(info: &Info) -> Option<String> {
    let mut text = String::new();
    for identity in distinct(info.identities.iter().map(identity_string).collect::<Option<Vec<_>>>()?)? {
        push(&mut text, &identity)?;
    }
    for feature in distinct(info.features.clone())? {
        push(&mut text, &feature)?;
    }
    // A form without its type is left out (§5.4, 3.6); the same type twice is ill-formed (3.5).
    let mut forms = Vec::new();
    for form in &info.forms {
        let Some(field) = form.field("FORM_TYPE").filter(|field| field.kind == "hidden") else { continue };
        let (Some(form_type), true) = (field.value(), same(&field.values)) else { return None };
        forms.push((form_type.to_owned(), form_string(form)?));
    }
    forms.sort();
    distinct(forms.iter().map(|(form_type, _)| form_type.clone()).collect())?;
    for (form_type, fields) in forms {
        push(&mut text, &form_type)?;
        text.push_str(&fields);
    }
    Some(text)
}

fn identity_string(identity: &Identity) -> Option<String> {
    let Identity { category, kind, lang, name } = identity;
    // Only the name, which stands last, may hold the separator.
    if [category, kind, lang].iter().any(|part| part.contains('/')) {
        return None;
    }
    Some(format!("{category}/{kind}/{lang}/{name}"))
}

fn form_string(form: &Form) -> Option<String> {
    let mut fields: Vec<_> =
        form.fields.iter().filter(|field| field.var.as_deref() != Some("FORM_TYPE")).collect();
    fields.sort_by(|one, other| one.var.cmp(&other.var));
    let mut text = String::new();
    for field in fields {
        push(&mut text, field.var.as_deref().unwrap_or_default())?;
        let mut values = field.values.clone();
        values.sort();
        for value in values {
            push(&mut text, &value)?;
        }
    }
    Some(text)
}

/// Appends a part and the mark that ends it. A part that holds the mark would be two.
fn push(text: &mut String, part: &str) -> Option<()> {
    if part.contains('<') {
        return None;
    }
    text.push_str(part);
    text.push('<');
    Some(())
}

/// Sorted by bytes (§5.1 names the collation i;octet); `None` when two are the same.
fn distinct(mut parts: Vec<String>) -> Option<Vec<String>> {
    parts.sort();
    let count = parts.len();
    parts.dedup();
    (parts.len() == count).then_some(parts)
}

fn same(values: &[String]) -> bool {
    values.windows(2).all(|pair| matches!(pair, [one, other] if one == other))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The complex example of §5.3.
    const EXAMPLE: &str = "<query xmlns='http://jabber.org/protocol/disco#info' node='http://psi-im.org#q07IKJEyjvHSyhy//CH0CxmKi8w='>\
        <identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>\
        <identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>\
        <feature var='http://jabber.org/protocol/caps'/>\
        <feature var='http://jabber.org/protocol/disco#info'/>\
        <feature var='http://jabber.org/protocol/disco#items'/>\
        <feature var='http://jabber.org/protocol/muc'/>\
        <x xmlns='jabber:x:data' type='result'>\
        <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>\
        <field var='ip_version' type='text-multi' ><value>ipv4</value><value>ipv6</value></field>\
        <field var='os'><value>Mac</value></field><field var='os_version'><value>10.5.1</value></field>\
        <field var='software'><value>Psi</value></field><field var='software_version'><value>0.11</value></field>\
        </x></query>";

    fn info(text: &str) -> Info {
        Info::read(&text.parse().unwrap()).unwrap()
    }

    fn caps(ver: &str) -> Caps {
        Caps { node: "http://psi-im.org".to_owned(), hash: "sha-1".to_owned(), ver: ver.to_owned() }
    }

    #[test]
    fn the_examples_of_the_xep_fit() {
        assert!(caps("q07IKJEyjvHSyhy//CH0CxmKi8w=").fits(&info(EXAMPLE)));
        let simple = "<query xmlns='http://jabber.org/protocol/disco#info'>\
            <identity category='client' name='Exodus 0.9.1' type='pc'/>\
            <feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>\
            <feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/></query>";
        assert!(caps("QgayPKawpkPSDYmwT/WM94uAlu0=").fits(&info(simple)));
    }

    #[test]
    fn presence_reads_what_it_writes() {
        let own = Caps::of("https://starling.im", &info(EXAMPLE)).unwrap();
        let presence = crate::payload::parent_tag("presence", "jabber:client", &[], [own.element()]);
        assert_eq!(Caps::read(&presence), Some(own.clone()));
        assert_eq!(own.query_node(), "https://starling.im#q07IKJEyjvHSyhy//CH0CxmKi8w=");
        assert_eq!(own.key(), "sha-1:q07IKJEyjvHSyhy//CH0CxmKi8w=");
    }

    #[test]
    fn poison_does_not_fit() {
        let right = caps("q07IKJEyjvHSyhy//CH0CxmKi8w=");
        for poison in [
            EXAMPLE.replace("protocol/muc'", "protocol/muc#evil'"),
            EXAMPLE.replace("<feature var='http://jabber.org/protocol/muc'/>", ""),
            // The same string from other parts.
            EXAMPLE.replace(
                "<feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/>",
                "<feature var='http://jabber.org/protocol/disco#info&lt;http://jabber.org/protocol/disco#items'/>",
            ),
            // Twice the same feature, identity or form.
            EXAMPLE.replace("<x ", "<feature var='http://jabber.org/protocol/muc'/><x "),
            EXAMPLE.replace("<feature var='http://jabber.org/protocol/caps'/>", "<identity category='client' type='pc/' name='x'/>"),
        ] {
            assert!(!right.fits(&info(&poison)), "{poison}");
        }
    }

    #[test]
    fn a_form_type_must_be_hidden_and_one() {
        let visible = EXAMPLE.replace(" type='hidden'", "");
        assert!(!caps("q07IKJEyjvHSyhy//CH0CxmKi8w=").fits(&info(&visible)));
        let two = EXAMPLE.replace("softwareinfo</value>", "softwareinfo</value><value>other</value>");
        assert_eq!(verification_string(&info(&two)), None);
        let form = EXAMPLE.get(EXAMPLE.find("<x ").unwrap()..EXAMPLE.find("</query>").unwrap()).unwrap();
        let twice = EXAMPLE.replace("</query>", &format!("{form}</query>"));
        assert_eq!(verification_string(&info(&twice)), None);
    }

    #[test]
    fn hashes_that_cannot_be_checked_are_none() {
        for caps in [
            "<c xmlns='http://jabber.org/protocol/caps' node='n' ver='v'/>",
            "<c xmlns='http://jabber.org/protocol/caps' node='n' ver='v' hash='md2'/>",
            "<c xmlns='http://jabber.org/protocol/caps' node='' ver='v' hash='sha-1'/>",
        ] {
            let presence: Element =
                format!("<presence xmlns='jabber:client'>{caps}</presence>").parse().unwrap();
            assert_eq!(Caps::read(&presence), None);
        }
    }
}
