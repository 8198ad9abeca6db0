//! Encryption in words: what is protected, what is not, and what one can do about it.

use model::{ConversationEncryption, Device, EncryptionSettings, OmemoVersion, Trust};

use crate::i18n::{gettext, gettext_f, ngettext_f};

/// How a conversation stands, for the menu of its lock.
#[derive(Debug, PartialEq, Eq)]
pub struct Standing {
    /// In two or three words.
    pub title: String,
    /// What that means.
    pub explanation: String,
    /// What else there is to know, a sentence or two each.
    pub notes: Vec<String>,
}

/// Says how a conversation with somebody of this name stands.
pub fn standing(
    encryption: ConversationEncryption,
    name: &str,
    devices: &[Device],
    settings: EncryptionSettings,
) -> Standing {
    let hole = [("name", name)];
    let current: Vec<&Device> = devices.iter().filter(|device| is_in_use(device)).collect();
    match encryption {
        ConversationEncryption::Omemo => Standing {
            title: gettext("Encrypted"),
            explanation: gettext_f(
                "What you write can only be read on your devices and on those of {name}.",
                &hole,
            ),
            notes: [
                trust_in(&current, name, settings),
                older_form(&current, name),
                Some(gettext(
                    "Servers still see who writes to whom, when and how much. The keys prove to nobody else who wrote what.",
                )),
            ]
            .into_iter()
            .flatten()
            .collect(),
        },
        ConversationEncryption::Off => Standing {
            title: gettext("Not encrypted"),
            explanation: gettext("You turned encryption off. The servers on both sides can read what is written."),
            notes: vec![if current.is_empty() {
                gettext_f(
                    "No device of {name} is known that can read encrypted messages. If you turn encryption on, messages wait until there is one.",
                    &hole,
                )
            } else {
                gettext_f("{name} can read encrypted messages.", &hole)
            }],
        },
        ConversationEncryption::Undecided => Standing {
            title: gettext("Not encrypted yet"),
            explanation: gettext("The servers on both sides can read what is written."),
            notes: vec![if current.is_empty() {
                gettext_f(
                    "No device of {name} is known that can read encrypted messages. As soon as there is one, encryption begins by itself.",
                    &hole,
                )
            } else {
                gettext_f(
                    "{name} can read encrypted messages. Encryption begins by itself if your server can keep your keys.",
                    &hole,
                )
            }],
        },
    }
}

/// Whether a device stands on a list of its owner, and is not this one.
pub fn is_in_use(device: &Device) -> bool {
    !device.is_this && !device.versions.is_empty()
}

fn trust_in(current: &[&Device], name: &str, settings: EncryptionSettings) -> Option<String> {
    let hole = [("name", name)];
    let has = |trust: Trust| current.iter().any(|device| device.trust == trust);
    Some(if current.is_empty() {
        gettext_f("No device of {name} is known. Messages wait until there is one.", &hole)
    } else if has(Trust::Changed) {
        gettext_f("A device of {name} shows another key than before. Messages wait until you decide.", &hole)
    } else if has(Trust::Undecided) {
        gettext_f("A new device of {name} waits for your decision, and reads nothing until then.", &hole)
    } else if current.iter().all(|device| device.trust == Trust::Verified) {
        gettext_f("You compared the keys of {name}: nobody can pose as them.", &hole)
    } else if has(Trust::Blind) && settings.verified_only && !has(Trust::Verified) {
        gettext_f("You write to compared devices only, and compared none of {name}. Messages wait.", &hole)
    } else if has(Trust::Blind) {
        gettext_f("You have not compared keys with {name}. Comparing shows that nobody is in between.", &hole)
    } else if has(Trust::Verified) {
        return None;
    } else {
        gettext_f("You trust no device of {name}. Messages wait until you do.", &hole)
    })
}

fn older_form(current: &[&Device], name: &str) -> Option<String> {
    let is_older = |device: &&Device| !device.versions.contains(&OmemoVersion::Two);
    (!current.is_empty() && current.iter().all(is_older)).then(|| {
        gettext_f(
            "The apps of {name} know only the older form of encryption, which hides words and nothing else.",
            &[("name", name)],
        )
    })
}

/// What a device is called.
pub fn device_name(device: &Device) -> String {
    match &device.label {
        Some(label) => label.clone(),
        None if device.is_this => gettext("This Device"),
        // Its number is all there is to tell it from others.
        None => gettext_f("Device {number}", &[("number", &device.id.to_string())]),
    }
}

/// How far a device is trusted, in a few words.
pub fn trust(device: &Device) -> String {
    if device.is_this {
        return gettext("This device");
    }
    match device.trust {
        Trust::Undecided => gettext("New: waits for your decision"),
        Trust::Blind => gettext("Trusted, not compared"),
        Trust::Verified => gettext("Verified"),
        Trust::Untrusted => gettext("Not trusted"),
        Trust::Changed => gettext("Shows another key than before"),
    }
}

/// What trust meant when a message came.
pub fn trust_then(trust: Trust) -> String {
    match trust {
        Trust::Undecided => gettext("not decided"),
        Trust::Blind => gettext("trusted, not compared"),
        Trust::Verified => gettext("verified"),
        Trust::Untrusted => gettext("not trusted"),
        Trust::Changed => gettext("another key than before"),
    }
}

/// How many devices somebody has, and whether one waits.
pub fn summary(devices: &[Device]) -> String {
    let current: Vec<&Device> = devices.iter().filter(|device| is_in_use(device)).collect();
    let waiting = current.iter().filter(|device| is_waiting(device)).count() as u32;
    if current.is_empty() {
        gettext("No devices known")
    } else if waiting > 0 {
        ngettext_f("{n} device waits for your decision", "{n} devices wait for your decision", waiting, &[])
    } else if current.iter().all(|device| device.trust == Trust::Verified) {
        ngettext_f("{n} verified device", "{n} devices, all verified", current.len() as u32, &[])
    } else {
        ngettext_f("{n} device", "{n} devices", current.len() as u32, &[])
    }
}

/// Whether a device waits for the user.
pub fn is_waiting(device: &Device) -> bool {
    matches!(device.trust, Trust::Undecided | Trust::Changed) && device.fingerprint.is_some()
}

#[cfg(test)]
mod tests {
    use model::{BareJid, Fingerprint, Timestamp};

    use super::*;

    const SETTINGS: EncryptionSettings =
        EncryptionSettings { blind_trust: true, verified_only: false, reactions_in_clear: false };

    fn device(id: u32, trust: Trust) -> Device {
        Device {
            owner: BareJid::new("bob@example.org").expect("an address"),
            id,
            is_this: false,
            fingerprint: Some(Fingerprint([id as u8; 32])),
            shown: None,
            trust,
            label: None,
            versions: vec![OmemoVersion::Two],
            first_seen: Timestamp(0),
            last_seen: None,
        }
    }

    #[test]
    fn only_what_is_encrypted_is_called_so() {
        let devices = [device(1, Trust::Verified)];
        for encryption in [ConversationEncryption::Off, ConversationEncryption::Undecided] {
            let standing = standing(encryption, "Bob", &devices, SETTINGS);
            assert!(standing.title.starts_with("Not encrypted"), "{standing:?}");
            assert!(standing.explanation.contains("can read what is written"), "{standing:?}");
        }
        let standing = standing(ConversationEncryption::Omemo, "Bob", &devices, SETTINGS);
        assert_eq!(standing.title, "Encrypted");
        assert!(standing.notes.iter().any(|note| note.contains("who writes to whom")), "{standing:?}");
    }

    #[test]
    fn what_needs_the_user_is_said_first() {
        let note = |devices: &[Device], settings| {
            standing(ConversationEncryption::Omemo, "Bob", devices, settings).notes.remove(0)
        };
        let verified = device(1, Trust::Verified);
        let new = device(2, Trust::Undecided);
        let changed = device(3, Trust::Changed);
        assert!(note(std::slice::from_ref(&verified), SETTINGS).contains("nobody can pose"));
        assert!(note(&[verified.clone(), new.clone()], SETTINGS).contains("waits for your decision"));
        assert!(note(&[verified, new, changed], SETTINGS).contains("another key"));
        let strict = EncryptionSettings { verified_only: true, ..SETTINGS };
        assert!(note(&[device(1, Trust::Blind)], strict).contains("compared devices only"));
        assert!(note(&[device(1, Trust::Untrusted)], SETTINGS).contains("trust no device"));
        assert!(note(&[], SETTINGS).contains("No device"));
    }

    #[test]
    fn devices_are_counted_as_far_as_they_are_in_use() {
        let mut gone = device(3, Trust::Verified);
        gone.versions.clear();
        assert_eq!(summary(&[]), "No devices known");
        assert_eq!(summary(&[device(1, Trust::Verified), gone.clone()]), "1 verified device");
        assert_eq!(summary(&[device(1, Trust::Blind), device(2, Trust::Verified), gone]), "2 devices");
        assert_eq!(
            summary(&[device(1, Trust::Blind), device(2, Trust::Undecided)]),
            "1 device waits for your decision"
        );
    }
}
