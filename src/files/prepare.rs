//! Makes a file ready to be sent.
//!
//! What can be kept is read once and put into a container, changed as the user wants: from then on the user's own file is
//! not needed, and may be a portal's that is gone after a restart. Larger files are sent from where they are, and what is to be taken
//! out of them is left out while they are read.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::Path,
    sync::Arc,
};

use model::FileSource;

use crate::{
    ContainerWriter, FileAtRest, FileKey, FilmMaker, FilmPiece, PictureFacts, picture,
    sniff::{HEAD, believed},
    strip::{self, Changes},
};

/// The largest file that is kept on this device when it is sent.
const KEPT_UP_TO: u64 = 64 * 1024 * 1024;

/// What films become.
const FILM: &str = "video/webm";

/// What is to be done to a file before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Take out where and when and with what a picture was made.
    pub strip_metadata: bool,
    /// Make a picture smaller whose longer side has more pixels. A film gets half as many.
    pub longest_side: Option<u32>,
}

/// What it takes to make files ready.
pub struct Means<'m> {
    /// What makes films smaller.
    pub films: Option<&'m FilmMaker>,
    /// Told how far that came, in thousandths. What it fails with ends it.
    pub told: &'m mut dyn FnMut(u16) -> io::Result<()>,
}

impl fmt::Debug for Means<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Means").finish_non_exhaustive()
    }
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
/// file, with `InvalidData` for a picture or a film whose metadata cannot be taken out.
pub fn prepare(
    source: &FileSource,
    wish: Wish,
    container: &Path,
    key: &FileKey,
    means: Means<'_>,
) -> io::Result<Prepared> {
    let Means { films, told } = means;
    if let (FileSource::Path(path), Some(side), Some(films)) = (source, wish.longest_side, films)
        && let Some(prepared) = made_smaller(path, side / 2, films, told, container, key)?
    {
        return Ok(prepared);
    }
    let bytes: Arc<[u8]> = match source {
        FileSource::Bytes(bytes) => Arc::clone(bytes),
        FileSource::Path(path) => {
            let mut file = File::open(path)?;
            let facts = file.metadata()?;
            if !facts.is_file() {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            if facts.len() > KEPT_UP_TO {
                let mut head = Vec::with_capacity(HEAD);
                (&mut file).take(HEAD as u64).read_to_end(&mut head)?;
                if wish.strip_metadata {
                    match strip::changes(&mut file)? {
                        Changes::Changed(_) => {}
                        Changes::OtherFormat if !is_to_lose_it(&believed(&head, None), wish) => {}
                        _ => return Err(io::ErrorKind::InvalidData.into()),
                    }
                }
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

/// A film that was made smaller. `None` if the file is none, or cannot be made smaller: then it goes as it is.
fn made_smaller(
    path: &Path,
    side: u32,
    films: &FilmMaker,
    told: &mut dyn FnMut(u16) -> io::Result<()>,
    container: &Path,
    key: &FileKey,
) -> io::Result<Option<Prepared>> {
    let mut head = Vec::with_capacity(HEAD);
    let file = File::open(path)?;
    let facts = file.metadata()?;
    file.take(HEAD as u64).read_to_end(&mut head)?;
    if !facts.is_file() || !believed(&head, None).starts_with("video/") {
        return Ok(None);
    }
    let original = FileAtRest::InPlace { path: path.to_owned(), size: facts.len(), without_metadata: false };
    let mut writer = ContainerWriter::create(container, key)?;
    let mut stopped = None;
    let made = films.make(original.open()?, side, &mut |FilmPiece { place, bytes, done }| {
        let (over, behind) = bytes.split_at(bytes.len().min(writer.len().saturating_sub(place) as usize));
        let taken = told(done).and_then(|()| {
            writer.rewrite(place, over)?;
            if writer.len() >= facts.len() {
                Err(io::ErrorKind::FileTooLarge.into())
            } else {
                writer.write(behind)
            }
        });
        taken.map_err(|error| {
            let kind = error.kind();
            stopped = Some(error).filter(|_| kind != io::ErrorKind::FileTooLarge);
            kind.into()
        })
    });
    if let Some(error) = stopped {
        return Err(error);
    }
    if made.is_err() || writer.is_empty() {
        return Ok(None);
    }
    Ok(Some(Prepared {
        media_type: FILM.to_owned(),
        size: writer.finish()?,
        picture: None,
        extension: Some("webm"),
        is_kept: true,
    }))
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
            if ready.changed.is_none() && is_to_lose_it(&ready.media_type, wish) {
                return Err(io::ErrorKind::InvalidData.into());
            }
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

/// Whether somebody was promised that a film tells nothing, because it would be made anew. It could not be.
fn is_to_lose_it(media_type: &str, wish: Wish) -> bool {
    media_type.starts_with("video/") && wish.longest_side.is_some()
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
