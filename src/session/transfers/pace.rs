use std::time::{Duration, Instant};

use model::{AccountId, AttachmentId, EventKind};

use crate::events::Bus;

/// The least time between two words about one file.
const BREATH: Duration = Duration::from_millis(100);

/// Tells how far files have come, not too often.
#[derive(Clone)]
pub(super) struct Pace {
    account: AccountId,
    bus: Bus,
    file: Option<AttachmentId>,
    told: Option<Instant>,
}

impl Pace {
    pub(super) fn new(account: AccountId, bus: Bus) -> Self {
        Self { account, bus, file: None, told: None }
    }

    /// For one file.
    pub(super) fn of(mut self, file: AttachmentId) -> Self {
        self.file = Some(file);
        self
    }

    /// So many bytes have come or gone.
    pub(super) fn tell(&mut self, done: u64, total: Option<u64>) {
        let Some(attachment) = self.file else { return };
        if self.told.is_none_or(|told| told.elapsed() >= BREATH) {
            self.told = Some(Instant::now());
            self.bus.tell(self.account, EventKind::Transfer { attachment, done, total });
        }
    }
}
