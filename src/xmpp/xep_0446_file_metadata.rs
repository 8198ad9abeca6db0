//! XEP-0446: what is known of a file.
//!
//! Everything is optional, and everything is what somebody says: what makes no sense is left out, and nothing here may be
//! used as a path.

use std::time::Duration;

use minidom::Element;

use crate::{
    payload::{clamp, parent_tag, text_tag},
    xep_0264_thumbnails as thumbnails,
    xep_0300_hashes::{self as hashes, Hash},
};

/// The namespace.
pub const NS: &str = "urn:xmpp:file:metadata:0";

/// The type of files of which nothing is known.
pub const ANY_TYPE: &str = "application/octet-stream";

/// So much of a name, and of a description, is believed, in bytes.
const LONGEST_NAME: usize = 4096;
const LONGEST_DESCRIPTION: usize = 4096;
/// No picture has more pixels on a side.
const LONGEST_SIDE: u32 = 65_535;

/// What is known of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileMetadata {
    /// What its sender calls it: any text at all.
    pub name: Option<String>,
    /// Its type, in lower case and without parameters.
    pub media_type: Option<String>,
    /// How many bytes it has.
    pub size: Option<u64>,
    /// Width and height in pixels, neither zero.
    pub dimensions: Option<(u32, u32)>,
    /// How long it plays.
    pub length: Option<Duration>,
    /// What its sender says of it.
    pub description: Option<String>,
    /// Its strongest hash.
    pub hash: Option<Hash>,
    /// A small picture of it.
    pub thumbhash: Option<Vec<u8>>,
}

/// Reads a `file` element.
#[must_use]
pub fn read(file: &Element) -> FileMetadata {
    let text = |name: &str| file.get_child(name, NS).map(Element::text);
    let filled = |name: &str, most: usize| {
        text(name).filter(|text| !text.trim().is_empty()).map(|text| clamp(text, most))
    };
    FileMetadata {
        name: filled("name", LONGEST_NAME),
        media_type: text("media-type").and_then(|text| media_type(&text)),
        // More than any disk, and more than the database can count.
        size: text("size")
            .and_then(|text| text.trim().parse().ok())
            .filter(|size| i64::try_from(*size).is_ok()),
        dimensions: dimensions(file),
        length: text("length")
            .and_then(|text| text.trim().parse().ok())
            .filter(|length: &u32| *length > 0)
            .map(|length| Duration::from_millis(length.into())),
        description: filled("desc", LONGEST_DESCRIPTION),
        hash: hashes::hash(file),
        thumbhash: thumbnails::thumbhash(file),
    }
}

/// Writes a `file` element.
#[must_use]
pub fn element(file: &FileMetadata) -> Element {
    let number = |name, number: Option<u64>| number.map(|number| text_tag(name, NS, &number.to_string()));
    let text = |name, text: &Option<String>| text.as_ref().map(|text| text_tag(name, NS, text));
    let (width, height) = file.dimensions.unzip();
    let children = [
        text("media-type", &file.media_type),
        text("name", &file.name),
        number("size", file.size),
        // As one element until version 0.2, as two since.
        file.dimensions.map(|(width, height)| text_tag("dimensions", NS, &format!("{width}x{height}"))),
        number("width", width.map(u64::from)),
        number("height", height.map(u64::from)),
        number("length", file.length.map(|length| length.as_millis() as u64)),
        text("desc", &file.description),
        file.hash.as_ref().map(hashes::element),
        file.thumbhash.as_ref().map(|hash| thumbnails::element(hash, file.dimensions)),
    ];
    parent_tag("file", NS, &[], children.into_iter().flatten())
}

/// A media type (RFC 6838 §4.2) without its parameters, in lower case.
#[must_use]
pub fn media_type(text: &str) -> Option<String> {
    let text = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_name = |part: &str| {
        (1..=127).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.split_once('/').is_some_and(|(kind, name)| is_name(kind) && is_name(name)).then_some(text)
}

fn dimensions(file: &Element) -> Option<(u32, u32)> {
    let text = |name: &str| file.get_child(name, NS).map(Element::text);
    let (width, height) = match (text("width"), text("height")) {
        (Some(width), Some(height)) => (width, height),
        _ => {
            text("dimensions")?.split_once(['x', '×']).map(|(width, height)| (width.into(), height.into()))?
        }
    };
    let side = |text: String| text.trim().parse().ok().filter(|side| (1..=LONGEST_SIDE).contains(side));
    Some((side(width)?, side(height)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(inside: &str) -> FileMetadata {
        read(&format!("<file xmlns='{NS}'>{inside}</file>").parse().unwrap())
    }

    #[test]
    fn a_file_reads_what_it_writes() {
        let file = FileMetadata {
            name: Some("summit.jpg".to_owned()),
            media_type: Some("image/jpeg".to_owned()),
            size: Some(3_032_449),
            dimensions: Some((4096, 2160)),
            length: Some(Duration::from_secs(63)),
            description: Some("Photo from the summit.".to_owned()),
            hash: Some(Hash::Sha256([3; 32])),
            thumbhash: Some(vec![9; 25]),
        };
        assert_eq!(read(&element(&file)), file);
        assert_eq!(read(&element(&FileMetadata::default())), FileMetadata::default());
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        assert_eq!(
            of("<media-type>image</media-type><name> </name><size>-5</size><dimensions>0x9</dimensions>\
                <length>0</length><desc/><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>AA==</hash>"),
            FileMetadata::default()
        );
        assert_eq!(of("<size>18446744073709551615</size>").size, None);
        assert_eq!(of("<size>9223372036854775807</size>").size, Some(i64::MAX as u64));
        for odd in ["1x", "x", "1x2x3", "99999x1", "1x-1", "4294967296x4", ""] {
            assert_eq!(of(&format!("<dimensions>{odd}</dimensions>")).dimensions, None, "{odd}");
        }
        assert_eq!(
            of("<width>2</width><height>3</height><dimensions>8x9</dimensions>").dimensions,
            Some((2, 3))
        );
        let long = "é".repeat(100_000);
        let long = of(&format!("<name>{long}</name><desc>{long}</desc>"));
        assert_eq!((long.name.unwrap().len(), long.description.unwrap().len()), (4096, 4096));
    }

    #[test]
    fn types_are_written_in_one_way() {
        assert_eq!(media_type(" Image/JPEG; q=1").as_deref(), Some("image/jpeg"));
        assert!(media_type("application/vnd.oasis.opendocument.text").is_some());
        let long = format!("a/{}", "b".repeat(128));
        for bad in ["", "/", "a/", "/b", "a", "a b/c", "a/b/c", "a/\u{202e}b", "text/<html>", long.as_str()] {
            assert_eq!(media_type(bad), None, "{bad}");
        }
    }
}
