//! Keeps the library awake while it looks for its way.
//!
//! Its driver leaves what came over a relay unread until something else wakes it, which costs up to 400 ms for every step of
//! the handshake. An empty report wakes it and sends nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use webrtc::media_stream::track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP};

const PAUSE: Duration = Duration::from_millis(10);
/// What takes longer than this is not made faster by it.
const TIMES: u32 = 3_000;

/// Nudges until it is up.
pub fn begin(track: Arc<TrackLocalStaticRTP>, is_up: Arc<AtomicBool>) {
    tokio::spawn(async move {
        for _ in 0..TIMES {
            if is_up.load(Relaxed) {
                return;
            }
            // Before it is bound, and after it was closed, there is nobody to wake.
            let _ = track.write_rtcp(Vec::new()).await;
            tokio::time::sleep(PAUSE).await;
        }
    });
}
