//! SCRAM (RFC 5802), with the downgrade protection of XEP-0474.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{ChannelBindingUse, Mechanism, SaslError, ScramHash, prepare};

/// RFC 7677 §4 asks for at least this many; with fewer, one answer is enough to guess at leisure.
const LEAST_ITERATIONS: u32 = 4096;
/// A second or so of work: what asks for more wants to keep us busy.
const MOST_ITERATIONS: u32 = 1_000_000;

/// What the server offered, to be compared with what it says it offered (XEP-0474 §3).
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// All mechanisms of the profile in use.
    pub mechanisms: &'a [String],
    /// All channel bindings (XEP-0440), if it named any.
    pub channel_bindings: &'a [String],
}

/// One run of SCRAM, from the client's side.
pub struct Scram {
    hash: ScramHash,
    password: Zeroizing<String>,
    nonce: String,
    gs2_header: String,
    binding: ChannelBindingUse,
    first_bare: String,
    server_signature: Option<Vec<u8>>,
    proven: bool,
}

impl std::fmt::Debug for Scram {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Scram")
            .field("hash", &self.hash)
            .field("binding", &self.binding)
            .finish_non_exhaustive()
    }
}

impl Scram {
    /// Begins. The nonce must be fresh, printable ASCII without a comma (RFC 5802 §5.1).
    #[must_use]
    pub fn new(
        hash: ScramHash,
        username: &str,
        password: &str,
        nonce: String,
        binding: ChannelBindingUse,
    ) -> Self {
        let gs2_header = match &binding {
            ChannelBindingUse::Unsupported => "n,,".to_owned(),
            ChannelBindingUse::NotOffered => "y,,".to_owned(),
            ChannelBindingUse::Used(binding) => format!("p={},,", binding.name()),
        };
        let first_bare = format!("n={},r={nonce}", escape_name(&prepare(username)));
        Self {
            hash,
            password: Zeroizing::new(prepare(password).into_owned()),
            nonce,
            gs2_header,
            binding,
            first_bare,
            server_signature: None,
            proven: false,
        }
    }

    /// The mechanism to name.
    #[must_use]
    pub fn mechanism(&self) -> Mechanism {
        Mechanism::Scram { hash: self.hash, plus: matches!(self.binding, ChannelBindingUse::Used(_)) }
    }

    /// The client's first message.
    #[must_use]
    pub fn initial(&self) -> Vec<u8> {
        format!("{}{}", self.gs2_header, self.first_bare).into_bytes()
    }

    /// Answers a challenge: the server's first message with the proof, its final message, which
    /// some servers send as a challenge (RFC 6120 §6.4.5), with nothing.
    pub fn respond(&mut self, challenge: &[u8], offer: Offer<'_>) -> Result<Vec<u8>, SaslError> {
        if self.server_signature.is_some() {
            return self.verify(challenge).map(|()| Vec::new());
        }
        let server_first = std::str::from_utf8(challenge).map_err(|_| SaslError::Malformed)?;
        let first = ServerFirst::read(server_first)?;
        // The server's nonce continues ours and adds to it (RFC 5802 §5.1).
        if !first.nonce.starts_with(&self.nonce) || first.nonce.len() <= self.nonce.len() {
            return Err(SaslError::Malformed);
        }
        if !(LEAST_ITERATIONS..=MOST_ITERATIONS).contains(&first.iterations) {
            return Err(SaslError::IterationCount);
        }
        if let Some(claimed) = first.offer_hash {
            let claimed = BASE64.decode(claimed).map_err(|_| SaslError::Malformed)?;
            if claimed != offer_hash(self.hash, offer) {
                return Err(SaslError::OfferForged);
            }
        }

        let mut binding = self.gs2_header.clone().into_bytes();
        if let ChannelBindingUse::Used(channel) = &self.binding {
            binding.extend_from_slice(channel.data());
        }
        let without_proof = format!("c={},r={}", BASE64.encode(binding), first.nonce);
        let auth_message = format!("{},{server_first},{without_proof}", self.first_bare);

        let salted = salted_password(self.hash, &self.password, &first.salt, first.iterations);
        let client_key = Zeroizing::new(hmac(self.hash, &salted, b"Client Key"));
        let stored_key = digest(self.hash, &client_key);
        let client_signature = hmac(self.hash, &stored_key, auth_message.as_bytes());
        let proof: Vec<u8> =
            client_key.iter().zip(&client_signature).map(|(key, signature)| key ^ signature).collect();
        let server_key = Zeroizing::new(hmac(self.hash, &salted, b"Server Key"));
        self.server_signature = Some(hmac(self.hash, &server_key, auth_message.as_bytes()));
        Ok(format!("{without_proof},p={}", BASE64.encode(proof)).into_bytes())
    }

    /// Checks the server's final message: that it knows the password too.
    pub fn verify(&mut self, server_final: &[u8]) -> Result<(), SaslError> {
        let expected = self.server_signature.as_ref().ok_or(SaslError::Malformed)?;
        let text = std::str::from_utf8(server_final).map_err(|_| SaslError::Malformed)?;
        let first = text.split(',').next().unwrap_or_default();
        if first.starts_with("e=") {
            return Err(SaslError::Server);
        }
        let signature = first.strip_prefix("v=").ok_or(SaslError::Malformed)?;
        let signature = BASE64.decode(signature).map_err(|_| SaslError::Malformed)?;
        if signature.ct_eq(expected).into() {
            self.proven = true;
            Ok(())
        } else {
            Err(SaslError::Signature)
        }
    }

    /// Whether the server proved itself.
    #[must_use]
    pub fn server_is_proven(&self) -> bool {
        self.proven
    }
}

struct ServerFirst<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    iterations: u32,
    offer_hash: Option<&'a str>,
}

impl<'a> ServerFirst<'a> {
    fn read(text: &'a str) -> Result<Self, SaslError> {
        let mut parts = text.split(',');
        // An extension that must be understood would come first, as `m=` (RFC 5802 §5.1).
        let mut next =
            |name: &str| parts.next().and_then(|part| part.strip_prefix(name)).ok_or(SaslError::Malformed);
        let nonce = next("r=")?;
        let salt = next("s=")?;
        let iterations = next("i=")?;
        Ok(Self {
            nonce,
            salt: BASE64.decode(salt).map_err(|_| SaslError::Malformed)?,
            iterations: iterations.parse().map_err(|_| SaslError::Malformed)?,
            offer_hash: parts.find_map(|part| part.strip_prefix("h=")),
        })
    }
}

/// RFC 5802 §5.1: `=` and `,` in a name.
fn escape_name(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

/// XEP-0474 §3.2: sorted names, joined by 0x1E, the two lists by 0x1F.
fn offer_hash(hash: ScramHash, offer: Offer<'_>) -> Vec<u8> {
    let sorted = |names: &[String]| {
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.sort_unstable();
        names.join("\u{1e}")
    };
    let mut text = sorted(offer.mechanisms);
    if !offer.channel_bindings.is_empty() {
        text.push('\u{1f}');
        text.push_str(&sorted(offer.channel_bindings));
    }
    digest(hash, text.as_bytes())
}

fn digest(hash: ScramHash, data: &[u8]) -> Vec<u8> {
    match hash {
        ScramHash::Sha1 => Sha1::digest(data).to_vec(),
        ScramHash::Sha256 => Sha256::digest(data).to_vec(),
        ScramHash::Sha512 => Sha512::digest(data).to_vec(),
    }
}

fn hmac(hash: ScramHash, key: &[u8], data: &[u8]) -> Vec<u8> {
    match hash {
        ScramHash::Sha1 => hmac_with(Hmac::<Sha1>::new_from_slice(key), data),
        ScramHash::Sha256 => hmac_with(Hmac::<Sha256>::new_from_slice(key), data),
        ScramHash::Sha512 => hmac_with(Hmac::<Sha512>::new_from_slice(key), data),
    }
}

/// HMAC takes keys of every length, so there is always one; if not, nothing would verify.
pub(super) fn hmac_with<M: Mac, E>(mac: Result<M, E>, data: &[u8]) -> Vec<u8> {
    match mac {
        Ok(mut mac) => {
            mac.update(data);
            mac.finalize().into_bytes().to_vec()
        }
        Err(_) => Vec::new(),
    }
}

fn salted_password(hash: ScramHash, password: &str, salt: &[u8], rounds: u32) -> Zeroizing<Vec<u8>> {
    let password = password.as_bytes();
    let mut salted = Zeroizing::new(Vec::new());
    match hash {
        ScramHash::Sha1 => {
            salted.resize(20, 0);
            pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut salted);
        }
        ScramHash::Sha256 => {
            salted.resize(32, 0);
            pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut salted);
        }
        ScramHash::Sha512 => {
            salted.resize(64, 0);
            pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, rounds, &mut salted);
        }
    }
    salted
}

#[cfg(test)]
mod tests;
