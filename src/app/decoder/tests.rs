//! Real workers in processes of their own: the test program starts itself again as one.

use std::io::Cursor;

use gtk::glib::ExitCode;
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

/// No test program ends with this number by itself.
const LOCKED_IN: i32 = 77;

/// What makes the test program a worker.
pub const AS_WORKER: [&str; 4] = ["decoder::tests::be_a_worker", "--exact", "--ignored", "--nocapture"];

fn decoder() -> Decoder {
    Decoder::new(program)
}

#[test]
#[ignore = "started by the other tests, as their worker"]
#[expect(clippy::disallowed_methods, reason = "a worker is a process, not a test")]
fn be_a_worker() {
    std::process::exit(i32::from(work() != ExitCode::SUCCESS));
}

#[test]
#[ignore = "started by another test, as a worker that was taken over"]
#[expect(clippy::disallowed_methods, reason = "a worker is a process, not a test")]
fn be_hostile() {
    std::process::exit(if crate::confine::is_locked_in(worker::LIMITS) { LOCKED_IN } else { 1 });
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
    let many = moving(&gif(40, (800, 800), 50), 4096).expect("it moves");
    assert!(many.frames.len() == 40 && many.width < 800, "it was made to fit: {}", many.width);
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
fn a_worker_that_was_taken_over_reaches_nothing() {
    let status = Command::new("/proc/self/exe")
        .args(["decoder::tests::be_hostile", "--exact", "--ignored", "--nocapture"])
        .env_clear()
        .stdout(Stdio::null())
        .status()
        .expect("the test program can be started");
    assert_eq!(status.code(), Some(LOCKED_IN), "the kernel refuses all of it: {status:?}");
}

#[test]
fn answers_are_no_larger_than_what_was_asked_for() {
    let mut answer = vec![1, 0];
    for number in [1_u32, 1, 65, 1] {
        answer.extend(number.to_le_bytes());
    }
    assert!(wire::read_answer(&mut answer.as_slice(), WHOLE).is_err());
}
