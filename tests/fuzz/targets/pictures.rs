//! What files are, and what is taken out of pictures. A picture stays a picture of its kind, does not grow, and has nothing
//! left to be taken out; what nobody knows is never taken for something that is decoded.

use files::{Stripped, believed, sniff, strip};

/// The smallest EXIF, and what stands around it.
const ORIENTATION: usize = 64;

/// The first byte is how the picture is turned, and the rest the picture.
pub fn read(input: &[u8]) {
    let Some((turned, picture)) = input.split_first() else { return };
    let kind = sniff(picture);
    for declared in [None, Some("image/png"), Some("text/html"), Some("application/x-thing")] {
        let believed = believed(picture, declared);
        let is_shown = ["image/", "audio/", "video/"].iter().any(|shown| believed.starts_with(shown));
        assert!(!is_shown || kind.is_some(), "{believed} by its word alone");
    }
    let orientation = turned % 9;
    let Stripped::Changed(stripped) = strip(picture, orientation) else { return };
    assert!(stripped.len() <= picture.len() + ORIENTATION, "it grew");
    let Stripped::Changed(again) = strip(&stripped, orientation) else { panic!("it broke") };
    assert_eq!(again, stripped, "something was left");
}
