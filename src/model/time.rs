use std::time::Duration;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, leap seconds left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time `milliseconds` later, or the last there is.
    #[must_use]
    pub fn plus_millis(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

/// Both clocks, as the caller read them. Logic never reads a clock of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since the process started: for deadlines. It never jumps.
    pub monotonic: Duration,
    /// What the wall clock says: for people. It may jump either way.
    pub wall: Timestamp,
}
