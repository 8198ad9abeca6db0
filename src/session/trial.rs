//! A first sign-in on trial: it counts only if the account gets online.

use std::time::Duration;

use model::{AccountId, Answer, ConnectionState, EventKind, Failure};
use tokio::time::{Instant, sleep_until};

use crate::{folders::HalfMade, mail::Reply, service::Shared};

/// How long a first sign-in may take, whatever it waits for.
const LIMIT: Duration = Duration::from_secs(120);

/// A sign-in somebody waits for.
pub(crate) struct Trial {
    half_made: HalfMade,
    reply: Reply,
    deadline: Instant,
}

/// What an event means for the trial.
pub(crate) enum Verdict {
    /// Nothing yet.
    Open(Trial),
    /// The account is on this device now.
    Passed,
    /// It is not.
    Failed(Failure),
}

impl Trial {
    pub(crate) fn new(half_made: HalfMade, reply: Reply) -> Self {
        Self { half_made, reply, deadline: Instant::now() + LIMIT }
    }

    pub(crate) fn judge(self, event: &EventKind, id: AccountId, shared: &Shared) -> Verdict {
        match event {
            EventKind::Connection(ConnectionState::Online) => match self.half_made.finish() {
                Ok(()) => {
                    shared.table.set_listed(id);
                    shared.bus.tell(id, EventKind::AccountAdded);
                    self.reply.give(Ok(Answer::Account(id)));
                    Verdict::Passed
                }
                Err(failure) => Verdict::Failed(failure.into()),
            },
            EventKind::Connection(
                ConnectionState::Waiting { failure, .. } | ConnectionState::Stopped(failure),
            ) => Verdict::Failed(failure.clone()),
            _ => Verdict::Open(self),
        }
    }

    /// Resolves when nobody waits any more, or it took too long. May be dropped at any time.
    pub(crate) async fn over(&self) -> Failure {
        tokio::select! {
            () = self.reply.withdrawn() => Failure::Gone,
            () = sleep_until(self.deadline) => Failure::TimedOut,
        }
    }
}
