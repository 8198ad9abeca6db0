//! Real workers in processes of their own. What they decode is made by GStreamer.

use std::io::Cursor;

use gstreamer as gst;
use gstreamer::prelude::*;

use super::*;

/// What a pipeline of GStreamer makes.
fn made(way: &str) -> Vec<u8> {
    gst::init().expect("GStreamer");
    let pipeline = gst::parse::launch(&format!("{way} ! appsink name=out sync=false")).expect("a pipeline");
    let pipeline = pipeline.downcast::<gst::Pipeline>().expect("a pipeline");
    let out = pipeline.by_name("out").expect("it is there");
    let out = out.downcast::<gstreamer_app::AppSink>().expect("a sink");
    pipeline.set_state(gst::State::Playing).expect("it plays");
    let mut bytes = Vec::new();
    while let Ok(sample) = out.pull_sample() {
        bytes.extend_from_slice(&sample.buffer().expect("bytes").map_readable().expect("bytes"));
    }
    pipeline.set_state(gst::State::Null).expect("it ends");
    assert!(!bytes.is_empty(), "{way}");
    bytes
}

/// Half a second that is silent, and half a second that is not.
fn tone() -> String {
    "audiotestsrc num-buffers=50 samplesperbuffer=480 wave=ticks tick-interval=1000000000 sine-periods-per-tick=220 \
     ! audio/x-raw,rate=48000,channels=1"
        .to_owned()
}

fn opened(bytes: Vec<u8>, wish: Wish) -> io::Result<Decoding> {
    Decoding::open(Box::new(Cursor::new(bytes)), wish)
}

/// Everything that comes: how much sound, and how many pictures.
fn all(decoding: &mut Decoding) -> (usize, usize) {
    let (mut sound, mut pictures) = (0, 0);
    while let Some(piece) = decoding.next().expect("it goes on") {
        match piece {
            Piece::Sound { samples, .. } => sound += samples.len(),
            Piece::Picture { .. } => pictures += 1,
            Piece::Written { .. } => panic!("nobody asked for another film"),
        }
    }
    (sound, pictures)
}

#[test]
fn sound_is_decoded_whatever_it_comes_in() {
    for encoder in ["opusenc ! oggmux", "vorbisenc ! oggmux", "flacenc", "wavenc", "opusenc ! webmmux"] {
        let bytes = made(&format!("{} ! audioconvert ! {encoder}", tone()));
        let mut decoding = opened(bytes, Wish::Sound).unwrap_or_else(|error| panic!("{encoder}: {error}"));
        assert!(decoding.facts().has_sound, "{encoder}");
        let (sound, pictures) = all(&mut decoding);
        let a_second = 48_000 * 4;
        assert!(sound.abs_diff(a_second / 2) < a_second / 5, "{encoder}: {sound} bytes");
        assert_eq!(pictures, 0);
    }
}

#[test]
fn a_sound_goes_on_from_any_place_and_faster() {
    let bytes =
        made("audiotestsrc num-buffers=400 samplesperbuffer=480 ! audio/x-raw,rate=48000 ! opusenc ! oggmux");
    let mut decoding = opened(bytes, Wish::Sound).expect("a sound");
    let length = decoding.facts().duration.expect("it is known");
    assert!(length.abs_diff(Duration::from_secs(4)) < Duration::from_millis(100), "{length:?}");
    decoding.seek(Duration::from_secs(2), 2.0).expect("it can be sought in");
    let Some(Piece::Sound { place, .. }) = decoding.next().expect("it goes on") else { panic!() };
    assert!(place.abs_diff(Duration::from_secs(2)) < Duration::from_millis(200), "{place:?}");
    let (rest, _) = all(&mut decoding);
    let a_second = 48_000 * 4;
    assert!(rest.abs_diff(a_second) < a_second / 4, "two seconds in one: {rest} bytes");
}

#[test]
fn loudness_follows_the_sound() {
    let bytes = made(
        "audiotestsrc num-buffers=100 samplesperbuffer=480 volume=0.8 ! audio/x-raw,rate=48000,channels=1 ! opusenc ! oggmux",
    );
    let (length, parts) = measure(Box::new(Cursor::new(bytes))).expect("a sound");
    assert!(length.abs_diff(Duration::from_secs(1)) < Duration::from_millis(60), "{length:?}");
    assert!(parts.len() > 40 && parts.iter().skip(2).take(40).all(|part| *part > 200), "{parts:?}");
    let bytes = made("audiotestsrc num-buffers=100 wave=silence ! audio/x-raw,rate=48000 ! flacenc");
    let (_, parts) = measure(Box::new(Cursor::new(bytes))).expect("a sound");
    assert!(parts.iter().all(|part| *part == 0), "{parts:?}");
}

#[test]
fn a_film_is_pictures_and_sound_within_bounds() {
    let bytes = made(
        "videotestsrc num-buffers=10 ! video/x-raw,width=320,height=160,framerate=10/1 ! vp8enc deadline=1 ! m. \
         audiotestsrc num-buffers=100 samplesperbuffer=480 ! audio/x-raw,rate=48000 ! opusenc ! m. webmmux name=m",
    );
    let mut decoding = opened(bytes, Wish::Film(64)).expect("a film");
    let mut pictures = 0;
    let mut places = Vec::new();
    while let Some(piece) = decoding.next().expect("it goes on") {
        match piece {
            Piece::Picture { place, width, height, pixels } => {
                assert_eq!((width, height, pixels.len()), (64, 32, 64 * 32 * 4));
                pictures += 1;
                places.push(place);
            }
            Piece::Sound { place, .. } => places.push(place),
            Piece::Written { .. } => panic!("nobody asked for another film"),
        }
    }
    assert_eq!(pictures, 10);
    assert!(places.is_sorted(), "what comes first is told first: {places:?}");
}

/// What becomes of a film: the pieces put in their places, and how far they said it was.
fn smaller(bytes: Vec<u8>, side: u32) -> (Vec<u8>, Vec<u16>) {
    let mut decoding = opened(bytes, Wish::Smaller(side)).expect("a film");
    let (mut film, mut steps) = (Vec::new(), Vec::new());
    while let Some(piece) = decoding.next().expect("it goes on") {
        let Piece::Written { place, done, bytes } = piece else { panic!("{piece:?}") };
        let (begin, end) = (place as usize, place as usize + bytes.len());
        assert!(begin <= film.len(), "nothing is left out");
        film.resize(film.len().max(end), 0);
        film[begin..end].copy_from_slice(&bytes);
        steps.push(done);
    }
    (film, steps)
}

#[test]
fn a_film_is_made_smaller_and_tells_nothing() {
    const SECRET: &str = "51.4779 N 0.0015 W";
    let bytes = made(&format!(
        "videotestsrc num-buffers=60 pattern=snow ! video/x-raw,width=640,height=320,framerate=30/1 \
         ! taginject tags=\"title=\\\"{SECRET}\\\",comment=\\\"{SECRET}\\\"\" ! vp8enc deadline=1 target-bitrate=8000000 ! m. \
         audiotestsrc num-buffers=200 samplesperbuffer=480 ! audio/x-raw,rate=48000 ! opusenc ! m. \
         webmmux name=m streamable=true"
    ));
    let says = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
    assert!(says(&bytes), "the old one tells");
    let (film, steps) = smaller(bytes.clone(), 160);
    assert!(film.len() < bytes.len() / 2, "{} of {}", film.len(), bytes.len());
    assert!(!says(&film));
    assert!(steps.is_sorted() && steps.last().is_some_and(|done| *done > 900), "{steps:?}");
    let mut again = opened(film, Wish::Film(1280)).expect("a film");
    let facts = again.facts();
    assert_eq!((facts.dimensions, facts.has_sound), (Some((160, 80)), true));
    let length = facts.duration.expect("its head was filled in at the end");
    assert!(length.abs_diff(Duration::from_secs(2)) < Duration::from_millis(100), "{length:?}");
    again.seek(Duration::from_secs(1), 1.0).expect("it can be sought in");
    let (sound, pictures) = all(&mut again);
    let a_second = 48_000 * 4;
    assert!(sound.abs_diff(a_second) < a_second / 4 && (25..=32).contains(&pictures), "{sound}, {pictures}");
}

#[test]
fn what_is_no_film_is_not_made_smaller() {
    let mut decoding = opened(vec![0; 4096], Wish::Smaller(160)).expect("a worker");
    assert!(decoding.next().is_err());
}

#[test]
fn what_is_no_sound_is_refused() {
    for bytes in [
        &b""[..],
        b"OggS\0\x02 and nothing else",
        &[0; 4096],
        include_bytes!("../../../data/screenshots/main.png"),
    ] {
        let refused = opened(bytes.to_vec(), Wish::Sound);
        assert!(refused.is_err(), "{:?}", bytes.get(..8));
    }
    // What was cut off is heard as far as it goes.
    let whole =
        made("audiotestsrc num-buffers=400 samplesperbuffer=480 ! audio/x-raw,rate=48000 ! opusenc ! oggmux");
    let half = whole.get(..whole.len() / 2).expect("it is longer").to_vec();
    let mut decoding = opened(half, Wish::Sound).expect("a sound");
    let (sound, _) = all(&mut decoding);
    assert!(sound > 48_000 * 4, "{sound}");
}

#[test]
fn a_program_that_is_no_worker_plays_nothing() {
    let source = Box::new(Cursor::new(vec![0; 64]));
    assert!(Decoding::open_with(Command::new("true"), source, Wish::Sound).is_err());
}
