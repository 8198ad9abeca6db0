//! XEP-0153: vCard-based avatars, read only: some programs still publish their picture nowhere else.

use minidom::Element;

use crate::xep_0084_avatar;

/// The namespace.
pub const NS: &str = "vcard-temp:x:update";

/// What a presence says of the picture in the vCard of its sender (§4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Photo {
    /// There is none.
    None,
    /// There is one, with this SHA-1.
    Hash(String),
}

/// What a presence says; `None` when it says nothing, or that its sender is not ready to say (§4.2).
#[must_use]
pub fn photo(presence: &Element) -> Option<Photo> {
    let text = presence.get_child("x", NS)?.get_child("photo", NS)?.text();
    if text.trim().is_empty() {
        return Some(Photo::None);
    }
    xep_0084_avatar::hash(&text).map(Photo::Hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inner: &str) -> Option<Photo> {
        photo(&format!("<presence xmlns='jabber:client'>{inner}</presence>").parse().unwrap())
    }

    #[test]
    fn the_four_things_a_presence_can_say() {
        let hash = "sha1-hash-of-image-that-is-no-hash";
        assert_eq!(read(""), None);
        assert_eq!(read(&format!("<x xmlns='{NS}'/>")), None);
        assert_eq!(read(&format!("<x xmlns='{NS}'><photo/></x>")), Some(Photo::None));
        assert_eq!(read(&format!("<x xmlns='{NS}'><photo>{hash}</photo></x>")), None);
        let hash = "01B87FCD030B72895FF8E88DB57EC525450F000D";
        let photo = Photo::Hash(hash.to_ascii_lowercase());
        assert_eq!(read(&format!("<x xmlns='{NS}'><photo>{hash}</photo></x>")), Some(photo));
    }
}
