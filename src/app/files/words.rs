//! What files are called on the screen.

use std::time::Duration;

use gtk::glib;
use model::{Attachment, AttachmentSummary, FileKind, Transfer};

use crate::{
    failure,
    i18n::{gettext, gettext_f, ngettext_f},
};

/// Pictures of these types can be decoded.
const DECODABLE: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// The files of a message in a few words: for lists, notifications, quotes and screen readers.
pub fn summary(files: &AttachmentSummary) -> String {
    let first = match files.kind {
        FileKind::Picture => gettext("Picture"),
        FileKind::Video => gettext("Video"),
        FileKind::Voice => gettext("Voice message"),
        FileKind::Audio | FileKind::Other => files.name.to_string(),
    };
    match files.count.saturating_sub(1) {
        0 => first,
        more => {
            ngettext_f("{first} and {n} more file", "{first} and {n} more files", more, &[("first", &first)])
        }
    }
}

/// The same for a message that was read whole. `None` if it has no files.
pub fn summary_of(files: &[Attachment]) -> Option<AttachmentSummary> {
    let first = files.first()?;
    let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
    Some(AttachmentSummary { kind: first.kind(), name: first.name.clone(), count })
}

/// What a file is to those who cannot see it.
pub fn alternative(file: &Attachment) -> String {
    let kind = match file.kind() {
        FileKind::Picture => gettext("Picture"),
        FileKind::Video => gettext("Video"),
        FileKind::Audio => gettext("Sound"),
        FileKind::Voice => gettext("Voice message"),
        FileKind::Other => gettext("File"),
    };
    let words = file.description.as_deref().filter(|words| !words.trim().is_empty());
    let words = words.unwrap_or_else(|| file.name.as_str());
    gettext_f("{kind}: {words}", &[("kind", &kind), ("words", words)])
}

/// A picture or film that can be decoded, whose size is known, and that can come or is here. What failed is told in words, on a
/// row.
pub fn is_shown_inline(file: &Attachment) -> bool {
    (is_decodable(file) || file.kind() == FileKind::Video)
        && file.dimensions.is_some()
        && !matches!(file.transfer, Transfer::Failed(_))
}

/// A picture of a type that the decoder knows.
pub fn is_decodable(file: &Attachment) -> bool {
    file.kind() == FileKind::Picture && DECODABLE.contains(&file.media_type.as_str())
}

/// The icon of a file.
pub fn icon(file: &Attachment) -> &'static str {
    icon_of(file.kind(), &file.media_type)
}

/// The icon of files of a kind and type.
pub fn icon_of(kind: FileKind, media_type: &str) -> &'static str {
    match kind {
        FileKind::Picture => "image-x-generic-symbolic",
        FileKind::Video => "video-x-generic-symbolic",
        FileKind::Audio => "audio-x-generic-symbolic",
        FileKind::Voice => "audio-input-microphone-symbolic",
        FileKind::Other => match media_type {
            "application/zip" | "application/gzip" | "application/x-tar" | "application/x-7z-compressed" => {
                "package-x-generic-symbolic"
            }
            _ => "text-x-generic-symbolic",
        },
    }
}

/// How large a file is, as the desktop says it.
pub fn size(bytes: u64) -> String {
    glib::format_size(bytes).into()
}

/// How long a sound or film is.
pub fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// What there is to say of a file below its name: how large it is, how far it came, or what went wrong.
pub fn state(file: &Attachment, done: Option<(u64, Option<u64>)>) -> String {
    let size_words = file.size.map(size);
    match file.transfer {
        Transfer::Failed(failure) => failure::transfer(failure),
        Transfer::Preparing => gettext("Preparing…"),
        Transfer::Uploading | Transfer::Downloading => match (progress(file, done), done) {
            (Some(_), Some((done, total))) => {
                let total = size(total.or(file.size).unwrap_or_default());
                gettext_f("{done} of {total}", &[("done", &size(done)), ("total", &total)])
            }
            (None, Some((done, _))) => size(done),
            (_, None) => size_words.unwrap_or_else(|| gettext("Waiting…")),
        },
        Transfer::Here if file.kind() == FileKind::Picture && !is_decodable(file) => {
            let size = size_words.unwrap_or_default();
            gettext_f("{size}, cannot be shown here", &[("size", &size)])
        }
        Transfer::Offered | Transfer::Here => size_words.unwrap_or_else(|| gettext("Size not known")),
    }
}

/// How far a file came, from 0 to 1, if that is known.
pub fn progress(file: &Attachment, done: Option<(u64, Option<u64>)>) -> Option<f64> {
    let (done, total) = done?;
    let total = total.or(file.size).filter(|total| *total > 0)?;
    Some((done as f64 / total as f64).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use model::{FileName, TransferFailure};

    use super::*;
    use crate::history::sample_file;

    #[test]
    fn files_are_told_in_a_few_words() {
        let told = |kind, count| summary(&AttachmentSummary { kind, name: FileName::new("plan.pdf"), count });
        assert_eq!(told(FileKind::Picture, 1), "Picture");
        assert_eq!(told(FileKind::Voice, 1), "Voice message");
        assert_eq!(told(FileKind::Other, 1), "plan.pdf");
        assert_eq!(told(FileKind::Other, 2), "plan.pdf and 1 more file");
        assert_eq!(told(FileKind::Picture, 4), "Picture and 3 more files");
        assert_eq!(summary_of(&[]), None);
    }

    #[test]
    fn what_is_said_of_a_file_follows_its_way() {
        let mut file = sample_file(1, "plan.pdf", "application/pdf");
        file.size = Some(2_000_000);
        assert_eq!(state(&file, None), size(2_000_000));
        file.transfer = Transfer::Downloading;
        let half = Some((1_000_000, None));
        assert_eq!(state(&file, half), format!("{} of {}", size(1_000_000), size(2_000_000)));
        assert_eq!(progress(&file, half), Some(0.5));
        assert_eq!(progress(&file, Some((9_000_000, None))), Some(1.0), "a sender may say too little");
        file.size = None;
        assert_eq!(progress(&file, half), None);
        assert_eq!(state(&file, half), size(1_000_000));
        file.transfer = Transfer::Failed(TransferFailure::Expired);
        assert_eq!(state(&file, None), failure::transfer(TransferFailure::Expired));
    }

    #[test]
    fn a_picture_of_a_kind_that_is_not_known_is_a_file_that_says_so() {
        for kind in ["image/heic", "image/avif", "image/jxl", "image/tiff", "image/svg+xml"] {
            let mut file = sample_file(1, "IMG_1", kind);
            (file.size, file.dimensions) = (Some(2_000_000), Some((4000, 3000)));
            assert!(!is_shown_inline(&file) && !is_decodable(&file), "{kind}");
            file.transfer = Transfer::Here;
            assert_eq!(state(&file, None), format!("{}, cannot be shown here", size(2_000_000)), "{kind}");
            file.transfer = Transfer::Offered;
            assert_eq!(state(&file, None), size(2_000_000), "its bytes may say another kind");
        }
    }

    #[test]
    fn lengths_are_told_as_clocks_do() {
        let told = |seconds| length(Duration::from_secs(seconds));
        assert_eq!([told(0), told(59), told(60), told(3599)], ["0:00", "0:59", "1:00", "59:59"]);
        assert_eq!(told(3661), "1:01:01");
    }

    #[test]
    fn those_who_cannot_see_a_picture_are_told_what_its_sender_said_of_it() {
        let mut file = sample_file(1, "IMG_1.jpg", "image/jpeg");
        assert_eq!(alternative(&file), "Picture: IMG_1.jpg");
        file.description = Some("Starlings over the pier".into());
        assert_eq!(alternative(&file), "Picture: Starlings over the pier");
    }
}
