//! A strong password that can be read aloud and typed: five groups of four letters and digits,
//! without those that look alike. Twenty of 32 are a hundred bits.

use rand::RngExt;

const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const GROUPS: usize = 5;
const GROUP: usize = 4;

/// Makes a new one.
pub fn strong() -> String {
    let mut rng = rand::rng();
    let mut password = String::with_capacity(GROUPS * (GROUP + 1));
    for place in 0..GROUPS * GROUP {
        if place > 0 && place % GROUP == 0 {
            password.push('-');
        }
        password.push(char::from(LETTERS[rng.random_range(0..LETTERS.len())]));
    }
    password
}

#[cfg(test)]
mod tests {
    use super::strong;

    #[test]
    fn it_is_long_and_never_the_same() {
        let password = strong();
        assert_eq!(password.len(), 24);
        assert!(password.split('-').all(|group| group.len() == 4));
        assert_ne!(password, strong());
    }
}
