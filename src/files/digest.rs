use sha2::{Digest as _, Sha256, Sha512};
use subtle::ConstantTimeEq;

/// The hash of a file, by its algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    Sha256([u8; 32]),
    /// SHA-512.
    Sha512([u8; 64]),
}

/// Hashes a file from its first byte to its last.
#[derive(Clone, Debug)]
pub enum DigestStream {
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-512.
    Sha512(Box<Sha512>),
}

impl DigestStream {
    /// SHA-256, which is what is sent.
    #[must_use]
    pub fn sha_256() -> Self {
        Self::Sha256(Sha256::new())
    }

    /// By the algorithm of the hash that is expected.
    #[must_use]
    pub fn like(expected: &Digest) -> Self {
        match expected {
            Digest::Sha256(_) => Self::sha_256(),
            Digest::Sha512(_) => Self::Sha512(Box::default()),
        }
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    /// The hash of all of them.
    #[must_use]
    pub fn finish(self) -> Digest {
        match self {
            Self::Sha256(hash) => Digest::Sha256(hash.finalize().into()),
            Self::Sha512(hash) => Digest::Sha512(hash.finalize().into()),
        }
    }

    /// Whether this is the hash of all of them.
    #[must_use]
    pub fn verify(self, expected: &Digest) -> bool {
        match (self.finish(), expected) {
            (Digest::Sha256(found), Digest::Sha256(expected)) => found.ct_eq(expected).into(),
            (Digest::Sha512(found), Digest::Sha512(expected)) => found.ct_eq(expected).into(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_that_of_all_bytes() {
        let mut stream = DigestStream::sha_256();
        stream.update(b"a");
        stream.update(b"bc");
        let Digest::Sha256(hash) = stream.clone().finish() else { panic!() };
        assert_eq!(hash[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert!(stream.clone().verify(&Digest::Sha256(hash)));
        assert!(!stream.clone().verify(&Digest::Sha256([0; 32])));
        assert!(!stream.verify(&Digest::Sha512([0; 64])));
        let mut stream = DigestStream::like(&Digest::Sha512([0; 64]));
        stream.update(b"abc");
        let Digest::Sha512(hash) = stream.finish() else { panic!() };
        assert_eq!(hash[..4], [0xdd, 0xaf, 0x35, 0xa1]);
    }
}
