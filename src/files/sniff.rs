//! What a file is, from its first bytes: names and what senders say are not believed.

/// How many bytes of a file are enough.
pub const HEAD: usize = 512;

/// Type, place and bytes: the first that fits counts.
const SIGNS: &[(&str, usize, &[u8])] = &[
    ("image/jpeg", 0, b"\xff\xd8\xff"),
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/gif", 0, b"GIF87a"),
    ("image/gif", 0, b"GIF89a"),
    ("image/webp", 8, b"WEBP"),
    ("audio/wav", 8, b"WAVE"),
    ("video/x-msvideo", 8, b"AVI "),
    ("image/avif", 4, b"ftypavif"),
    ("image/heic", 4, b"ftyphei"),
    ("image/avif", 4, b"ftypavis"),
    ("image/heic", 4, b"ftypmif1"),
    ("image/heic", 4, b"ftypmsf1"),
    ("image/jxl", 0, b"\xff\x0a"),
    ("image/jxl", 0, b"\0\0\0\x0cJXL \r\n\x87\n"),
    ("image/tiff", 0, b"II*\0"),
    ("image/tiff", 0, b"MM\0*"),
    ("image/tiff", 0, b"II+\0"),
    ("image/tiff", 0, b"MM\0+"),
    ("image/bmp", 0, b"BM"),
    ("audio/mp4", 4, b"ftypM4A "),
    ("video/quicktime", 4, b"ftypqt"),
    ("video/3gpp", 4, b"ftyp3g"),
    ("video/mp4", 4, b"ftyp"),
    ("video/webm", 0, b"\x1a\x45\xdf\xa3"),
    ("audio/flac", 0, b"fLaC"),
    ("audio/amr", 0, b"#!AMR"),
    ("audio/mpeg", 0, b"ID3"),
    ("audio/mpeg", 0, b"\xff\xfb"),
    ("audio/mpeg", 0, b"\xff\xf3"),
    ("audio/aac", 0, b"\xff\xf1"),
    ("audio/aac", 0, b"\xff\xf9"),
    ("application/pdf", 0, b"%PDF-"),
    ("application/zip", 0, b"PK\x03\x04"),
    ("application/gzip", 0, b"\x1f\x8b"),
    ("application/x-xz", 0, b"\xfd7zXZ\0"),
    ("application/zstd", 0, b"\x28\xb5\x2f\xfd"),
    ("application/x-7z-compressed", 0, b"7z\xbc\xaf\x27\x1c"),
    ("application/x-executable", 0, b"\x7fELF"),
    ("application/vnd.microsoft.portable-executable", 0, b"MZ"),
];

/// The media type of a file with this beginning; `None` if its bytes do not say.
#[must_use]
pub fn sniff(head: &[u8]) -> Option<&'static str> {
    let at = |place: usize, sign: &[u8]| head.get(place..).is_some_and(|rest| rest.starts_with(sign));
    if at(0, b"OggS") {
        let says = |sign: &[u8]| head.windows(sign.len()).take(HEAD).any(|window| window == sign);
        return Some(if says(b"theora") { "video/ogg" } else { "audio/ogg" });
    }
    SIGNS.iter().find(|(_, place, sign)| at(*place, sign)).map(|(name, ..)| *name)
}

/// The type that a file is taken for. What its bytes say counts; a declared type only where they say nothing, and never
/// one that would be decoded or played.
#[must_use]
pub fn believed(head: &[u8], declared: Option<&str>) -> String {
    match (sniff(head), declared) {
        // A container of many kinds: the declared kind tells more, if it is one of them.
        (Some("application/zip"), Some(declared)) if declared.starts_with("application/") => {
            declared.to_owned()
        }
        (
            Some("video/mp4" | "video/webm"),
            Some(declared @ ("audio/mp4" | "audio/webm" | "video/x-matroska")),
        ) => declared.to_owned(),
        (Some(found), _) => found.to_owned(),
        (None, Some(declared)) if declared.starts_with("text/") && is_text(head) => declared.to_owned(),
        (None, Some(declared))
            if declared.starts_with("application/") && !declared.contains("executable") =>
        {
            declared.to_owned()
        }
        (None, _) if !head.is_empty() && is_text(head) => "text/plain".to_owned(),
        (None, _) => "application/octet-stream".to_owned(),
    }
}

fn is_text(head: &[u8]) -> bool {
    let readable = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The last character may be cut in two.
        Err(error) => error.error_len().is_none(),
    };
    readable && !head.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_say_what_a_file_is() {
        for (head, name) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], Some("image/jpeg")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"\0\0\0\x20ftypisom", Some("video/mp4")),
            (b"OggS\0\x02\0\0\0\0\0\0\0\0OpusHead", Some("audio/ogg")),
            (b"OggS\0\x02\0\0\0\0\0\0\0\0\x80theora", Some("video/ogg")),
            (b"RIFF", None),
            (b"", None),
        ] {
            assert_eq!(sniff(head), name, "{head:?}");
        }
    }

    #[test]
    fn what_is_said_counts_only_where_it_can_do_no_harm() {
        for (head, declared, name) in [
            (&b"MZ\x90\0"[..], Some("image/jpeg"), "application/vnd.microsoft.portable-executable"),
            (b"\xff\xd8\xff\xe0", Some("text/plain"), "image/jpeg"),
            (b"nonsense\0\x01", Some("image/png"), "application/octet-stream"),
            (b"<html>", Some("image/svg+xml"), "text/plain"),
            (b"a,b\n", Some("text/csv"), "text/csv"),
            (b"\0\x01", Some("text/csv"), "application/octet-stream"),
            (
                b"PK\x03\x04",
                Some("application/vnd.oasis.opendocument.text"),
                "application/vnd.oasis.opendocument.text",
            ),
            (b"PK\x03\x04", Some("image/png"), "application/zip"),
            ("Kö".as_bytes().split_last().unwrap().1, None, "text/plain"),
            (b"", None, "application/octet-stream"),
        ] {
            assert_eq!(believed(head, declared), name, "{head:?}");
        }
    }
}
