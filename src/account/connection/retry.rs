//! What a failure means for the next attempt: one table.

use std::time::Duration;

use model::{Failure, ServerAddress};
use rand_core::CryptoRng;
use xmpp::NextStep;

/// The longest of the usual pauses.
pub const LONGEST: Duration = Duration::from_secs(300);
/// The shortest pause after the server asked to be left alone.
const LONG: Duration = Duration::from_secs(60);
/// The pause after the first cut of a session: short enough not to be felt, and drawn by lot like every other.
const BRIEF: Duration = Duration::from_millis(500);
/// How often to try at once with nothing in between: a server that never fits must not be hammered.
const AT_ONCE: u32 = 2;

/// What to do after a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing, until a person did something.
    Stop,
    /// Try again.
    Again {
        /// After this pause, before it is drawn by lot.
        pause: Duration,
        /// There, instead of where we would go.
        elsewhere: Option<ServerAddress>,
        /// Without what was remembered of the server and of the session.
        unprejudiced: bool,
    },
}

/// What to do after `failure`, the `failures`-th in a row. `next` is what the stream says of its own failures,
/// `was_online` that there was a session, which now has no link.
pub fn verdict(failure: &Failure, next: Option<NextStep>, failures: u32, was_online: bool) -> Verdict {
    let again = |pause| Verdict::Again { pause, elsewhere: None, unprejudiced: false };
    let cut = was_online && matches!(failure, Failure::ConnectionLost | Failure::TimedOut);
    // Links break far more often than servers do: only if that does not mend it there is something to wait for.
    let usual = if cut && failures <= 1 { BRIEF } else { usual_pause(failures) };
    match next {
        Some(NextStep::AskPassword | NextStep::Stop) => Verdict::Stop,
        Some(NextStep::RetryAtOnce) => Verdict::Again {
            pause: if failures <= AT_ONCE { Duration::ZERO } else { usual },
            elsewhere: None,
            unprejudiced: true,
        },
        Some(NextStep::RetryMuchLater) => again(usual.max(LONG)),
        Some(NextStep::RetryElsewhere) => match failure {
            Failure::SeeOtherHost(server) => {
                Verdict::Again { pause: usual, elsewhere: Some(server.clone()), unprejudiced: false }
            }
            _ => again(usual),
        },
        Some(NextStep::Retry) => again(usual),
        None => match failure {
            // Another attempt would fail too.
            Failure::BadAuthorities | Failure::BadAddress | Failure::Gone => Verdict::Stop,
            // These mend themselves, but not within seconds: a captive portal, a renewed certificate, a DNS change.
            Failure::Certificate(_)
            | Failure::ServiceNotOffered
            | Failure::NoSuchServer
            | Failure::ServerBusy(_) => again(usual.max(LONG)),
            _ => again(usual),
        },
    }
}

/// 1, 2, 4, … seconds, up to five minutes.
fn usual_pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    Duration::from_secs(1 << doublings).min(LONGEST)
}

/// Between half the pause and all of it.
pub fn drawn(pause: Duration, rng: &mut dyn CryptoRng) -> Duration {
    let share = f64::from(rng.next_u32()) / f64::from(u32::MAX);
    pause.mul_f64(0.5 + share / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    fn pause(verdict: &Verdict) -> Option<u64> {
        match verdict {
            Verdict::Stop => None,
            Verdict::Again { pause, .. } => Some(pause.as_secs()),
        }
    }

    #[test]
    fn pauses_grow_and_end_at_five_minutes() {
        let pauses: Vec<_> = (1..=11)
            .map(|n| pause(&verdict(&Failure::ConnectionLost, Some(NextStep::Retry), n, false)).unwrap())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[test]
    fn a_cut_costs_less_than_a_second_the_first_time() {
        let cut = |n| match verdict(&Failure::ConnectionLost, Some(NextStep::Retry), n, true) {
            Verdict::Again { pause, unprejudiced: false, .. } => pause,
            other => panic!("{other:?}"),
        };
        assert_eq!([1, 2, 3].map(cut), [BRIEF, Duration::from_secs(2), Duration::from_secs(4)]);
        // A server that says that it goes away is not there yet when it said so.
        let shutdown = verdict(&Failure::ServerBusy(None), Some(NextStep::Retry), 1, true);
        assert_eq!(pause(&shutdown), Some(1));
    }

    #[test]
    fn a_pause_is_drawn_between_half_of_it_and_all() {
        let mut rng = Dice(7);
        let drawn: Vec<_> = (0..200).map(|_| drawn(LONGEST, &mut rng)).collect();
        assert!(drawn.iter().all(|drawn| (LONGEST / 2..=LONGEST).contains(drawn)));
        let (least, most) = (drawn.iter().min().unwrap(), drawn.iter().max().unwrap());
        assert!(most.saturating_sub(*least) > LONGEST / 3, "hardly by lot: {least:?} to {most:?}");
    }

    #[test]
    fn a_server_that_is_full_is_left_alone_for_a_minute() {
        let first = verdict(&Failure::ServerBusy(None), Some(NextStep::RetryMuchLater), 1, false);
        assert_eq!(pause(&first), Some(60));
    }

    #[test]
    fn what_a_person_must_mend_stops() {
        assert_eq!(verdict(&Failure::WrongPassword, Some(NextStep::AskPassword), 1, false), Verdict::Stop);
        assert_eq!(verdict(&Failure::Downgrade, Some(NextStep::Stop), 1, false), Verdict::Stop);
        assert_eq!(verdict(&Failure::BadAuthorities, None, 1, false), Verdict::Stop);
    }

    #[test]
    fn trying_at_once_ends_soon() {
        let pauses: Vec<_> = (1..=4)
            .map(|n| pause(&verdict(&Failure::Protocol, Some(NextStep::RetryAtOnce), n, false)).unwrap())
            .collect();
        assert_eq!(pauses, [0, 0, 4, 8]);
    }
}
