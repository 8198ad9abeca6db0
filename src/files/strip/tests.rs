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
    let texts = [b"tEXt", b"zTXt", b"iTXt"].map(|name| chunk(name, SECRET)).concat();
    [head, &texts, &chunk(b"tIME", b"2026112"), rest, SECRET].concat()
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
    assert_eq!(strip(b"BM", 1), Stripped::OtherFormat);
    assert_eq!(strip(b"II*\0", 1), Stripped::Broken);
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
}

#[test]
fn a_long_film_is_changed_as_it_is_read() {
    let film = film();
    let Changes::Changed(patches) = changes(&mut Cursor::new(&film)).unwrap() else { panic!() };
    let Stripped::Changed(stripped) = strip(&film, 1) else { panic!() };
    for size in [1, 7, 64, 1000] {
        let mut read = film.clone();
        for (number, piece) in read.chunks_mut(size).enumerate() {
            patches.apply((number * size) as u64, piece);
        }
        assert!(read == stripped, "in pieces of {size}");
    }
}

/// A picture of two items: pixels, and what a camera wrote.
fn heic() -> Vec<u8> {
    let entry =
        |id: u8, kind: &[u8; 4]| part(*b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], &kind[..], b"\0"].concat());
    let entries = [entry(1, b"hvc1"), entry(2, b"Exif"), entry(3, b"mime"), entry(4, b"hvc1")];
    let list = part(*b"iinf", &[&[0, 0, 0, 0, 0, 4][..], &entries.concat()].concat());
    let head = part(*b"ftyp", b"heic\0\0\0\0mif1heic");
    let exif = [&[0; 4], exif(6).as_slice()].concat();
    let pixels = b"all the pixels there are";
    let described = part(*b"ipco", &[part(*b"irot", &[1]), part(*b"udes", SECRET)].concat());
    let with_places = |begin: u32| {
        let place = |id: u8, method: u8, place: u32, length: usize| {
            [&[0, id, 0, method, 0, 0, 0, 1][..], &numbers(&[place, length as u32])].concat()
        };
        let places = [
            place(1, 0, begin, pixels.len()),
            place(2, 0, begin + pixels.len() as u32, exif.len()),
            place(3, 1, 0, SECRET.len()),
            place(4, 1, SECRET.len() as u32, 4),
        ];
        let places = part(*b"iloc", &[&[1, 0, 0, 0, 0x44, 0, 0, 4][..], &places.concat()].concat());
        let data = part(*b"idat", &[SECRET, b"grid"].concat());
        let inside = [&[0; 4], list.as_slice(), &places, &data, &part(*b"iprp", &described)].concat();
        [head.clone(), part(*b"meta", &inside)].concat()
    };
    let begin = with_places(0).len() as u32 + 8;
    [with_places(begin), part(*b"mdat", &[&pixels[..], &exif].concat()), part(*b"uuid", SECRET)].concat()
}

#[test]
fn a_picture_in_boxes_keeps_its_pixels_and_nothing_beside_them() {
    let heic = heic();
    assert!(says_the_secret(&heic));
    let Stripped::Changed(stripped) = strip(&heic, 1) else { panic!() };
    assert_eq!(stripped.len(), heic.len());
    assert!(!says_the_secret(&stripped));
    let has = |bytes: &[u8]| stripped.windows(bytes.len()).any(|part| part == bytes);
    assert!(has(b"all the pixels there are") && has(b"grid") && has(b"irot"));
    assert!(has(b"\0\0\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"), "what reads EXIF finds one that says nothing");
    assert_eq!(strip(&stripped, 1), Stripped::Changed(stripped.clone()), "twice");
    assert_eq!(strip(&heic[..60], 1), Stripped::Broken);
    let other = [part(*b"ftyp", b"avif\0\0\0\0"), part(*b"meta", SECRET)].concat();
    assert_eq!(strip(&other, 1), Stripped::Broken);
}

/// A TIFF with a page, a small picture of it, and what a camera wrote, in the order of bytes of either kind of machine.
fn tiff(is_little: bool) -> Vec<u8> {
    let short = |number: u16| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
    let long = |number: u32| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        let value = if kind == 3 && count == 1 {
            [short(value as u16), [0; 2]].concat()
        } else {
            long(value).to_vec()
        };
        [&short(tag)[..], &short(kind), &long(count), &value].concat()
    };
    let pixels: Vec<u8> = (0..40 * 30).map(|place| (place * 7) as u8).collect();
    let secret = SECRET.len() as u32;
    let (pixels_at, secret_at) = (8, 8 + pixels.len() as u32);
    let table_at = secret_at + secret;
    let small_at = table_at + 2 + 13 * 12 + 4;
    let table = |is_small: bool, next: u32| {
        let entries = [
            entry(254, 4, 1, is_small.into()),
            entry(256, 3, 1, 40),
            entry(257, 3, 1, 30),
            entry(258, 3, 1, 8),
            entry(259, 3, 1, 1),
            entry(262, 3, 1, 1),
            entry(271, 2, secret, secret_at),
            entry(273, 4, 1, if is_small { secret_at } else { pixels_at }),
            entry(274, 3, 1, 6),
            entry(277, 3, 1, 1),
            entry(278, 3, 1, 30),
            entry(279, 4, 1, if is_small { secret } else { pixels.len() as u32 }),
            entry(34_665, 4, 1, secret_at),
        ];
        [&short(13)[..], &entries.concat(), &long(next)].concat()
    };
    let head = [if is_little { &b"II*\0"[..] } else { b"MM\0*" }, &long(table_at)].concat();
    [head, pixels.clone(), SECRET.to_vec(), table(false, small_at), table(true, 0), SECRET.to_vec()].concat()
}

#[test]
fn a_tiff_keeps_its_pixels_and_nothing_beside_them() {
    for tiff in [tiff(true), tiff(false)] {
        assert!(says_the_secret(&tiff));
        let Stripped::Changed(stripped) = strip(&tiff, 1) else { panic!() };
        assert_eq!(stripped.len(), tiff.len());
        assert!(!says_the_secret(&stripped));
        let page = |bytes: &[u8]| match changes(&mut Cursor::new(bytes)).unwrap() {
            Changes::Changed(patches) => patches,
            other => panic!("{other:?}"),
        };
        assert_eq!(stripped[8..1208], tiff[8..1208], "the pixels");
        let table = 1208 + SECRET.len();
        let count = u16::from(stripped[table].max(stripped[table + 1]));
        assert_eq!(count, 11, "device and more is no fact any more");
        let mut again = stripped.clone();
        page(&stripped).apply(0, &mut again);
        assert_eq!(again, stripped, "twice");
        assert_eq!(strip(&tiff[..1300], 1), Stripped::Broken);
    }
    let mut sensor = tiff(true);
    let place = sensor.windows(2).rposition(|pair| pair == 34_665_u16.to_le_bytes()).unwrap();
    sensor[place..place + 2].copy_from_slice(&330_u16.to_le_bytes());
    assert_eq!(strip(&sensor, 1), Stripped::OtherFormat, "its program needs what its camera wrote");
}

proptest! {
    #[test]
    fn no_bytes_do_harm(
        kind in 0..8_usize, orientation in 0..=255_u8, cut in 0..2_000_usize,
        changes in prop::collection::vec((0..2_000_usize, any::<u8>()), 0..30),
    ) {
        let mut file = [jpeg(6), png(1), webp(8), gif(), film(), heic(), tiff(true), tiff(false)][kind].clone();
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
