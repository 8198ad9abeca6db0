//! Real workers in processes of their own.

use std::io::Cursor;

use image::{Delay, DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage, codecs::gif::GifEncoder};

use super::*;

const WHOLE: Wish = Wish { fit: Fit::Whole, side: 64 };

fn png(width: u32, height: u32) -> Vec<u8> {
    let image =
        RgbImage::from_fn(
            width,
            height,
            |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) },
        );
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image).write_to(&mut bytes, ImageFormat::Png).expect("it is written");
    bytes.into_inner()
}

fn decoder() -> Decoder {
    Decoder::new(program)
}

#[test]
fn a_picture_becomes_pixels_in_another_process() {
    let mut decoder = decoder();
    let halves = decoder.decode(&png(400, 200), WHOLE).expect("it is a picture");
    assert_eq!((halves.full, halves.width, halves.height), ((400, 200), 64, 32));
    assert_eq!(halves.pixels.len(), 64 * 32 * 4);
    assert_eq!(halves.pixels[..4], [255, 0, 0, 255]);
    assert_eq!(halves.pixels[halves.pixels.len() - 4..], [0, 0, 255, 255]);
    let square =
        decoder.decode(&png(400, 200), Wish { fit: Fit::Square, side: 64 }).expect("it is a picture");
    assert_eq!((square.width, square.height), (64, 64));
    let small = decoder.decode(&png(10, 20), Wish { fit: Fit::Square, side: 64 }).expect("it is a picture");
    assert_eq!((small.width, small.height), (10, 10), "nothing is made larger");
    let first = decoder.worker.as_ref().map(|worker| (worker.process.id(), worker.served));
    assert!(first.is_some_and(|(_, served)| served == 3), "one worker served all");
}

/// Frames of one colour each, as a GIF.
fn gif(frames: u8, (width, height): (u32, u32), milliseconds: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
    for number in 0..frames {
        let image = RgbaImage::from_pixel(width, height, Rgba([number.saturating_mul(40), 0, 0, 255]));
        let delay = Delay::from_numer_denom_ms(milliseconds, 1);
        encoder.encode_frame(image::Frame::from_parts(image, 0, 0, delay)).expect("it is written");
    }
    drop(encoder);
    bytes
}

/// A chunk of a PNG.
fn chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let named = [&name[..], content].concat();
    let sum = !named.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    });
    [&(content.len() as u32).to_be_bytes()[..], &named, &sum.to_be_bytes()].concat()
}

fn of_one_color(color: u8, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let image = RgbaImage::from_pixel(8, 4, Rgba([color, 0, 0, 255]));
    DynamicImage::ImageRgba8(image).write_to(&mut bytes, format).expect("it is written");
    bytes.into_inner()
}

/// Frames of one colour each, as a PNG that moves.
fn apng(colors: &[u8]) -> Vec<u8> {
    let mut number = 0_u32;
    let mut numbered = |name: [u8; 4], content: &[u8]| {
        number += 1;
        chunk(name, &[&(number - 1).to_be_bytes()[..], content].concat())
    };
    let mut frames = Vec::new();
    let mut head = Vec::new();
    for color in colors {
        let still = of_one_color(*color, ImageFormat::Png);
        let data = still.windows(4).position(|name| name == b"IDAT").expect("pixels");
        let length = u32::from_be_bytes(still[data - 4..data].try_into().expect("a length")) as usize;
        // Width, height, place, and how long of how many parts of a second it is shown.
        let control = [8_u32, 4, 0, 0].map(u32::to_be_bytes).concat();
        frames.extend(numbered(*b"fcTL", &[&control[..], &[0, 50, 3, 232, 0, 0]].concat()));
        let pixels = &still[data + 4..data + 4 + length];
        if head.is_empty() {
            head = still[..data - 4].to_vec();
            frames.extend(chunk(*b"IDAT", pixels));
        } else {
            frames.extend(numbered(*b"fdAT", pixels));
        }
    }
    let told = [colors.len() as u32, 0].map(u32::to_be_bytes).concat();
    [head, chunk(*b"acTL", &told), frames, chunk(*b"IEND", &[])].concat()
}

/// The same as a WebP.
fn webp(colors: &[u8]) -> Vec<u8> {
    let part = |name: &[u8; 4], content: &[u8]| {
        let filling: &[u8] = if content.len() % 2 == 1 { &[0] } else { &[] };
        [&name[..], &(content.len() as u32).to_le_bytes(), content, filling].concat()
    };
    let mut inside = b"WEBP".to_vec();
    inside.extend(part(b"VP8X", &[0x12, 0, 0, 0, 7, 0, 0, 3, 0, 0]));
    inside.extend(part(b"ANIM", &[0; 6]));
    for color in colors {
        let still = of_one_color(*color, ImageFormat::WebP);
        // Place, width and height less one, 50 ms, and that it stands in the place of what was there.
        let head = [0, 0, 0, 0, 0, 0, 7, 0, 0, 3, 0, 0, 50, 0, 0, 2];
        inside.extend(part(b"ANMF", &[&head[..], &still[12..]].concat()));
    }
    [b"RIFF", &(inside.len() as u32).to_le_bytes()[..], &inside].concat()
}

#[test]
fn png_and_webp_that_move_are_all_their_frames() {
    for (name, bytes) in [("png", apng(&[0, 120, 240])), ("webp", webp(&[0, 120, 240]))] {
        assert!(decoder().decode(&bytes, WHOLE).is_some_and(|still| still.moves), "{name}");
        let moving = moving(&bytes, 8).unwrap_or_else(|| panic!("the {name} moves"));
        assert_eq!((moving.width, moving.height), (8, 4), "{name}");
        assert!(moving.frames.iter().all(|frame| frame.milliseconds == 50), "{name}");
        let reds: Vec<u8> = moving.frames.iter().map(|frame| frame.pixels[0]).collect();
        assert_eq!(reds, [0, 120, 240], "{name}");
    }
    for (name, bytes) in [("png", apng(&[7])), ("webp", webp(&[7]))] {
        assert!(decoder().decode(&bytes, WHOLE).is_some_and(|still| !still.moves), "{name}");
    }
}

#[test]
fn pictures_of_kinds_that_are_not_known_do_no_harm() {
    let mut decoder = decoder();
    for head in [
        &b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..],
        b"\0\0\0\x18ftypavif\0\0\0\0mif1avif",
        b"\xff\x0a",
        b"II*\0\x08\0\0\0",
    ] {
        assert_eq!(decoder.decode(&[head, &[0; 4096]].concat(), WHOLE), None, "{head:?}");
    }
    assert_eq!(decoder.worker.as_ref().map(|worker| worker.served), Some(4), "one worker stood all of it");
}

fn moving(bytes: &[u8], side: u32) -> Option<Moving> {
    match decoder().answer(bytes, Wish { fit: Fit::Moving, side }) {
        Answer::Moving(moving) => Some(moving),
        _ => None,
    }
}

#[test]
fn pictures_that_move_are_all_their_frames() {
    let bytes = gif(4, (80, 40), 50);
    let still = decoder().decode(&bytes, WHOLE).expect("it is a picture");
    assert!(still.moves);
    let moving = moving(&bytes, 40).expect("it moves");
    assert_eq!((moving.width, moving.height, moving.frames.len()), (40, 20, 4));
    assert!(moving.frames.iter().all(|frame| frame.milliseconds == 50 && frame.pixels.len() == 40 * 20 * 4));
    let reds: Vec<u8> = moving.frames.iter().map(|frame| frame.pixels[0]).collect();
    assert!(reds.is_sorted() && reds.first() != reds.last(), "{reds:?}");
}

#[test]
fn what_does_not_move_or_moves_too_much_is_not_moved() {
    assert_eq!(moving(&gif(1, (8, 8), 50), 40), None);
    assert!(!decoder().decode(&gif(1, (8, 8), 50), WHOLE).expect("it is a picture").moves);
    assert_eq!(moving(&png(8, 8), 40), None);
    assert_eq!(moving(b"GIF89a", 40), None);
    let hasty = moving(&gif(2, (8, 8), 0), 40).expect("it moves");
    assert!(hasty.frames.iter().all(|frame| frame.milliseconds == 100), "as others show it");
    let many = moving(&gif(27, (800, 800), 50), 4096).expect("it moves");
    assert!(many.frames.len() == 27 && many.width < 800, "it was made to fit: {}", many.width);
}

#[test]
fn what_is_no_picture_or_too_large_is_nothing() {
    let mut decoder = decoder();
    assert_eq!(decoder.decode(b"GIF89a", WHOLE), None);
    assert_eq!(decoder.decode(&[], WHOLE), None);
    assert_eq!(decoder.decode(&png(16_385, 1), WHOLE), None);
    assert_eq!(decoder.decode(&vec![0; LARGEST_FILE as usize + 1], WHOLE), None);
    assert!(decoder.decode(&png(4, 4), WHOLE).is_some(), "and the worker goes on");
}

#[test]
fn a_worker_that_ends_is_replaced() {
    let mut decoder = decoder();
    assert!(decoder.decode(&png(4, 4), WHOLE).is_some());
    let worker = decoder.worker.as_mut().expect("it is kept");
    let gone = worker.process.id();
    worker.process.kill().expect("it runs");
    assert!(decoder.decode(&png(4, 4), WHOLE).is_some());
    assert_ne!(decoder.worker.as_ref().map(|worker| worker.process.id()), Some(gone));
    decoder.worker.as_mut().expect("it is kept").served = PICTURES - 1;
    assert!(decoder.decode(&png(4, 4), WHOLE).is_some());
    assert!(decoder.worker.is_none(), "it served long enough");
}

#[test]
fn a_program_that_is_no_worker_shows_nothing() {
    let mut decoder = Decoder::new(|| Command::new("true"));
    assert_eq!(decoder.decode(&png(4, 4), WHOLE), None);
}

#[test]
fn answers_are_no_larger_than_what_was_asked_for() {
    let mut answer = vec![1, 0];
    for number in [1_u32, 1, 65, 1] {
        answer.extend(number.to_le_bytes());
    }
    assert!(wire::read_answer(&mut answer.as_slice(), WHOLE).is_err());
}
