//! A device that is spoken to in lines of text, so that other implementations can talk to it.
//!
//! One command a line, one answer a line; bytes are hexadecimal, `-` is nothing. `examples/talk.rs` puts it
//! behind a pipe for `record.py`, and the test here plays back what was recorded then. All it draws by lot
//! comes from a seed, so the same commands have the same answers.
//!
//! ```text
//! new 2 7                          device 1205881404
//! bundle                           <identity> <id> <key> <signature> <id>:<key>,<id>:<key>,…
//! start <bundle>                   started
//! write 68656c6c6f                 <key exchange: 0 or 1> <key> <iv> <ciphertext>
//! write-nothing                    1 <key> <iv> -
//! read 1 <key> <iv> <ciphertext>   message 68656c6c6f started
//! ```

use std::fmt::Write;

use omemo::{
    Bundle, Content, DeviceId, Error, Incoming, Omemo, Payload, Peer, PublishedKey, Recipient, Version,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::support::{MemoryStore, START};

const PEER: &str = "bob@example.net";
const PEER_DEVICE: u32 = 99;

pub struct Talk {
    version: Version,
    store: MemoryStore,
    rng: ChaCha20Rng,
}

impl Talk {
    /// From a line `new <version> <seed>`. Gives the answer too.
    pub fn new(line: &str) -> Option<(Self, String)> {
        let mut words = line.split(' ');
        let version = match (words.next()?, words.next()?) {
            ("new", "0.3") => Version::Legacy,
            ("new", "2") => Version::Two,
            _ => return None,
        };
        let seed = words.next()?.parse().ok()?;
        let mut talk = Self { version, store: MemoryStore::default(), rng: ChaCha20Rng::seed_from_u64(seed) };
        let own = Omemo::new(&mut talk.store).create_own_device(&[], START, &mut talk.rng).unwrap();
        let answer = format!("device {}", own.id());
        Some((talk, answer))
    }

    /// The answer to any other line; `None` if it is not understood.
    pub fn answer(&mut self, line: &str) -> Option<String> {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["bundle"] => self.bundle(),
            ["start", identity, id, key, signature, prekeys] => self.start(&Bundle {
                version: self.version,
                identity: unhex(identity)?,
                signed_prekey: PublishedKey { id: id.parse().ok()?, key: unhex(key)? },
                signature: unhex(signature)?,
                prekeys: prekeys.split(',').map(published).collect::<Option<_>>()?,
            }),
            ["write", text] => self.write(Some(&unhex(text)?)),
            ["write-nothing"] => self.write(None),
            ["read", key_exchange, key, iv, ciphertext] => {
                let ciphertext = if *ciphertext == "-" { None } else { Some(unhex(ciphertext)?) };
                let payload = match self.version {
                    Version::Legacy => Payload::Legacy { iv: unhex(iv)?, ciphertext },
                    Version::Two => Payload::Two { ciphertext },
                };
                self.read(*key_exchange == "1", &unhex(key)?, &payload)
            }
            _ => None,
        }
    }

    fn bundle(&mut self) -> Option<String> {
        let bundle = Omemo::new(&mut self.store).own_device().ok()?.bundle(self.version);
        let prekeys: Vec<String> =
            bundle.prekeys.iter().map(|prekey| format!("{}:{}", prekey.id, hex(&prekey.key))).collect();
        Some(format!(
            "{} {} {} {} {}",
            hex(&bundle.identity),
            bundle.signed_prekey.id,
            hex(&bundle.signed_prekey.key),
            hex(&bundle.signature),
            prekeys.join(",")
        ))
    }

    fn start(&mut self, bundle: &Bundle) -> Option<String> {
        Some(match Omemo::new(&mut self.store).start_session(peer(), bundle, &mut self.rng) {
            Ok(_) => "started".to_owned(),
            Err(Error::Refused(refusal)) => format!("refused {refusal:?}"),
            Err(Error::Store(_)) => return None,
        })
    }

    fn write(&mut self, text: Option<&[u8]>) -> Option<String> {
        let recipients = [Recipient { address: PEER, devices: &[peer().device] }];
        let mut omemo = Omemo::new(&mut self.store);
        let encrypted = match text {
            Some(text) => omemo.encrypt(self.version, &recipients, text, &mut self.rng),
            None => omemo.encrypt_empty(self.version, &recipients, &mut self.rng),
        };
        let encrypted = encrypted.ok()?;
        let key = encrypted.recipients.first()?.keys.first()?;
        let (iv, ciphertext) = match &encrypted.payload {
            Payload::Legacy { iv, ciphertext } => (hex(iv), ciphertext),
            Payload::Two { ciphertext } => ("-".to_owned(), ciphertext),
        };
        let ciphertext = ciphertext.as_deref().map_or("-".to_owned(), hex);
        Some(format!("{} {} {iv} {ciphertext}", u8::from(key.key_exchange), hex(&key.bytes)))
    }

    fn read(&mut self, key_exchange: bool, key: &[u8], payload: &Payload) -> Option<String> {
        let incoming = Incoming { sender: peer(), key, key_exchange, payload };
        let read = match Omemo::new(&mut self.store).decrypt(&incoming, &mut self.rng) {
            Ok(read) => read,
            Err(Error::Refused(refusal)) => return Some(format!("refused {refusal:?}")),
            Err(Error::Store(_)) => return None,
        };
        let mut answer = match &read.content {
            Content::Message(text) => format!("message {}", hex(text)),
            Content::KeyTransport(_) => "nothing".to_owned(),
        };
        if read.session_started {
            answer += " started";
        }
        if read.heartbeat_due {
            answer += " heartbeat";
        }
        Some(answer)
    }
}

fn peer() -> Peer<'static> {
    Peer { address: PEER, device: DeviceId::new(PEER_DEVICE).unwrap() }
}

fn published(word: &str) -> Option<PublishedKey> {
    let (id, key) = word.split_once(':')?;
    Some(PublishedKey { id: id.parse().ok()?, key: unhex(key)? })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
