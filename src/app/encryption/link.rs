//! Links that carry keys: `xmpp:alice@example.org?omemo-sid-123=ab12…;omemo-sid-456=…`.
//!
//! Other apps write and read the same (with `;` or `&` between the devices), so that a code shown by one is read by
//! the other. The number is that of a device, the value its key in hexadecimal.

use std::fmt::Write;

use model::{BareJid, Device, Fingerprint, Trust};

use super::words::is_in_use;

const SCHEME: &str = "xmpp:";
const KEY: &str = "omemo-sid-";
/// More keys than anybody has devices say nothing more.
const MOST: usize = 100;

/// Whose link it is, and the keys it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whose keys.
    pub address: BareJid,
    /// Number and key of each device.
    pub keys: Vec<(u32, Fingerprint)>,
}

/// What a link says about the devices that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Keys that are as the link says.
    pub right: Vec<Fingerprint>,
    /// Keys of devices for which the link names another.
    pub wrong: Vec<Fingerprint>,
}

impl Link {
    /// The link of an account: this device, and the others that were verified. What the user does not vouch for is
    /// not handed on.
    pub fn of(address: &BareJid, devices: &[Device]) -> Self {
        let keys = devices
            .iter()
            .filter(|device| device.is_this || is_in_use(device) && device.trust == Trust::Verified)
            .filter_map(|device| Some((device.id, device.fingerprint?)))
            .collect();
        Self { address: address.clone(), keys }
    }

    /// Reads a link. `None` if it is none, or names no key.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let scheme = text.get(..SCHEME.len()).filter(|scheme| scheme.eq_ignore_ascii_case(SCHEME))?;
        let (address, query) = text.get(scheme.len()..)?.split_once('?')?;
        let address = BareJid::new(&unescape(address)?).ok()?;
        let keys: Vec<_> = query.split([';', '&']).filter_map(key).take(MOST).collect();
        (!keys.is_empty()).then_some(Self { address, keys })
    }

    /// Compares with the devices that are known.
    pub fn judge(&self, devices: &[Device]) -> Verdict {
        let mut verdict = Verdict::default();
        for (id, said) in &self.keys {
            for device in devices.iter().filter(|device| !device.is_this) {
                // The key it shows now is what would be written to.
                let Some(seen) = device.shown.or(device.fingerprint) else { continue };
                if seen == *said {
                    verdict.right.push(seen);
                } else if device.id == *id && is_in_use(device) {
                    verdict.wrong.push(seen);
                }
            }
        }
        verdict
    }
}

impl std::fmt::Display for Link {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{SCHEME}{}", escape(self.address.as_str()))?;
        for (place, (id, key)) in self.keys.iter().enumerate() {
            let before = if place == 0 { '?' } else { ';' };
            write!(formatter, "{before}{KEY}{id}={}", key.groups().concat())?;
        }
        Ok(())
    }
}

fn key(part: &str) -> Option<(u32, Fingerprint)> {
    let (id, key) = part.strip_prefix(KEY)?.split_once('=')?;
    Some((id.parse().ok().filter(|id| *id > 0)?, key.parse().ok()?))
}

/// Leaves what addresses are mostly made of as it is (RFC 5122).
fn escape(address: &str) -> String {
    let mut escaped = String::with_capacity(address.len());
    for byte in address.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@!$'()*+,".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

fn unescape(address: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(address.len());
    let mut rest = address.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            (digit()? * 16 + digit()?) as u8
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use model::{OmemoVersion, Timestamp};
    use proptest::prelude::*;

    use super::*;

    fn device(id: u32, key: u8, trust: Trust) -> Device {
        Device {
            owner: address(),
            id,
            is_this: false,
            fingerprint: Some(Fingerprint([key; 32])),
            shown: None,
            trust,
            label: None,
            versions: vec![OmemoVersion::Legacy],
            first_seen: Timestamp(0),
            last_seen: None,
        }
    }

    fn address() -> BareJid {
        BareJid::new("bob@example.org").expect("an address")
    }

    #[test]
    fn a_link_reads_what_it_writes() {
        let this = Device { is_this: true, ..device(1, 0xab, Trust::Verified) };
        let devices = [this, device(2, 2, Trust::Verified), device(3, 3, Trust::Blind)];
        let link = Link::of(&address(), &devices);
        let text = link.to_string();
        assert_eq!(
            text,
            format!("xmpp:bob@example.org?omemo-sid-1={};omemo-sid-2={}", "ab".repeat(32), "02".repeat(32))
        );
        assert_eq!(Link::read(&format!(" {text}\n")), Some(link.clone()));
        assert_eq!(
            Link::read(&text.replace(';', "&").to_uppercase().replace("OMEMO-SID", "omemo-sid")),
            Some(link)
        );
    }

    #[test]
    fn odd_letters_travel_escaped() {
        let address = BareJid::new(r"bôb+o\27neil=50%?@exämple.org").expect("an address");
        let link = Link { address, keys: vec![(7, Fingerprint([7; 32]))] };
        let text = link.to_string();
        assert!(text.is_ascii() && text.matches('?').count() == 1, "{text}");
        assert_eq!(Link::read(&text), Some(link));
    }

    #[test]
    fn what_names_no_key_is_no_such_link() {
        let key = "00".repeat(32);
        for text in [
            "",
            "xmpp:",
            "bob@example.org",
            "xmpp:bob@example.org",
            "xmpp:bob@example.org?message",
            &format!("xmpp:bob@example.org?omemo-sid-0={key}"),
            &format!("xmpp:bob@example.org?omemo-sid-x={key}"),
            &format!("xmpp:bob@example.org?omemo-sid-1={key}0"),
            &format!("xmpp:b%ob@example.org?omemo-sid-1={key}"),
            &format!("https:bob@example.org?omemo-sid-1={key}"),
        ] {
            assert_eq!(Link::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_is_right_wrong_or_not_spoken_of() {
        let link =
            Link { address: address(), keys: vec![(1, Fingerprint([1; 32])), (2, Fingerprint([2; 32]))] };
        let devices = [device(1, 1, Trust::Blind), device(2, 9, Trust::Blind), device(3, 3, Trust::Blind)];
        let verdict = link.judge(&devices);
        assert_eq!(verdict.right, [Fingerprint([1; 32])]);
        assert_eq!(verdict.wrong, [Fingerprint([9; 32])]);
        let changed = Device { shown: Some(Fingerprint([8; 32])), ..device(1, 1, Trust::Changed) };
        assert_eq!(link.judge(&[changed]).wrong, [Fingerprint([8; 32])], "what it shows now counts");
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "\\PC*", tail in "\\PC{0,40}") {
            let _ = Link::read(&text);
            let _ = Link::read(&format!("xmpp:{text}?omemo-sid-{tail}"));
        }
    }
}
