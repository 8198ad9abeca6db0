//! A file as a message says it.
//!
//! One upload, and descriptions of it for everybody: whoever knows XEP-0447 reads that, others the body. In an
//! encrypted conversation the body is an `aesgcm:` address (XEP-0454), all that version 0.3 seals, and the description
//! with its name, small picture and key (XEP-0448) goes into the envelope of version 2 alone: `omemo/carriage.rs` leaves
//! it out beside the legacy ciphertext.

use store::{FileCipher, StoredAttachment, StoredConversation};
use xmpp::{
    minidom::Element,
    payload, xep_0066_oob as oob, xep_0184_receipts as receipts,
    xep_0300_hashes::Hash,
    xep_0333_markers as markers, xep_0359_stanza_ids as stanza_ids, xep_0428_fallback as fallback,
    xep_0446_file_metadata::FileMetadata,
    xep_0447_file_sharing::{self as sharing, FileSharing, FileSource},
    xep_0448_file_encryption::{Cipher, EncryptedSource},
    xep_0454_media_sharing::{self as media, MediaAddress},
    xml,
};

use crate::{Error, commands, turn::Turn};

/// The message of a file that was uploaded. `None` if it cannot be said.
pub(super) fn stanza(
    turn: &Turn<'_, '_>,
    to: &StoredConversation,
    id: &str,
    file: &StoredAttachment,
) -> Result<Option<Element>, Error> {
    let reply = commands::reply_of(turn, file.attachment.message)?;
    Ok(file_stanza(to, id, file, reply))
}

fn file_stanza(
    to: &StoredConversation,
    id: &str,
    file: &StoredAttachment,
    reply: Option<Element>,
) -> Option<Element> {
    let url = file.remote.addresses.first()?;
    let (body, source, reference) = match &file.remote.cipher {
        FileCipher::None => (url.clone(), FileSource::Plain(url.clone()), Some(oob::element(url))),
        FileCipher::Gcm { key, iv } => {
            let address = MediaAddress { url: url.clone(), iv: iv.clone(), key: key.to_vec() };
            let source = EncryptedSource {
                cipher: Cipher::Aes256Gcm,
                key: key.to_vec(),
                iv: iv.clone(),
                addresses: vec![url.clone()],
            };
            (media::body(&address)?, FileSource::Encrypted(source), None)
        }
        FileCipher::Other => return None,
    };
    let attachment = &file.attachment;
    let shows = attachment.is_voice || !matches!(attachment.kind(), model::FileKind::Other);
    let description = FileSharing {
        inline: Some(shows),
        file: FileMetadata {
            name: Some(attachment.name.to_string()),
            media_type: Some(attachment.media_type.clone()),
            size: attachment.size,
            dimensions: attachment.dimensions,
            length: attachment.duration,
            description: attachment.description.clone(),
            hash: file.remote.hash.as_ref().map(hash),
            thumbhash: attachment.thumbhash.clone(),
        },
        sources: vec![source],
    };
    let attributes = [("to", to.address.as_str()), ("type", "chat"), ("id", id)];
    let children = [
        payload::text_tag("body", xml::NS_CLIENT, &body),
        sharing::element(&description),
        payload::parent_tag(
            "fallback",
            fallback::NS,
            &[("for", sharing::NS)],
            [payload::tag("body", fallback::NS, &[])],
        ),
    ]
    .into_iter()
    .chain(reference)
    // Without a quote: whoever knows no descriptions takes a body for a file only if there is nothing else in it.
    .chain(reply)
    .chain([stanza_ids::origin(id), receipts::request(), markers::markable()]);
    Some(payload::parent_tag("message", xml::NS_CLIENT, &attributes, children))
}

fn hash(digest: &files::Digest) -> Hash {
    match digest {
        files::Digest::Sha256(hash) => Hash::Sha256(*hash),
        files::Digest::Sha512(hash) => Hash::Sha512(*hash),
    }
}
