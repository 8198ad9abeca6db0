//! XEP-0447: a file in a message, with what is known of it and where it can be had.
//!
//! Sources are web addresses, in the clear or encrypted (XEP-0448). Others (Jingle) are not looked at: they would
//! tell the sender where we are.

use minidom::Element;

use crate::{
    payload::{parent_tag, tag, web_address},
    xep_0446_file_metadata::{self as metadata, FileMetadata},
    xep_0448_file_encryption::{self as encryption, EncryptedSource},
};

/// The namespace.
pub const NS: &str = "urn:xmpp:sfs:0";
/// The namespace of addresses (XEP-0103).
const NS_URL_DATA: &str = "http://jabber.org/protocol/url-data";

/// More files in a message than this are not looked at.
const MAX_FILES: usize = 32;
/// Nor more sources of a file.
const MAX_SOURCES: usize = 8;

/// A file in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSharing {
    /// Whether it is to be shown in its place, or offered to be saved. `None` leaves that to the reader.
    pub inline: Option<bool>,
    /// What is known of it.
    pub file: FileMetadata,
    /// Where it can be had, by preference of its sender.
    pub sources: Vec<FileSource>,
}

/// Where a file can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileSource {
    /// At this address, as it is.
    Plain(String),
    /// Encrypted.
    Encrypted(EncryptedSource),
}

/// The files in a message.
#[must_use]
pub fn files(message: &Element) -> Vec<FileSharing> {
    let is_file = |child: &&Element| child.is("file-sharing", NS);
    message.children().filter(is_file).filter_map(read).take(MAX_FILES).collect()
}

fn read(sharing: &Element) -> Option<FileSharing> {
    let file = metadata::read(sharing.get_child("file", metadata::NS)?);
    let sources = sharing.get_child("sources", NS).into_iter().flat_map(Element::children);
    let sources = sources.filter_map(|source| match encryption::read(source) {
        Some(encrypted) => Some(FileSource::Encrypted(encrypted)),
        None => address(source).map(FileSource::Plain),
    });
    Some(FileSharing {
        inline: match sharing.attr("disposition") {
            Some("inline") => Some(true),
            Some("attachment") => Some(false),
            _ => None,
        },
        file,
        sources: sources.take(MAX_SOURCES).collect(),
    })
}

/// Writes a file.
#[must_use]
pub fn element(sharing: &FileSharing) -> Element {
    let disposition =
        sharing.inline.map(|inline| ("disposition", if inline { "inline" } else { "attachment" }));
    let sources = sharing.sources.iter().map(|source| match source {
        FileSource::Plain(url) => url_data(url),
        FileSource::Encrypted(encrypted) => encryption::element(encrypted),
    });
    let children = [metadata::element(&sharing.file), parent_tag("sources", NS, &[], sources)];
    parent_tag("file-sharing", NS, disposition.as_slice(), children)
}

/// The addresses among the sources in an element.
pub(crate) fn addresses(sources: &Element) -> Vec<String> {
    sources.children().filter_map(address).take(MAX_SOURCES).collect()
}

fn address(source: &Element) -> Option<String> {
    source.is("url-data", NS_URL_DATA).then(|| web_address(source.attr("target")?))?
}

/// An address as a source.
pub(crate) fn url_data(url: &str) -> Element {
    tag("url-data", NS_URL_DATA, &[("target", url)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(inside: &str) -> Element {
        format!("<message xmlns='jabber:client'>{inside}</message>").parse().unwrap()
    }

    #[test]
    fn files_read_what_they_write() {
        let plain = FileSharing {
            inline: Some(true),
            file: FileMetadata { size: Some(3), ..FileMetadata::default() },
            sources: vec![FileSource::Plain("https://a.example/1".to_owned())],
        };
        let sealed = FileSharing {
            inline: None,
            sources: vec![FileSource::Encrypted(EncryptedSource {
                cipher: encryption::Cipher::Aes256Gcm,
                key: vec![7; 32],
                iv: vec![8; 12],
                addresses: vec!["https://a.example/2".to_owned()],
            })],
            ..plain.clone()
        };
        let message = parent_tag("message", "jabber:client", &[], [element(&plain), element(&sealed)]);
        assert_eq!(files(&message), [plain, sealed]);
    }

    #[test]
    fn sources_that_tell_on_us_are_left_out() {
        let files = files(&message(&format!(
            "<file-sharing xmlns='{NS}' disposition='attachment'><file xmlns='{}'/><sources>\
             <url-data xmlns='{NS_URL_DATA}' target='http://a.example/1'/>\
             <url-data xmlns='{NS_URL_DATA}' target='ftp://a.example/1'/>\
             <url-data xmlns='{NS_URL_DATA}'/>\
             <jinglepub xmlns='urn:xmpp:jinglepub:1' from='bob@example.org/x' id='1'/>\
             </sources></file-sharing><file-sharing xmlns='{NS}'/>",
            metadata::NS
        )));
        assert_eq!(
            files,
            [FileSharing { inline: Some(false), file: FileMetadata::default(), sources: Vec::new() }]
        );
    }

    #[test]
    fn there_are_not_many() {
        let sources = format!("<url-data xmlns='{NS_URL_DATA}' target='https://a.example/1'/>").repeat(500);
        let file = format!(
            "<file-sharing xmlns='{NS}'><file xmlns='{}'/><sources>{sources}</sources></file-sharing>",
            metadata::NS
        );
        let files = files(&message(&file.repeat(100)));
        assert_eq!((files.len(), files[0].sources.len()), (MAX_FILES, MAX_SOURCES));
    }
}
