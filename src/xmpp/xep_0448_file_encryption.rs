//! XEP-0448: a source of a file that is encrypted, with its key. It is only worth something inside a sealed message.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use minidom::Element;

use crate::{
    payload::{parent_tag, text_tag},
    xep_0447_file_sharing as sharing,
};

/// The namespace.
pub const NS: &str = "urn:xmpp:esfs:0";

/// How a file is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// AES-128 in GCM, a key of 16 bytes and an IV of 12.
    Aes128Gcm,
    /// AES-256 in GCM, a key of 32 bytes and an IV of 12.
    Aes256Gcm,
    /// Another way that is not known here.
    Other,
}

const CIPHERS: [(Cipher, &str, usize); 2] = [
    (Cipher::Aes128Gcm, "urn:xmpp:ciphers:aes-128-gcm-nopadding:0", 16),
    (Cipher::Aes256Gcm, "urn:xmpp:ciphers:aes-256-gcm-nopadding:0", 32),
];

/// A source that is encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedSource {
    /// How.
    pub cipher: Cipher,
    /// The key, of the length that the cipher takes.
    pub key: Vec<u8>,
    /// The IV: 12 bytes, or 16 as some programs write it.
    pub iv: Vec<u8>,
    /// Where the encrypted file can be had.
    pub addresses: Vec<String>,
}

impl std::fmt::Debug for EncryptedSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("EncryptedSource").field("cipher", &self.cipher).finish_non_exhaustive()
    }
}

/// Reads an `encrypted` element. A key that does not fit its cipher makes it none; a cipher that is not known is told.
pub(crate) fn read(encrypted: &Element) -> Option<EncryptedSource> {
    if !encrypted.is("encrypted", NS) {
        return None;
    }
    let addresses = sharing::addresses(encrypted.get_child("sources", sharing::NS)?);
    let named = encrypted.attr("cipher")?;
    let Some((cipher, _, length)) = CIPHERS.iter().find(|(_, name, _)| *name == named) else {
        return Some(EncryptedSource { cipher: Cipher::Other, key: Vec::new(), iv: Vec::new(), addresses });
    };
    let bytes = |name: &str| {
        let text = encrypted.get_child(name, NS)?.text();
        let text = text.trim();
        (text.len() <= 64).then(|| STANDARD.decode(text).ok())?
    };
    let (key, iv) = (bytes("key")?, bytes("iv")?);
    let fits = key.len() == *length && matches!(iv.len(), 12 | 16);
    fits.then_some(EncryptedSource { cipher: *cipher, key, iv, addresses })
}

/// Writes an `encrypted` element.
pub(crate) fn element(source: &EncryptedSource) -> Element {
    let cipher = CIPHERS.iter().find(|(cipher, ..)| *cipher == source.cipher).map_or("", |(_, name, _)| name);
    let addresses = source.addresses.iter().map(|url| sharing::url_data(url));
    let children = [
        text_tag("key", NS, &STANDARD.encode(&source.key)),
        text_tag("iv", NS, &STANDARD.encode(&source.iv)),
        parent_tag("sources", sharing::NS, &[], addresses),
    ];
    parent_tag("encrypted", NS, &[("cipher", cipher)], children)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cipher: &str, key: &str, iv: &str) -> Option<EncryptedSource> {
        let xml = format!(
            "<encrypted xmlns='{NS}' cipher='{cipher}'><key>{key}</key><iv>{iv}</iv>\
             <sources xmlns='urn:xmpp:sfs:0'><url-data xmlns='http://jabber.org/protocol/url-data' \
             target='https://a.example/1'/></sources></encrypted>"
        );
        read(&xml.parse().unwrap())
    }

    #[test]
    fn keys_fit_their_cipher() {
        let (short, long, iv) =
            (STANDARD.encode([1; 16]), STANDARD.encode([2; 32]), STANDARD.encode([3; 12]));
        let read = of(CIPHERS[1].1, &long, &iv).unwrap();
        assert_eq!((read.cipher, read.key.len(), read.addresses.len()), (Cipher::Aes256Gcm, 32, 1));
        assert_eq!(of(CIPHERS[0].1, &short, &iv).unwrap().cipher, Cipher::Aes128Gcm);
        assert_eq!(of(CIPHERS[1].1, &short, &iv), None);
        assert_eq!(of(CIPHERS[0].1, &long, &iv), None);
        assert_eq!(of(CIPHERS[1].1, &long, ""), None);
        assert_eq!(of(CIPHERS[1].1, "?", &iv), None);
        assert_eq!(of(CIPHERS[1].1, &"A".repeat(1_000_000), &iv), None);
    }

    #[test]
    fn a_cipher_that_is_not_known_is_told_and_no_key_is_printed() {
        let read = of("urn:xmpp:ciphers:aes-256-cbc-pkcs7:0", "", "").unwrap();
        assert_eq!((read.cipher, read.addresses.len()), (Cipher::Other, 1));
        assert_eq!(format!("{read:?}"), "EncryptedSource { cipher: Other, .. }");
    }
}
