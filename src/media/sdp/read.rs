use model::{DtlsFingerprint, DtlsSetup, IceCredentials, IceTransport};
use webrtc::peer_connection::RTCIceCandidate;

use super::Unusable;
use crate::candidates;

/// A content of ours as the library describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The number it has in the text.
    pub mid: String,
    /// How it travels.
    pub transport: IceTransport,
    /// It has a port, that is: it is in use.
    pub is_used: bool,
    /// Ways that are known already. When new ones are looked for, the library tells those it finds again only here.
    pub candidates: Vec<RTCIceCandidate>,
}

/// What the library describes, in order. What stands before the first content is true of all.
pub fn read(text: &str) -> Result<Vec<Described>, Unusable> {
    let mut common = Values::default();
    let mut all: Vec<(Values, bool)> = Vec::new();
    for line in text.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            let is_used = media.split(' ').nth(1).is_some_and(|port| port != "0");
            all.push((common.clone(), is_used));
            continue;
        }
        let values = all.last_mut().map_or(&mut common, |(values, _)| values);
        values.take(line);
    }
    all.into_iter().map(|(values, is_used)| values.described(is_used)).collect()
}

#[derive(Clone, Default)]
struct Values {
    mid: Option<String>,
    fragment: Option<String>,
    password: Option<String>,
    fingerprint: Option<(String, Vec<u8>)>,
    setup: Option<DtlsSetup>,
    candidates: Vec<RTCIceCandidate>,
}

impl Values {
    fn take(&mut self, line: &str) {
        let Some((name, value)) = line.strip_prefix("a=").and_then(|line| line.split_once(':')) else {
            return;
        };
        match name {
            "mid" => self.mid = Some(value.to_owned()),
            "ice-ufrag" => self.fragment = Some(value.to_owned()),
            "ice-pwd" => self.password = Some(value.to_owned()),
            "candidate" => self.candidates.extend(candidates::read(value)),
            "fingerprint" => self.fingerprint = fingerprint(value),
            "setup" => {
                self.setup = match value {
                    "actpass" => Some(DtlsSetup::ActPass),
                    "active" => Some(DtlsSetup::Active),
                    "passive" => Some(DtlsSetup::Passive),
                    _ => None,
                }
            }
            _ => {}
        }
    }

    fn described(self, is_used: bool) -> Result<Described, Unusable> {
        let (Some(mid), Some(fragment), Some(password)) = (self.mid, self.fragment, self.password) else {
            return Err(Unusable);
        };
        let (Some((hash, value)), Some(setup)) = (self.fingerprint, self.setup) else { return Err(Unusable) };
        let transport = IceTransport {
            credentials: Some(IceCredentials { fragment, password }),
            fingerprints: vec![DtlsFingerprint { hash, value, setup }],
            candidates: Vec::new(),
        };
        Ok(Described { mid, transport, is_used, candidates: self.candidates })
    }
}

fn fingerprint(value: &str) -> Option<(String, Vec<u8>)> {
    let (hash, bytes) = value.split_once(' ')?;
    let bytes: Option<Vec<u8>> =
        bytes.trim().split(':').map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
    Some((hash.to_lowercase(), bytes?))
}
