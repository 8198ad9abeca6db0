//! What is taken out of files before they go, and what cannot be: prepared as the outbox does it, and read again.

use std::{fs, io::Read as _, path::Path};

use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};

use super::*;
use crate::ContainerReader;

const PLAIN: Wish = Wish { strip_metadata: true, longest_side: None };

/// As [`super::prepare`], where films stay as they are.
fn prepare(source: &FileSource, wish: Wish, container: &Path, key: &FileKey) -> io::Result<Prepared> {
    super::prepare(source, wish, container, key, Means { films: None, told: &mut |_| Ok(()) })
}

fn picture(image: impl Into<DynamicImage>, format: ImageFormat) -> FileSource {
    let mut bytes = Vec::new();
    image.into().write_to(&mut io::Cursor::new(&mut bytes), format).unwrap();
    FileSource::Bytes(bytes.into())
}

fn prepared(source: &FileSource, wish: Wish) -> (Prepared, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let (path, key) = (folder.path().join("c"), FileKey::new([3; 32]));
    let prepared = prepare(source, wish, &path, &key).unwrap();
    let mut bytes = Vec::new();
    ContainerReader::open(&path, &key).unwrap().read_to_end(&mut bytes).unwrap();
    (prepared, bytes)
}

#[test]
fn a_picture_is_looked_at_and_kept() {
    let (prepared, bytes) = prepared(&picture(RgbImage::new(64, 48), ImageFormat::Png), PLAIN);
    assert_eq!(prepared.media_type, "image/png");
    let facts = prepared.picture.unwrap();
    assert_eq!(facts.dimensions, (64, 48));
    assert!((5..=25).contains(&facts.thumbhash.len()));
    assert_eq!((prepared.size, prepared.is_kept, prepared.extension), (bytes.len() as u64, true, None));
}

#[test]
fn pictures_are_made_smaller_and_stay_what_they_are() {
    let wish = Wish { longest_side: Some(100), ..PLAIN };
    let (small, bytes) = prepared(&picture(RgbImage::new(400, 200), ImageFormat::Png), wish);
    assert_eq!((small.media_type.as_str(), small.extension), ("image/jpeg", Some("jpg")));
    assert_eq!(small.picture.unwrap().dimensions, (100, 50));
    assert_eq!(image::load_from_memory(&bytes).unwrap().width(), 100);
    let (clear, _) = prepared(&picture(RgbaImage::new(10, 300), ImageFormat::WebP), wish);
    assert_eq!((clear.media_type.as_str(), clear.extension), ("image/png", Some("png")));
    let (same, _) = prepared(&picture(RgbImage::new(90, 60), ImageFormat::Png), wish);
    assert_eq!((same.extension, same.picture.unwrap().dimensions), (None, (90, 60)));
}

#[test]
fn other_files_are_kept_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes");
    fs::write(&path, "words").unwrap();
    let (prepared, bytes) = prepared(&FileSource::Path(path), PLAIN);
    assert_eq!((prepared.media_type.as_str(), bytes.as_slice()), ("text/plain", b"words".as_slice()));
}

#[test]
fn large_files_stay_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    fs::File::create(&path).unwrap().set_len(KEPT_UP_TO + 1).unwrap();
    let container = folder.path().join("c");
    let prepared = prepare(&FileSource::Path(path), PLAIN, &container, &FileKey::new([0; 32])).unwrap();
    assert_eq!((prepared.is_kept, prepared.size), (false, KEPT_UP_TO + 1));
    assert!(!container.exists());
}

#[test]
fn what_is_no_file_is_refused() {
    let refused = |path: &Path| {
        let folder = tempfile::tempdir().unwrap();
        let source = FileSource::Path(path.to_owned());
        prepare(&source, PLAIN, &folder.path().join("c"), &FileKey::new([0; 32])).unwrap_err().kind()
    };
    assert_eq!(refused(Path::new("/")), io::ErrorKind::InvalidInput);
    assert_eq!(refused(Path::new("/nowhere/at/all")), io::ErrorKind::NotFound);
    let broken = FileSource::Bytes(b"\xff\xd8\xff\xe1\x00".as_slice().into());
    let folder = tempfile::tempdir().unwrap();
    let error = prepare(&broken, PLAIN, &folder.path().join("c"), &FileKey::new([0; 32])).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

/// A box.
fn part(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], &name, content].concat()
}

#[test]
fn what_a_long_film_tells_is_left_out_while_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let secret = b"51.4779 N 0.0015 W";
    let movie = part(*b"moov", &[part(*b"mvhd", &[0; 20]), part(*b"udta", secret)].concat());
    let length = KEPT_UP_TO + 1;
    let head = [part(*b"ftyp", b"isom\0\0\x02\0isom"), movie].concat();
    let data = length - head.len() as u64;
    fs::write(&path, [head, (data as u32).to_be_bytes().to_vec(), b"mdat".to_vec()].concat()).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
    assert_eq!(telling(&path).unwrap(), Telling::CanBeTakenOut);
    let container = folder.path().join("c");
    let prepared =
        prepare(&FileSource::Path(path.clone()), PLAIN, &container, &FileKey::new([0; 32])).unwrap();
    assert_eq!((prepared.is_kept, prepared.media_type.as_str()), (false, "video/mp4"));
    let read = |without_metadata| {
        let at_rest = crate::FileAtRest::InPlace { path: path.clone(), size: length, without_metadata };
        let mut bytes = Vec::new();
        at_rest.open().unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, length);
        bytes.windows(secret.len()).any(|part| part == secret)
    };
    assert!(read(false) && !read(true));
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 1).unwrap();
    let broken = prepare(&FileSource::Path(path), PLAIN, &container, &FileKey::new([0; 32]));
    assert_eq!(broken.unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[test]
fn what_a_file_tells_is_known_before_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let told = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        telling(&path).unwrap()
    };
    assert_eq!(told("notes", b"words"), Telling::Nothing);
    assert_eq!(told("sound", b"fLaC"), Telling::Nothing);
    assert_eq!(told("photo", b"\xff\xd8\xff"), Telling::CanBeTakenOut);
    assert_eq!(told("webm", b"\x1a\x45\xdf\xa3"), Telling::Stays);
    assert_eq!(told("jxl", b"\xff\x0a"), Telling::Stays);
    let photo = folder.path().join("photo");
    fs::OpenOptions::new().write(true).open(&photo).unwrap().set_len(KEPT_UP_TO + 1).unwrap();
    assert_eq!(telling(&photo).unwrap(), Telling::Stays, "it is too large to be written anew");
}

#[test]
fn films_are_made_smaller_if_that_makes_them_smaller() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.webm");
    fs::write(&path, [b"\x1a\x45\xdf\xa3".to_vec(), vec![7; 200_000]].concat()).unwrap();
    let (container, key) = (folder.path().join("c"), FileKey::new([0; 32]));
    let wish = Wish { strip_metadata: false, longest_side: Some(1280) };
    let outcome = |films: FilmMaker, told: &mut dyn FnMut(u16) -> io::Result<()>| {
        let means = Means { films: Some(&films), told };
        super::prepare(&FileSource::Path(path.clone()), wish, &container, &key, means)
    };
    // As those do that write a film: the head is filled in at the end.
    let films = FilmMaker::new(|_, side, take| {
        assert_eq!(side, 640);
        take(FilmPiece { place: 0, bytes: vec![1; 100_000], done: 400 })?;
        take(FilmPiece { place: 100_000, bytes: vec![2; 50], done: 900 })?;
        take(FilmPiece { place: 10, bytes: b"head".to_vec(), done: 1000 })?;
        take(FilmPiece { place: 100_040, bytes: vec![3; 20], done: 1000 })
    });
    let mut steps = Vec::new();
    let prepared = outcome(films, &mut |done| {
        steps.push(done);
        Ok(())
    });
    let prepared = prepared.unwrap();
    assert_eq!((prepared.size, prepared.is_kept, prepared.extension), (100_060, true, Some("webm")));
    assert_eq!(steps, [400, 900, 1000, 1000]);
    let mut bytes = Vec::new();
    ContainerReader::open(&container, &key).unwrap().read_to_end(&mut bytes).unwrap();
    let whole = [vec![1; 10], b"head".to_vec(), vec![1; 99_986], vec![2; 40], vec![3; 20]].concat();
    assert!(bytes == whole);
    for films in [
        FilmMaker::new(|_, _, _| Err(io::ErrorKind::InvalidData.into())),
        FilmMaker::new(|_, _, take| {
            (0..9).try_for_each(|piece| {
                take(FilmPiece { place: piece * 50_000, bytes: vec![0; 50_000], done: 0 })
            })
        }),
    ] {
        let prepared = outcome(films, &mut |_| Ok(())).unwrap();
        assert_eq!((prepared.size, prepared.extension), (200_004, None), "it goes as it is");
    }
    let films = FilmMaker::new(|_, _, take| take(FilmPiece { place: 0, bytes: vec![0; 10], done: 0 }));
    let stopped = outcome(films, &mut |_| Err(io::ErrorKind::Interrupted.into()));
    assert_eq!(stopped.unwrap_err().kind(), io::ErrorKind::Interrupted);
}
