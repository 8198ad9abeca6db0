//! What messages and servers say of files: descriptions (XEP-0446, XEP-0447), encrypted sources (XEP-0448), addresses with
//! keys (XEP-0454), out of band data (XEP-0066), slots (XEP-0363), names. What was read can be written, and is read again
//! as the same; nothing that is gone to is without TLS; no name leaves its folder.

use std::path::{Component, Path};

use model::FileName;
use xmpp::minidom::Element;
use xmpp::xep_0447_file_sharing::FileSource;
use xmpp::{
    parser, xep_0030_disco, xep_0066_oob as oob, xep_0264_thumbnails as thumbnails,
    xep_0300_hashes as hashes, xep_0363_http_upload as upload, xep_0446_file_metadata as metadata,
    xep_0447_file_sharing as sharing, xep_0454_media_sharing as media, xml,
};

use super::elements;

/// After a zero the bytes are a body and a name, otherwise stanzas.
pub fn read(input: &[u8]) {
    match input.split_first() {
        Some((0, bytes)) => {
            let text = String::from_utf8_lossy(bytes);
            body(&text);
            name(&text);
        }
        _ => elements::all(input, |element| everywhere(&element)),
    }
}

fn everywhere(element: &Element) {
    let text = element.text();
    body(&text);
    name(&text);
    described(element);
    if let Some(url) = oob::url(element) {
        gone_to(&url);
        let mut message = Element::bare("message", xml::NS_CLIENT);
        message.append_child(oob::element(&url));
        assert_eq!(oob::url(&reread(&message)), Some(url));
    }
    slot(element);
    if let Some(info) = xep_0030_disco::Info::read(element) {
        let _ = upload::service(&info);
    }
    element.children().for_each(everywhere);
}

fn described(element: &Element) {
    let file = metadata::read(element);
    assert_eq!(metadata::read(&reread(&metadata::element(&file))), file);
    if let Some(hash) = hashes::hash(element) {
        let mut parent = Element::bare("file", metadata::NS);
        parent.append_child(hashes::element(&hash));
        assert_eq!(hashes::hash(&reread(&parent)), Some(hash));
    }
    if let Some(small) = thumbnails::thumbhash(element) {
        let mut parent = Element::bare("file", metadata::NS);
        parent.append_child(thumbnails::element(&small, file.dimensions));
        assert_eq!(thumbnails::thumbhash(&reread(&parent)), Some(small));
    }
    let shared = sharing::files(element);
    let mut message = Element::bare("message", xml::NS_CLIENT);
    for file in &shared {
        for source in &file.sources {
            match source {
                FileSource::Plain(url) => gone_to(url),
                FileSource::Encrypted(source) => source.addresses.iter().for_each(|url| gone_to(url)),
            }
        }
        message.append_child(sharing::element(file));
    }
    assert_eq!(sharing::files(&reread(&message)), shared);
}

fn body(text: &str) {
    let Some(address) = media::read(text) else { return };
    gone_to(&address.url);
    // An address that cannot be written without being another is not written.
    if let Some(written) = media::body(&address) {
        assert_eq!(media::read(&written), Some(address));
    }
}

fn slot(element: &Element) {
    let Some(slot) = upload::slot(element) else { return };
    gone_to(&slot.put);
    gone_to(&slot.get);
    for (_, value) in &slot.headers {
        assert!(value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)), "{value:?}");
    }
}

/// An address that may be gone to. It is one line, for it is kept as one.
fn gone_to(url: &str) {
    assert!(url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")), "{url:?}");
    assert!(!url.chars().any(|c| c.is_control() || c.is_whitespace()), "{url:?}");
}

fn name(text: &str) {
    let name = FileName::new(text);
    assert_eq!(FileName::new(name.as_str()), name, "cleaned once is clean");
    for name in [name.clone(), name.numbered(7), name.with_extension("jpg")] {
        let mut parts = Path::new(name.as_str()).components();
        assert!(matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)), "{name:?}");
        assert!(name.as_str().len() < 256 && !name.as_str().chars().any(char::is_control), "{name:?}");
    }
}

/// An element as it arrives.
fn reread(element: &Element) -> Element {
    parser::fragment(&xml::serialise(element)).expect("what we write is well-formed")
}
