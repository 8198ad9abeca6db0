use std::time::Duration;

use model::Timestamp;

use crate::turn::State;

/// When the server could not reach this device.
#[derive(Default)]
pub struct Absence {
    /// When something came in a session, for the last time.
    heard: Option<Timestamp>,
    /// The same, as the present session began.
    began: Option<Timestamp>,
}

impl Absence {
    /// Something came in a session.
    pub fn heard(&mut self, now: Timestamp) {
        self.heard = Some(now);
    }

    /// A session began or was resumed. A fresh process has heard nothing yet, and goes by what is `known`.
    pub fn over(&mut self, known: Option<Timestamp>) {
        self.began = self.heard.or(known);
    }
}

/// A session that goes on.
pub struct Session {
    /// When it began or was resumed, on the clock that never jumps.
    pub since: Duration,
    /// When this device was in touch with the server last before that, as far as is known.
    pub away_since: Option<Timestamp>,
}

/// The session, while there is one.
pub fn session(state: &State) -> Option<Session> {
    let memory = &state.connection;
    memory.online_since.map(|since| Session { since, away_since: memory.absence.began })
}
