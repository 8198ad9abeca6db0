//! What the screen shows, read from the X server's frame buffer file: no X traffic, nothing asked of the program.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use tests::Desktop;
use tests::wait::PATIENCE;

/// How long a flood or the reading of an archive may keep the screen moving.
const LONG: Duration = Duration::from_secs(300);

/// The frame buffer of a [`Desktop`].
pub struct Screen {
    file: File,
    start: u64,
    row: u64,
    height: u64,
}

impl Screen {
    /// Opens it.
    ///
    /// # Panics
    /// When the X server keeps none.
    pub fn of(desktop: &Desktop) -> Self {
        let file = File::open(desktop.frame_buffer()).expect("the frame buffer");
        let mut header = [0; 100];
        file.read_exact_at(&mut header, 0).expect("a header");
        // The header is that of an XWD file: big-endian words, then a colour map of twelve bytes an entry.
        let word = |index: usize| {
            u64::from(u32::from_be_bytes(header[index * 4..index * 4 + 4].try_into().unwrap_or_default()))
        };
        Self { file, start: word(0) + word(19) * 12, row: word(12), height: word(5) }
    }

    /// A number for what the screen shows between two shares of its height.
    pub fn fingerprint(&self, from: f64, to: f64) -> u64 {
        let first = (self.height as f64 * from) as u64;
        let last = (self.height as f64 * to) as u64;
        let mut pixels = vec![0; ((last - first) * self.row) as usize];
        let _ = self.file.read_exact_at(&mut pixels, self.start + first * self.row);
        mixed(&pixels)
    }

    /// Waits until that part of the screen shows something other than `before`; returns when.
    ///
    /// # Panics
    /// When it never does.
    pub fn changed_from(&self, before: u64, from: f64, to: f64) -> Instant {
        let start = Instant::now();
        while self.fingerprint(from, to) == before {
            assert!(start.elapsed() < PATIENCE, "the screen did not change");
            std::thread::sleep(Duration::from_millis(1));
        }
        Instant::now()
    }

    /// Waits until the screen has not changed for `still`; returns when that began.
    ///
    /// # Panics
    /// When it never comes to rest.
    pub fn at_rest(&self, still: Duration) -> Instant {
        self.part_at_rest((0.0, 1.0), still)
    }

    /// When the upper part of the screen had not changed for a second and a half: without the composer, where the cursor
    /// blinks. Looks only now and then, so that looking costs nothing.
    ///
    /// # Panics
    /// When it never comes to rest.
    pub fn long_at_rest(&self) -> Instant {
        self.rest((0.0, 0.85), Duration::from_millis(1500), Duration::from_millis(25), LONG)
    }

    /// As [`Self::at_rest`], for the part between two shares of its height.
    ///
    /// # Panics
    /// When it never comes to rest.
    pub fn part_at_rest(&self, part: (f64, f64), still: Duration) -> Instant {
        self.rest(part, still, Duration::from_millis(2), PATIENCE)
    }

    fn rest(&self, (from, to): (f64, f64), still: Duration, pause: Duration, patience: Duration) -> Instant {
        let start = Instant::now();
        let (mut shown, mut since) = (self.fingerprint(from, to), Instant::now());
        while since.elapsed() < still {
            assert!(start.elapsed() < patience, "the screen never came to rest");
            std::thread::sleep(pause);
            let now = self.fingerprint(from, to);
            if now != shown {
                (shown, since) = (now, Instant::now());
            }
        }
        since
    }
}

/// A number for these bytes. Whoever measures looks all the time, on one of two cores, and what is measured needs both: four
/// lanes that do not wait for each other take a tenth of the time of the hash of the standard library.
fn mixed(bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut lanes = [1_u64, 2, 3, 4];
    let mut blocks = bytes.chunks_exact(32);
    let mix = |lane: u64, word: &[u8]| {
        let word = word.try_into().map_or(0, u64::from_le_bytes);
        (lane.rotate_left(23) ^ word).wrapping_mul(ODD)
    };
    for block in &mut blocks {
        for (lane, word) in lanes.iter_mut().zip(block.chunks_exact(8)) {
            *lane = mix(*lane, word);
        }
    }
    let rest = blocks.remainder().iter().fold(0_u64, |sum, byte| sum.rotate_left(8) ^ u64::from(*byte));
    lanes.into_iter().fold(rest, |sum, lane| (sum.rotate_left(23) ^ lane).wrapping_mul(ODD))
}
