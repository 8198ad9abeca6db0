use rand_core::CryptoRng;

/// Content is padded to at least so many bytes before a random part is added (XEP-0420 §4).
const LEAST_LENGTH: usize = 256;
/// The random part is up to so many bytes.
const MOST_RANDOM: u64 = 200;

/// What the `<rpad/>` of an envelope is to hold beside content of this many bytes, so that the length says
/// little: text that needs no escaping. Version 2 only; a body of 0.3 has nowhere to put it.
#[must_use]
pub fn padding(content_length: usize, rng: &mut impl CryptoRng) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // The bias of the remainder is 200 in 2⁶⁴.
    let random = (rng.next_u64() % (MOST_RANDOM + 1)) as usize;
    let mut bytes = vec![0; LEAST_LENGTH.saturating_sub(content_length) + random];
    rng.fill_bytes(&mut bytes);
    bytes
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte & 63)))
        .map(|&letter| char::from(letter))
        .collect()
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn it_hides_short_content_and_varies() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let lengths: Vec<usize> = (0..2_000).map(|_| padding(56, &mut rng).len()).collect();
        assert_eq!(lengths.iter().min(), Some(&200));
        assert_eq!(lengths.iter().max(), Some(&400));
        assert!(padding(5_000, &mut rng).len() <= 200);
        let letters = padding(0, &mut rng);
        assert!(letters.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)));
    }
}
