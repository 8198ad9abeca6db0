//! Waiting for a condition, with an end.

use std::time::{Duration, Instant};

/// How long a test waits for something that should come at once. Generous, because machines are slow:
/// it decides only how late a failure is told.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The same for a great many messages.
pub const LONG_PATIENCE: Duration = Duration::from_secs(60);

/// Calls `probe` until it gives something, and fails with `what` if it never does.
///
/// # Panics
/// After [`PATIENCE`].
#[track_caller]
pub fn until<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, what, probe)
}

/// As [`until`], for what takes long where a sync of the disk does: a thousand messages are some thousand syncs.
///
/// # Panics
/// After `patience`.
#[track_caller]
pub fn within<T>(patience: Duration, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(start.elapsed() < patience, "waited {patience:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
