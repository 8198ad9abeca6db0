//! XEP-0454: files in bodies of OMEMO 0.3, as `aesgcm:` addresses.
//!
//! `aesgcm://host/path#` is followed by IV and key of AES-256-GCM in hexadecimal: the address itself is `https:`, and what
//! follows `#` never goes to the server. Such an address is a secret.

use std::fmt::Write as _;

use crate::payload::web_address;

const SCHEME: &str = "aesgcm://";
const KEY: usize = 32;

/// A file in a body.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaAddress {
    /// Where the encrypted file can be had.
    pub url: String,
    /// The IV: 12 bytes, or 16 as older programs write it.
    pub iv: Vec<u8>,
    /// The key: 32 bytes.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for MediaAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MediaAddress").finish_non_exhaustive()
    }
}

/// Reads a body that is such an address, and perhaps a small picture in a second line (§3), which is not looked at.
#[must_use]
pub fn read(body: &str) -> Option<MediaAddress> {
    let mut lines = body.trim().lines();
    let first = lines.next()?.trim();
    if !lines.all(|line| line.trim().is_empty() || line.starts_with("data:")) {
        return None;
    }
    let scheme = first.get(..SCHEME.len())?;
    let (place, fragment) = first.get(SCHEME.len()..)?.split_once('#')?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    let mut iv = bytes(fragment)?;
    let iv_length = iv.len().checked_sub(KEY)?;
    if !matches!(iv_length, 12 | 16) {
        return None;
    }
    let key = iv.split_off(iv_length);
    Some(MediaAddress { url: web_address(&format!("https://{place}"))?, iv, key })
}

/// Writes a body. `None` for an address without TLS, or with a fragment of its own.
#[must_use]
pub fn body(address: &MediaAddress) -> Option<String> {
    let url = web_address(&address.url)?;
    let place = url.get("https://".len()..).filter(|place| !place.contains('#'))?;
    let mut body = format!("{SCHEME}{place}#");
    for byte in address.iv.iter().chain(&address.key) {
        write!(body, "{byte:02x}").ok()?;
    }
    Some(body)
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    if digits.len() > 2 * (16 + KEY)
        || !digits.len().is_multiple_of(2)
        || !digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return None;
    }
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_what_it_writes() {
        for iv in [12, 16] {
            let address = MediaAddress {
                url: "https://a.example/f/ü.jpg?x=1".to_owned(),
                iv: vec![0xa0; iv],
                key: vec![0x0b; 32],
            };
            let body = body(&address).unwrap();
            assert!(body.starts_with("aesgcm://a.example/f/ü.jpg?x=1#a0a0"), "{body}");
            assert_eq!(read(&body), Some(address.clone()));
            assert_eq!(read(&format!(" {body}\ndata:image/jpeg,AAAA\n")), Some(address.clone()));
            assert_eq!(read(&format!("look: {body}")), None);
            assert_eq!(read(&format!("{body}\nlook!")), None);
            assert_eq!(format!("{address:?}"), "MediaAddress { .. }");
        }
    }

    #[test]
    fn what_is_no_such_address_is_words() {
        let digits = "0".repeat(88);
        for odd in [
            String::new(),
            "aesgcm://".to_owned(),
            "aesgcm://a.example/1".to_owned(),
            format!("https://a.example/1#{digits}"),
            format!("aesgcm://#{digits}"),
            format!("aesgcm://a.example/1#{digits}0"),
            format!("aesgcm://a.example/1#{}", "0".repeat(64)),
            format!("aesgcm://a.example/1#{}", "0".repeat(90)),
            format!("aesgcm://a.example/1#{}", "0".repeat(1_000_000)),
            format!("aesgcm://a.example/1#{}é0", "0".repeat(85)),
            format!("aesgcm://a b/1#{digits}"),
            format!("ééééé{digits}"),
        ] {
            assert_eq!(read(&odd), None, "{odd}");
        }
        let with_fragment =
            MediaAddress { url: "https://a.example/1#2".to_owned(), iv: vec![0; 12], key: vec![0; 32] };
        assert_eq!(body(&with_fragment), None);
    }
}
