//! Makes a file ready to be sent.
//!
//! What can be kept is read once and put into a container, changed as the user wants: from then on the user's own file is
//! not needed, and may be a portal's that is gone after a restart. Larger files are sent from where they are, and what is to be taken
//! out of them is left out while they are read.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
    path::Path,
    sync::Arc,
};

use model::FileSource;

use crate::{
    ContainerWriter, FileKey, PictureFacts, picture,
    sniff::{HEAD, believed},
    strip::{self, Changes},
};

/// The largest file that is kept on this device when it is sent.
const KEPT_UP_TO: u64 = 64 * 1024 * 1024;

/// What is to be done to a file before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Take out where and when and with what a picture was made.
    pub strip_metadata: bool,
    /// Make a picture smaller whose longer side has more pixels.
    pub longest_side: Option<u32>,
}

/// What a file is that was made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// What its bytes say it is.
    pub media_type: String,
    /// How many bytes it has now.
    pub size: u64,
    /// What a picture shows.
    pub picture: Option<PictureFacts>,
    /// The extension it has to have now, if it is of another type than before.
    pub extension: Option<&'static str>,
    /// Whether it was put into the container; otherwise it is sent from where it is.
    pub is_kept: bool,
}

/// Makes a file ready, and puts it into a container if it is not too large. Fails with `InvalidInput` for what is no
/// file, with `InvalidData` for a picture whose metadata cannot be taken out.
pub fn prepare(source: &FileSource, wish: Wish, container: &Path, key: &FileKey) -> io::Result<Prepared> {
    let bytes: Arc<[u8]> = match source {
        FileSource::Bytes(bytes) => Arc::clone(bytes),
        FileSource::Path(path) => {
            let mut file = File::open(path)?;
            let facts = file.metadata()?;
            if !facts.is_file() {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            if facts.len() > KEPT_UP_TO {
                if wish.strip_metadata && strip::changes(&mut file)? == Changes::Broken {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                let mut head = Vec::with_capacity(HEAD);
                file.rewind()?;
                file.take(HEAD as u64).read_to_end(&mut head)?;
                return Ok(Prepared {
                    media_type: believed(&head, None),
                    size: facts.len(),
                    picture: None,
                    extension: None,
                    is_kept: false,
                });
            }
            let mut bytes = Vec::with_capacity(facts.len() as usize);
            (&mut file).take(KEPT_UP_TO).read_to_end(&mut bytes)?;
            bytes.into()
        }
    };
    let ready = ready(&bytes, wish)?;
    let mut writer = ContainerWriter::create(container, key)?;
    writer.write(ready.changed.as_deref().unwrap_or(&bytes))?;
    Ok(Prepared {
        media_type: ready.media_type,
        size: writer.finish()?,
        picture: ready.picture,
        extension: ready.extension,
        is_kept: true,
    })
}

/// What a file tells beside what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// It is no picture and no film.
    Nothing,
    /// Where, when and with what it was made, perhaps; it can be taken out.
    CanBeTakenOut,
    /// The same, and it stays: the format is not known here, or the file is too large for it.
    Stays,
}

/// Looks at a file that may be sent.
pub fn telling(path: &Path) -> io::Result<Telling> {
    let mut file = File::open(path)?;
    let mut head = Vec::with_capacity(HEAD);
    (&mut file).take(HEAD as u64).read_to_end(&mut head)?;
    let kind = believed(&head, None);
    if !kind.starts_with("image/") && !kind.starts_with("video/") {
        return Ok(Telling::Nothing);
    }
    let is_small = file.metadata()?.len() <= KEPT_UP_TO;
    let is_written_anew = matches!(kind.as_str(), "image/jpeg" | "image/png" | "image/webp" | "image/gif");
    let can = is_written_anew && is_small || strip::changes(&mut file)? != Changes::OtherFormat;
    Ok(if can { Telling::CanBeTakenOut } else { Telling::Stays })
}

struct Ready {
    media_type: String,
    picture: Option<PictureFacts>,
    extension: Option<&'static str>,
    changed: Option<Vec<u8>>,
}

fn ready(bytes: &[u8], wish: Wish) -> io::Result<Ready> {
    let media_type = believed(bytes.get(..HEAD).unwrap_or(bytes), None);
    let mut ready = Ready { media_type, picture: None, extension: None, changed: None };
    if !ready.media_type.starts_with("image/") {
        if wish.strip_metadata {
            ready.changed = stripped(bytes, 1)?;
        }
        return Ok(ready);
    }
    let mut decoded = picture::decode(bytes);
    if let (Some(picture), Some(longest)) = (&decoded, wish.longest_side)
        && picture.image.width().max(picture.image.height()) > longest
        && !strip::is_animated(bytes)
        && let Some((smaller, file, extension)) = picture::scaled(picture, longest)
    {
        // Nothing but the pixels is left in a picture that was drawn anew.
        ready.media_type = believed(file.get(..HEAD).unwrap_or(&file), None);
        ready.extension = Some(extension);
        ready.changed = Some(file);
        decoded = Some(smaller);
    } else if wish.strip_metadata {
        let orientation = decoded.as_ref().map_or(1, |picture| picture.orientation.to_exif());
        ready.changed = stripped(bytes, orientation)?;
    }
    ready.picture = decoded.as_ref().map(picture::facts);
    Ok(ready)
}

/// The file without its metadata. `None` if its format is not known.
fn stripped(bytes: &[u8], orientation: u8) -> io::Result<Option<Vec<u8>>> {
    match strip::strip(bytes, orientation) {
        strip::Stripped::Changed(file) => Ok(Some(file)),
        strip::Stripped::OtherFormat => Ok(None),
        strip::Stripped::Broken => Err(io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests;
