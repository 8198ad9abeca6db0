//! Names that others chose, made safe to show. To be written: this is its face.

/// `text` without control, bidirectional and other invisible characters, trimmed, at most 100 characters;
/// `None` if nothing is left.
pub fn clean(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
