//! Files that tell a secret in every place they can, and what is left of them.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};
use proptest::prelude::*;

use super::*;
use crate::picture;

const SECRET: &[u8] = b"51.4779 N 0.0015 W, 2026-11-21, somebody's camera";

fn drawn(format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8 * 5, y as u8 * 7, 90]));
    let mut bytes = Vec::new();
    DynamicImage::from(image).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

fn says_the_secret(bytes: &[u8]) -> bool {
    bytes.windows(8).any(|window| SECRET.windows(8).any(|secret| secret == window))
}

/// A TIFF that says how a picture is turned, and more.
fn exif(orientation: u8) -> Vec<u8> {
    [orientation_only(orientation).as_slice(), SECRET].concat()
}

fn jpeg(orientation: u8) -> Vec<u8> {
    let plain = drawn(ImageFormat::Jpeg);
    let segment = |marker: u8, content: &[u8]| {
        [&[0xff, marker][..], &((content.len() + 2) as u16).to_be_bytes(), content].concat()
    };
    [
        &plain[..2],
        &segment(0xe1, &[b"Exif\0\0", exif(orientation).as_slice()].concat()),
        &segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", SECRET].concat()),
        &segment(0xed, SECRET),
        &segment(0xe2, &[b"MPF\0", SECRET].concat()),
        &segment(0xfe, SECRET),
        &plain[2..],
        SECRET,
    ]
    .concat()
}

fn png(orientation: u8) -> Vec<u8> {
    let plain = drawn(ImageFormat::Png);
    let chunk = |name: &[u8; 4], content: &[u8]| {
        // Whoever reads checks sums of what is not known only if strict: the real one is used where it counts.
        [&(content.len() as u32).to_be_bytes()[..], name, content, &[0; 4]].concat()
    };
    let (head, rest) = plain.split_at(8 + 25);
    let _ = orientation;
    [head, &chunk(b"tEXt", SECRET), &chunk(b"tIME", b"2026112"), rest, SECRET].concat()
}

fn webp(orientation: u8) -> Vec<u8> {
    let plain = drawn(ImageFormat::WebP);
    let mut inside = b"WEBP".to_vec();
    let push = |inside: &mut Vec<u8>, name: &[u8; 4], content: &[u8]| {
        inside.extend(name);
        inside.extend((content.len() as u32).to_le_bytes());
        inside.extend(content);
        inside.extend(std::iter::repeat_n(0, content.len() % 2));
    };
    push(&mut inside, b"VP8X", &[0x0c, 0, 0, 0, 39, 0, 0, 29, 0, 0]);
    inside.extend(&plain[12..]);
    push(&mut inside, b"EXIF", &exif(orientation));
    push(&mut inside, b"XMP ", SECRET);
    [b"RIFF", &(inside.len() as u32).to_le_bytes()[..], &inside].concat()
}

fn gif() -> Vec<u8> {
    let plain = drawn(ImageFormat::Gif);
    let extension = |label: u8, blocks: &[&[u8]]| {
        let mut extension = vec![0x21, label];
        for block in blocks {
            extension.push(block.len() as u8);
            extension.extend(*block);
        }
        extension.push(0);
        extension
    };
    let colors = if plain[10] & 0x80 == 0 { 0 } else { 3 << ((plain[10] & 7) + 1) };
    let (head, rest) = plain.split_at(13 + colors);
    [
        head,
        &extension(0xff, &[b"NETSCAPE2.0", &[1, 0, 0]]),
        &extension(0xfe, &[SECRET, SECRET]),
        &extension(0xff, &[b"XMP DataXMP", SECRET]),
        rest,
        SECRET,
    ]
    .concat()
}

#[test]
fn only_the_picture_is_left() {
    for (name, file, orientation) in [
        ("jpeg", jpeg(1), 1),
        ("jpeg, turned", jpeg(6), 6),
        ("png", png(1), 1),
        ("gif", gif(), 1),
        ("webp", webp(1), 1),
        ("webp, turned", webp(8), 8),
    ] {
        assert!(says_the_secret(&file), "{name}");
        let before = picture::decode(&file).unwrap();
        assert_eq!(before.orientation.to_exif(), orientation, "{name}");
        let Stripped::Changed(stripped) = strip(&file, orientation) else { panic!("{name}") };
        assert!(!says_the_secret(&stripped), "{name}");
        let after = picture::decode(&stripped).unwrap();
        assert_eq!(after.orientation.to_exif(), orientation, "{name}");
        assert!(before.image == after.image, "{name}");
        assert_eq!(strip(&stripped, orientation), Stripped::Changed(stripped.clone()), "{name} twice");
    }
}

#[test]
fn a_png_is_turned_by_a_chunk_whose_sum_is_right() {
    let Stripped::Changed(turned) = strip(&drawn(ImageFormat::Png), 6) else { panic!() };
    let picture = picture::decode(&turned).unwrap();
    assert_eq!((picture.orientation.to_exif(), picture.image.width(), picture.image.height()), (6, 30, 40));
}

#[test]
fn what_moves_and_what_is_not_known_is_told() {
    assert!(is_animated(b"GIF89a"));
    assert!(!is_animated(&drawn(ImageFormat::Png)));
    assert_eq!(strip(b"II*\0", 1), Stripped::OtherFormat);
    assert_eq!(strip(b"GIF89a", 1), Stripped::Broken);
    assert_eq!(strip(&drawn(ImageFormat::Jpeg)[..40], 1), Stripped::Broken);
}

/// A box of a film.
fn part(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], &name, content].concat()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// A track of two samples of 4 and 60 bytes, one behind the other from this place on.
fn track(kind: [u8; 4], place: u32) -> Vec<u8> {
    let tables = [
        part(*b"stsz", &numbers(&[0, 0, 2, 4, 60])),
        part(*b"stsc", &numbers(&[0, 1, 1, 2, 1])),
        part(*b"stco", &numbers(&[0, 1, place])),
    ];
    let handler = part(*b"hdlr", &[&[0; 8][..], &kind, &[0; 12]].concat());
    let media = [
        part(*b"mdhd", &numbers(&[0, 0xaaaa_aaaa, 0xbbbb_bbbb, 1000, 2, 0])),
        handler,
        part(*b"minf", &part(*b"stbl", &tables.concat())),
    ];
    let content = [
        part(*b"tkhd", &numbers(&[0, 0xaaaa_aaaa, 0xbbbb_bbbb, 1])),
        part(*b"mdia", &media.concat()),
        part(*b"meta", SECRET),
    ];
    part(*b"trak", &content.concat())
}

fn film() -> Vec<u8> {
    let head = part(*b"ftyp", b"isom\0\0\x02\0isommp42");
    let picture = b"picture samples, of which each counts, and so they are all kept!";
    let place = head.len() as u32 + 8;
    let mut secret = SECRET.to_vec();
    secret.resize(64, b'.');
    let data = part(*b"mdat", &[&picture[..], &secret].concat());
    let movie = [
        part(*b"mvhd", &numbers(&[0, 0xaaaa_aaaa, 0xbbbb_bbbb, 1000, 2])),
        track(*b"vide", place),
        track(*b"meta", place + 64),
        part(*b"udta", &part(*b"\xa9xyz", SECRET)),
    ];
    [head, data, part(*b"moov", &movie.concat()), part(*b"uuid", SECRET)].concat()
}

#[test]
fn a_film_keeps_its_pictures_in_their_places_and_nothing_beside_them() {
    let film = film();
    assert!(says_the_secret(&film));
    let Stripped::Changed(stripped) = strip(&film, 1) else { panic!() };
    assert_eq!(stripped.len(), film.len());
    assert!(!says_the_secret(&stripped));
    let has = |bytes: &[u8]| stripped.windows(bytes.len()).any(|part| part == bytes);
    assert!(has(b"picture samples, of which each counts, and so they are all kept!"));
    assert!(has(b"vide") && !has(&[0xaa; 4]) && !has(&[0xbb; 4]), "when it was made is not told");
    assert_eq!(stripped.windows(4).filter(|part| part == b"trak").count(), 1);
    assert_eq!(strip(&stripped, 1), Stripped::Changed(stripped.clone()), "twice");
    assert_eq!(strip(&film[..film.len() - 1], 1), Stripped::Broken);
    assert_eq!(strip(&film[..60], 1), Stripped::Broken);
    let heic = part(*b"ftyp", b"heic\0\0\0\0mif1heic");
    assert_eq!(strip(&[heic, part(*b"meta", SECRET)].concat(), 1), Stripped::OtherFormat);
}

proptest! {
    #[test]
    fn no_bytes_do_harm(
        kind in 0..5_usize, orientation in 0..=255_u8, cut in 0..2_000_usize,
        changes in prop::collection::vec((0..2_000_usize, any::<u8>()), 0..30),
    ) {
        let mut file = [jpeg(6), png(1), webp(8), gif(), film()][kind].clone();
        for (place, byte) in changes {
            if let Some(there) = file.get_mut(place + 12) {
                *there = byte;
            }
        }
        file.truncate(cut.max(12));
        if let Stripped::Changed(stripped) = strip(&file, orientation) {
            prop_assert!(stripped.len() <= file.len() + 64);
        }
        let _ = picture::decode(&file);
    }
}
