//! Names of files that others chose.
//!
//! A [`FileName`] can only be made by cleaning, so whoever holds one may show it on a line and write a file under it: it
//! cannot leave its folder, hide, play a device on another system, or show its letters in another order than they
//! stand. What is left is as much like what the sender chose as that allows; two extensions stay two.

use std::fmt;

/// So many bytes a name may have: file systems take 255, and a number may come to it.
const LONGEST: usize = 200;
/// What follows the last dot is kept when a name is cut, if it is no longer than that.
const LONGEST_EXTENSION: usize = 20;
/// Names that are devices on some systems, whatever extension they have.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// A name that is safe to show and to write a file under.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileName(String);

impl FileName {
    /// Makes a name safe. What has nothing left becomes `file`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let last = name.rsplit(['/', '\\']).find(|part| !is_empty(part)).unwrap_or_default();
        let clean: String = last
            .chars()
            .filter(|c| !is_invisible(*c))
            .map(|c| if matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { c })
            .collect();
        let clean = shortened(clean.trim_start_matches(is_edge));
        Self(match clean.as_str() {
            "" => "file".to_owned(),
            device if is_device(device) => shortened(&format!("_{device}")),
            _ => clean,
        })
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same name with a number before its extension, for a place where the name is taken.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let (stem, extension) = split(&self.0);
        Self(format!("{stem} ({number}){extension}"))
    }

    /// The same name with another extension, without its dot: the file is of another type now.
    #[must_use]
    pub fn with_extension(&self, extension: &str) -> Self {
        Self::new(&format!("{}.{extension}", split(&self.0).0))
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Dots and spaces mean something at the ends of a name, and are not seen there.
fn is_edge(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

fn is_empty(part: &str) -> bool {
    part.chars().all(|c| is_edge(c) || is_invisible(c))
}

/// Control characters, and those that are not seen, or change in which order others are.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}' | '\u{fdd0}'..='\u{fdef}')
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    DEVICES.contains(&stem.as_str())
        || ["com", "lpt"].iter().any(|port| {
            stem.strip_prefix(port).is_some_and(|number| {
                let mut digits = number.chars();
                let one = digits.next().is_some_and(|c| c.is_ascii_digit() || "¹²³".contains(c));
                one && digits.next().is_none()
            })
        })
}

/// The name and its extension with the dot; a name that is all extension has none.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= LONGEST_EXTENSION => name.split_at(at),
        _ => (name, ""),
    }
}

/// Not too long, and without an edge at its end.
fn shortened(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.trim_end_matches(is_edge).to_owned();
    }
    let (stem, extension) = split(name);
    let mut end = LONGEST - extension.len();
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", stem.split_at(end).0.trim_end_matches(is_edge))
        .trim_end_matches(is_edge)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_call_a_file_cannot_do_anything() {
        let cases = [
            ("holiday.jpg", "holiday.jpg"),
            ("Köln – 大阪.tar.gz", "Köln – 大阪.tar.gz"),
            ("photo.jpg.exe", "photo.jpg.exe"),
            ("../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            ("..\\..\\windows\\system.ini", "system.ini"),
            ("C:\\Users\\bob\\a.txt", "a.txt"),
            ("c:a.txt", "c_a.txt"),
            ("folder/", "folder"),
            ("a/..", "a"),
            ("..", "file"),
            (".", "file"),
            ("", "file"),
            ("/", "file"),
            (" . . ", "file"),
            (".bashrc", "bashrc"),
            ("...hidden", "hidden"),
            ("a.txt. . .", "a.txt"),
            ("a.exe\u{a0}", "a.exe"),
            ("a\0b\r\nc\u{1b}[31m.txt", "abc[31m.txt"),
            ("pay\u{202e}fdp.exe", "payfdp.exe"),
            ("a\u{200b}\u{2066}b\u{feff}.txt", "ab.txt"),
            ("\u{202e}\u{200f}", "file"),
            ("\u{200b}../x", "x"),
            ("a\u{2028}b", "ab"),
            ("what? \"yes\" <no> | *.txt", "what_ _yes_ _no_ _ _.txt"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("Aux .txt", "_Aux .txt"),
            ("com1.tar.gz", "_com1.tar.gz"),
            ("LPT²", "_LPT²"),
            ("console.txt", "console.txt"),
            ("com10", "com10"),
            ("command.com", "command.com"),
        ];
        for (name, safe) in cases {
            assert_eq!(FileName::new(name).as_str(), safe, "{name:?}");
            assert_eq!(FileName::new(safe).as_str(), safe, "{name:?} twice");
        }
    }

    #[test]
    fn long_names_are_cut_and_keep_their_extension() {
        let cut = FileName::new(&format!("{}.jpeg", "x".repeat(4_096)));
        assert_eq!(cut.as_str(), format!("{}.jpeg", "x".repeat(195)));
        let cut = FileName::new(&format!("{}.pdf", "é".repeat(4_096)));
        assert_eq!(cut.as_str(), format!("{}.pdf", "é".repeat(98)));
        let cut = FileName::new(&format!("{}{}", "y ".repeat(2_000), ".".repeat(96)));
        assert_eq!(cut.as_str(), "y ".repeat(100).trim());
        assert_eq!(FileName::new(&format!("a.{}", "z".repeat(4_094))).as_str().len(), 200);
        for device in [format!("con.{}", "x".repeat(196)), format!("nul{}x", " ".repeat(250))] {
            let safe = FileName::new(&device);
            assert!(safe.as_str().starts_with('_') && safe.as_str().len() <= 200, "{safe}");
            assert_eq!(FileName::new(safe.as_str()), safe, "twice");
        }
        assert!(FileName::new(&"🐦".repeat(1_024)).numbered(4_000_000_000).as_str().len() <= 255);
    }

    #[test]
    fn a_number_stands_before_the_extension() {
        assert_eq!(FileName::new("a.tar.gz").numbered(2).as_str(), "a.tar (2).gz");
        assert_eq!(FileName::new("notes").numbered(3).as_str(), "notes (3)");
        assert_eq!(FileName::new("a.png").with_extension("jpg").as_str(), "a.jpg");
        assert_eq!(FileName::new("scan").with_extension("webp").as_str(), "scan.webp");
    }
}
