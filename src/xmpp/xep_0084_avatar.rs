//! XEP-0084: user avatar. The id of a picture is the SHA-1 of its bytes, and only bytes that fit are believed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use minidom::Element;
use sha1::{Digest as _, Sha1};

use crate::payload::{parent_tag, tag, text_tag};

/// The node, and namespace, of pictures.
pub const NS_DATA: &str = "urn:xmpp:avatar:data";
/// The node, and namespace, of what is said about them.
pub const NS_METADATA: &str = "urn:xmpp:avatar:metadata";

/// The largest picture that is fetched, kept or published, in bytes.
pub const MAX_BYTES: usize = 512 * 1024;

/// What is said about a picture (§4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureInfo {
    /// The SHA-1 of its bytes, in lower-case hexadecimal.
    pub id: String,
    /// Its media type.
    pub media_type: String,
    /// Its length, if said.
    pub bytes: Option<usize>,
    /// Its width in pixels, if said.
    pub width: Option<u32>,
    /// Its height in pixels, if said.
    pub height: Option<u32>,
}

/// What a `<metadata/>` says: the picture to fetch from the node of pictures, or that there is none (§4.2.1).
///
/// Pictures that stand elsewhere (`url`) are passed over: fetching them would tell a stranger's server who looks.
/// `None` when there are pictures and none of them can be had.
#[must_use]
pub fn metadata(metadata: &Element) -> Option<Option<PictureInfo>> {
    if !metadata.is("metadata", NS_METADATA) {
        return None;
    }
    let infos: Vec<_> = metadata.children().filter(|child| child.is("info", NS_METADATA)).take(32).collect();
    if infos.is_empty() {
        return Some(None);
    }
    let mut usable: Vec<_> = infos.into_iter().filter_map(info).collect();
    // PNG is what every program must offer (§4.2.1): prefer it, so that all who look see the same.
    usable.sort_by_key(|info| info.media_type != "image/png");
    usable.into_iter().next().map(Some)
}

fn info(info: &Element) -> Option<PictureInfo> {
    let number = |name: &str| info.attr(name).and_then(|value| value.trim().parse().ok());
    let bytes = info.attr("bytes").and_then(|value| value.trim().parse().ok());
    if info.attr("url").is_some() || bytes.is_some_and(|bytes| bytes > MAX_BYTES) {
        return None;
    }
    Some(PictureInfo {
        id: hash(info.attr("id")?)?,
        media_type: info.attr("type").unwrap_or("image/png").to_owned(),
        bytes,
        width: number("width"),
        height: number("height"),
    })
}

/// A SHA-1 in hexadecimal, in lower case; `None` if it is none.
#[must_use]
pub fn hash(text: &str) -> Option<String> {
    let text = text.trim();
    (text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_ascii_lowercase())
}

/// The SHA-1 of a picture, as its id.
#[must_use]
pub fn id_of(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().fold(String::with_capacity(40), |id, byte| id + &format!("{byte:02x}"))
}

/// Base64 as people write it, with spaces and line breaks; `None` when it is none or the picture is too large.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    // Four letters for three bytes, and as much again for white space.
    if text.len() > MAX_BYTES * 8 / 3 {
        return None;
    }
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty() && bytes.len() <= MAX_BYTES)
}

/// The bytes in a `<data/>`, if they are those of `id` (§4.1).
#[must_use]
pub fn data(data: &Element, id: &str) -> Option<Vec<u8>> {
    let bytes = data.is("data", NS_DATA).then(|| decode(&data.text())).flatten()?;
    (id_of(&bytes) == id).then_some(bytes)
}

/// Writes a picture.
#[must_use]
pub fn data_element(bytes: &[u8]) -> Element {
    text_tag("data", NS_DATA, &STANDARD.encode(bytes))
}

/// Writes what is said about a PNG picture, or that there is none.
#[must_use]
pub fn metadata_element(picture: Option<(&[u8], u32, u32)>) -> Element {
    let info = picture.map(|(bytes, width, height)| {
        tag(
            "info",
            NS_METADATA,
            &[
                ("bytes", &bytes.len().to_string()),
                ("height", &height.to_string()),
                ("id", &id_of(bytes)),
                ("type", "image/png"),
                ("width", &width.to_string()),
            ],
        )
    });
    parent_tag("metadata", NS_METADATA, &[], info)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_reads_what_it_writes() {
        let bytes = b"not really a picture";
        let said = metadata(&metadata_element(Some((bytes, 64, 32)))).unwrap().unwrap();
        assert_eq!((said.width, said.height, said.bytes), (Some(64), Some(32), Some(bytes.len())));
        assert_eq!(data(&data_element(bytes), &said.id).as_deref(), Some(bytes.as_slice()));
        assert_eq!(metadata(&metadata_element(None)), Some(None));
    }

    #[test]
    fn other_bytes_are_not_the_picture() {
        let id = id_of(b"one");
        assert_eq!(data(&data_element(b"two"), &id), None);
        assert_eq!(data(&text_tag("data", NS_DATA, "!!"), &id), None);
        let spaced = text_tag("data", NS_DATA, "\n  b25l\n");
        assert_eq!(data(&spaced, &id).as_deref(), Some(b"one".as_slice()));
    }

    #[test]
    fn pictures_elsewhere_or_too_large_are_passed_over() {
        let id = id_of(b"one");
        let read = |inner: &str| {
            metadata(&format!("<metadata xmlns='{NS_METADATA}'>{inner}</metadata>").parse().unwrap())
        };
        assert_eq!(read(&format!("<info id='{id}' bytes='9999999999' type='image/png'/>")), None);
        assert_eq!(
            read(&format!("<info id='{id}' url='http://evil.example/p.png' type='image/png'/>")),
            None
        );
        assert_eq!(read("<info id='../../etc/passwd' type='image/png'/>"), None);
        let two =
            format!("<info id='{id}' type='image/webp'/><info id='{}' type='image/png'/>", id_of(b"two"));
        assert_eq!(read(&two).unwrap().unwrap().id, id_of(b"two"));
        assert_eq!(decode(&STANDARD.encode(vec![0; MAX_BYTES + 1])), None);
        assert_eq!(decode(""), None);
    }
}
