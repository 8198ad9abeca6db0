//! What went wrong, in a sentence, and what to do next.
//!
//! The only place where a [`Failure`] becomes words. A title says what happened in one short
//! line; the advice says what the person can do, or that nothing need be done. Words of a server
//! are quoted as such: they are not ours. There is no way past a certificate that is not
//! trusted, so that sentence never hints at one.

use gtk::glib;
use model::{
    CertificateFacts, CertificateProblem, DeliveryFailure, DeliveryReason, EncryptionKind, Failure,
    KeyFailure, StorageFailure, TransferFailure, UnreadableReason, Wait,
};

use crate::{
    i18n::{gettext, gettext_f},
    time_words::date,
};

/// A failure, ready to be shown. Plain text, never markup.
#[derive(Debug)]
pub struct Explanation {
    /// What happened.
    pub title: String,
    /// What to do next.
    pub advice: String,
    /// What a person needs to judge for themselves: name and value.
    pub facts: Vec<(String, String)>,
}

impl Explanation {
    fn new(title: String, advice: String) -> Self {
        Self { title, advice, facts: Vec::new() }
    }

    /// Both parts, for where there is one line only.
    pub fn sentence(&self) -> String {
        if self.advice.is_empty() { self.title.clone() } else { format!("{} {}", self.title, self.advice) }
    }
}

/// Explains a failure that concerns `server`, the domain of the account.
pub fn explain(failure: &Failure, server: &str) -> Explanation {
    let server_hole = [("server", server)];
    let (title, advice) = match failure {
        Failure::Unreachable => (
            gettext_f("{server} does not answer.", &server_hole),
            gettext("Check your network; the server may also be down for a while."),
        ),
        Failure::NoSuchServer => (
            gettext_f("There is no server named {server}.", &server_hole),
            gettext("Check the part of the address after the @."),
        ),
        Failure::ServiceNotOffered => (
            gettext_f("{server} offers no XMPP service.", &server_hole),
            gettext("Check the address, or ask whoever runs the server."),
        ),
        Failure::ConnectionLost => {
            (gettext("The connection was lost."), gettext("Starling connects again by itself."))
        }
        Failure::TimedOut => {
            (gettext_f("{server} took too long to answer.", &server_hole), gettext("Try again in a moment."))
        }
        Failure::NoEncryption => (
            gettext_f("{server} offers no encryption.", &server_hole),
            gettext(
                "Nothing was sent. Ask whoever runs the server to turn on TLS, or choose another server.",
            ),
        ),
        Failure::Certificate(facts) => return certificate(facts),
        Failure::Tls => (
            gettext_f("A secure connection to {server} could not be made.", &server_hole),
            gettext("Something between you and the server may be interfering. Try another network."),
        ),
        Failure::WrongPassword => {
            (gettext("The address or the password is wrong."), gettext("Check both and try again."))
        }
        Failure::AccountDisabled(words) => {
            (gettext("The server has closed this account."), said(words.as_deref(), &ask_the_server()))
        }
        Failure::PlainNotAllowed => (
            gettext_f("{server} wants to be sent the password itself.", &server_hole),
            gettext("Better servers only ask for a proof that you know it."),
        ),
        Failure::NoMechanism => (
            gettext_f("{server} offers no way of signing in that Starling knows.", &server_hole),
            ask_the_server(),
        ),
        Failure::Downgrade => (
            gettext_f("{server} is less protected than it was before.", &server_hole),
            gettext("Somebody may be in between. Try another network before you ask the server's operators."),
        ),
        Failure::ServerNotProven => (
            gettext_f("{server} could not prove that it knows your password.", &server_hole),
            gettext("It may not be the server it claims to be. Try another network."),
        ),
        Failure::Replaced => (
            gettext("Another program took the place of this one."),
            gettext("Close the other one, or connect again here."),
        ),
        Failure::ServerBusy(words) => (
            gettext_f("{server} is busy.", &server_hole),
            said(words.as_deref(), &gettext("Starling tries again later.")),
        ),
        Failure::Protocol => (
            gettext_f("{server} does not speak XMPP as expected.", &server_hole),
            gettext("Check the server and port, or ask whoever runs the server."),
        ),
        Failure::SeeOtherHost(other) => (
            gettext_f("{server} asks to use another server.", &server_hole),
            gettext_f("Enter {other} as the server under Advanced.", &[("other", &other.host)]),
        ),
        Failure::RegistrationClosed(words) => (
            gettext_f("{server} does not let people make accounts here.", &server_hole),
            said(words.as_deref(), &gettext("It may have a web page for that. Or choose another server.")),
        ),
        Failure::NameTaken => (gettext("That name is taken."), gettext("Choose another one.")),
        Failure::FormRefused(words) => (
            gettext("The server did not accept the form."),
            said(words.as_deref(), &gettext("Check what you entered and try again.")),
        ),
        Failure::AccountExists => {
            (gettext("This account is on this device already."), gettext("Choose it under Accounts."))
        }
        Failure::BadAddress => {
            (gettext("This is not an address."), gettext("An address looks like name@example.org."))
        }
        Failure::BadAuthorities => (
            gettext("There is no certificate in the authority file."),
            gettext("Choose a PEM file that can be read."),
        ),
        Failure::Key(key) => return key_failure(*key),
        Failure::Storage(storage) => return storage_failure(*storage),
        Failure::Gone => (gettext("The account is gone."), String::new()),
    };
    Explanation::new(title, advice)
}

/// Explains why a message was refused.
pub fn delivery(failure: &DeliveryFailure) -> String {
    let sentence = match failure.reason {
        DeliveryReason::NotFound => gettext("There is nobody with this address. Check how it is written."),
        DeliveryReason::Refused => gettext("The other side does not accept the message."),
        DeliveryReason::ServerNotFound => {
            gettext("The other side's server cannot be reached. Try again later.")
        }
        DeliveryReason::TooLarge => gettext("The message is too long for a server. Send it in parts."),
        DeliveryReason::Busy => {
            gettext("A server has too much to do, or a mailbox is full. Try again later.")
        }
        DeliveryReason::EncryptionTurnedOff => {
            gettext("It was not sent before encryption was turned off. Try again to send it without.")
        }
        DeliveryReason::Other => gettext("The message could not be delivered."),
    };
    failure.text.as_deref().map_or(sentence.clone(), |words| {
        format!("{sentence} {}", gettext_f("The server says: “{words}”", &[("words", words)]))
    })
}

/// Explains why a message waits to be encrypted.
pub fn wait(wait: Wait) -> String {
    match wait {
        Wait::Keys => {
            gettext("Waits for keys of the devices. It is sent by itself as soon as they are here.")
        }
        Wait::NoDevice => gettext(
            "Waits: no device of the other side can read encrypted messages. It is sent by itself as soon as one can.",
        ),
        Wait::NoTrustedDevice => {
            gettext("Waits: you trust no device of the other side. Decide about one, and it is sent.")
        }
        Wait::KeyChanged => gettext(
            "Waits: a device of the other side shows another key than before. Decide about it, and it is sent.",
        ),
    }
}

/// Explains why a file could not be sent or fetched.
pub fn transfer(failure: TransferFailure) -> String {
    match failure {
        TransferFailure::Cancelled => gettext("Cancelled"),
        TransferFailure::NotReadable => {
            gettext("The file cannot be read any more. Choose it again to send it.")
        }
        TransferFailure::NoService => {
            gettext("Your server takes no files. Ask whoever runs it, or send a link.")
        }
        TransferFailure::TooLarge(most) => gettext_f(
            "The file is too large: your server takes at most {size}.",
            &[("size", &glib::format_size(most))],
        ),
        TransferFailure::Refused => gettext("The server refused. A quota may be used up; try again later."),
        TransferFailure::Expired => {
            gettext("The file is no longer on the server. Ask for it to be sent again.")
        }
        TransferFailure::LargerThanSaid => {
            gettext("The file is larger than its sender said. Nothing of it was kept.")
        }
        TransferFailure::NotGenuine => {
            gettext("This is not the file that was sent: it was changed on its way. Nothing of it was kept.")
        }
        TransferFailure::UnsafePlace => {
            gettext("The file lies at a place that is not safe to fetch from. Nothing was asked for.")
        }
        TransferFailure::Unreachable => gettext("The server of the file does not answer. Try again later."),
        TransferFailure::DiskFull => gettext("There is no room on this device. Free some, and try again."),
        TransferFailure::UnknownEncryption => {
            gettext("The file is encrypted in a way that Starling cannot read.")
        }
    }
}

/// Explains why a message cannot be read.
pub fn unreadable(reason: UnreadableReason) -> Explanation {
    let (title, advice) = match reason {
        UnreadableReason::UnknownEncryption(kind) => (
            unknown_encryption(kind),
            gettext("Ask the sender to write with OMEMO, or without encryption from device to device."),
        ),
        UnreadableReason::NotForThisDevice => (
            gettext("This message is encrypted, and not for this device."),
            gettext("It can be read on devices that existed when it was sent and that the sender trusts."),
        ),
        UnreadableReason::NoSession => (
            gettext("This message cannot be read: it was written with keys that this device no longer has."),
            gettext("Reset the session, and ask the sender to write it again."),
        ),
        UnreadableReason::Damaged => (
            gettext("This message cannot be read: it was changed on its way, or keys no longer fit."),
            gettext("If it happens again, reset the session, and ask the sender to write it again."),
        ),
        UnreadableReason::KeyChanged => (
            gettext("This message is not shown: the sender's device uses another key than before."),
            gettext("Compare keys, and ask the sender to write it again."),
        ),
        UnreadableReason::Forged => (
            gettext(
                "This message is not shown: it was written by somebody else, or for another conversation.",
            ),
            gettext("Somebody with power over a server may have put it here."),
        ),
    };
    Explanation::new(title, advice)
}

fn unknown_encryption(kind: EncryptionKind) -> String {
    let name = match kind {
        EncryptionKind::OmemoLegacy | EncryptionKind::Omemo => "OMEMO",
        EncryptionKind::Ox => "OpenPGP",
        EncryptionKind::LegacyOpenPgp => "OpenPGP (XEP-0027)",
        EncryptionKind::Otr => "OTR",
        EncryptionKind::None | EncryptionKind::Other => {
            return gettext("This message is encrypted in a way that Starling cannot read.");
        }
    };
    gettext_f("This message is encrypted with {name}, which Starling cannot read.", &[("name", name)])
}

/// Explains why a service could not start at all.
pub fn storage_failure(failure: StorageFailure) -> Explanation {
    let (title, advice) = match failure {
        StorageFailure::Full => (
            gettext("The disk is full."),
            gettext("Free some space; nothing that was shown as sent is lost."),
        ),
        StorageFailure::ReadOnly => (
            gettext("Starling's folder cannot be written."),
            gettext("Check the permissions of your home folder."),
        ),
        StorageFailure::Io => (
            gettext("The disk reports an error."),
            gettext("Make a copy of your files, then have the disk checked."),
        ),
        StorageFailure::Damaged => (
            gettext("The messages on this device are damaged."),
            gettext(
                "Restore a backup, or remove the account and sign in again: the server has a copy of recent messages.",
            ),
        ),
        StorageFailure::TooNew => (
            gettext("A newer version of Starling wrote the messages on this device."),
            gettext("Update Starling. Nothing was changed."),
        ),
        StorageFailure::InUse => (
            gettext("Another Starling is using this profile."),
            gettext("Close it first, or start this one with --profile and another name."),
        ),
    };
    Explanation::new(title, advice)
}

fn key_failure(failure: KeyFailure) -> Explanation {
    let (title, advice) = match failure {
        KeyFailure::NoService => (
            gettext("No keyring is running on this device."),
            gettext("Choose a passphrase, and Starling protects your messages with that."),
        ),
        KeyFailure::Locked => {
            (gettext("Your keyring is locked."), gettext("Unlock it to open your messages."))
        }
        KeyFailure::NoSuchItem => (
            gettext("The keyring has no key for this account."),
            gettext("Restore the keyring, or remove the account from this device and sign in again."),
        ),
        KeyFailure::WrongKey => (
            gettext("The key in your keyring does not fit these messages."),
            gettext("Restore the right keyring, or remove the account from this device and sign in again."),
        ),
        KeyFailure::PassphraseNeeded => {
            (gettext("Your messages are protected with a passphrase."), gettext("Enter it to open them."))
        }
        KeyFailure::WrongPassphrase => (gettext("That is not the passphrase."), gettext("Try again.")),
    };
    Explanation::new(title, advice)
}

fn certificate(facts: &CertificateFacts) -> Explanation {
    let server = [("server", facts.expected.as_str())];
    let (title, advice) = match facts.problem {
        CertificateProblem::UnknownIssuer => (
            gettext_f("The certificate of {server} is not trusted.", &server),
            gettext(
                "Nobody this device trusts vouches for it. If the server is your own, add its authority under Advanced.",
            ),
        ),
        CertificateProblem::Expired => (
            gettext_f("The certificate of {server} has expired.", &server),
            gettext("Whoever runs the server must renew it."),
        ),
        CertificateProblem::NotYetValid => (
            gettext_f("The certificate of {server} is not valid yet.", &server),
            gettext("Check the date and time of this device."),
        ),
        CertificateProblem::WrongName => (
            gettext_f("The certificate is not for {server}.", &server),
            gettext(
                "You may be connected to another server. Check the address, or ask whoever runs the server.",
            ),
        ),
        CertificateProblem::Revoked => {
            (gettext_f("The certificate of {server} was withdrawn.", &server), ask_the_server())
        }
        CertificateProblem::Other => {
            (gettext_f("The certificate of {server} is not good.", &server), ask_the_server())
        }
    };
    let mut explanation = Explanation::new(title, advice);
    explanation.facts = vec![
        (gettext("Expected for"), facts.expected.clone()),
        (gettext("Issued for"), facts.names.join(", ")),
        (gettext("Issued by"), facts.issuer.clone()),
        (gettext("Valid from"), facts.not_before.map(date).unwrap_or_default()),
        (gettext("Valid until"), facts.not_after.map(date).unwrap_or_default()),
        (gettext("SHA-256 fingerprint"), facts.fingerprint.clone()),
    ];
    explanation.facts.retain(|(_, value)| !value.is_empty());
    explanation
}

fn ask_the_server() -> String {
    gettext("Ask whoever runs the server.")
}

/// The server's own words, if it said any, and otherwise our advice.
fn said(words: Option<&str>, advice: &str) -> String {
    words.filter(|words| !words.trim().is_empty()).map_or_else(
        || advice.to_owned(),
        |words| gettext_f("The server says: “{words}”", &[("words", words.trim())]),
    )
}
