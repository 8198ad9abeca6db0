//! Waiting for a condition, with an end.

use std::time::{Duration, Instant};

/// How long a test waits for something that should come at once. Generous, because machines are slow:
/// it decides only how late a failure is told.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Calls `probe` until it gives something, and fails with `what` if it never does.
///
/// # Panics
/// After [`PATIENCE`].
#[track_caller]
pub fn until<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
