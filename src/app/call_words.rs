//! What a line of the history says of a call.

use std::time::Duration;

use model::{CallFailure, CallLine, CallOutcome, Direction};

use crate::i18n::{gettext, gettext_f};

/// What became of a call, in a sentence.
pub fn sentence(direction: Direction, line: &CallLine) -> String {
    let incoming = direction == Direction::Incoming;
    match (line.outcome, line.video) {
        (CallOutcome::UnderWay, false) => gettext("Voice call"),
        (CallOutcome::UnderWay, true) => gettext("Video call"),
        (CallOutcome::Answered { duration }, false) => {
            gettext_f("Voice call, {length}", &[("length", &length(duration))])
        }
        (CallOutcome::Answered { duration }, true) => {
            gettext_f("Video call, {length}", &[("length", &length(duration))])
        }
        (CallOutcome::OnOtherDevice, _) => gettext("Call on another device"),
        (CallOutcome::Unanswered, false) if incoming => gettext("Missed voice call"),
        (CallOutcome::Unanswered, true) if incoming => gettext("Missed video call"),
        (CallOutcome::Unanswered, _) => gettext("Call without an answer"),
        (CallOutcome::Declined, _) => gettext("Declined call"),
        (CallOutcome::Busy, _) if incoming => gettext("Call while you were in another"),
        (CallOutcome::Busy, _) => gettext("Call while they were in another"),
        (CallOutcome::Cancelled, _) => gettext("Cancelled call"),
        (CallOutcome::Failed(failure), _) => failed(failure),
    }
}

fn failed(failure: CallFailure) -> String {
    match failure {
        CallFailure::Unreachable => gettext("None of their devices can be called"),
        CallFailure::NoWay => gettext("The call found no way through the network"),
        CallFailure::NoRelay => {
            gettext("The call found no way through the network: your server offers no relay")
        }
        CallFailure::Security => gettext("The call was ended because it was not safe"),
        CallFailure::Incompatible => gettext("The call ended: the two programs have nothing in common"),
        CallFailure::Media => gettext("The call ended: sound or picture failed on this device"),
        CallFailure::Protocol => gettext("The call ended: the other program could not be understood"),
        CallFailure::SessionLost => gettext("The call ended with the connection to your server"),
        CallFailure::Theirs => gettext("The call ended: the other program failed"),
    }
}

/// `1:05`, or `1:00:05` from an hour on.
fn length(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_clocks_are() {
        let length = |seconds| length(Duration::from_secs(seconds));
        assert_eq!((length(5), length(65), length(3605)), ("0:05".into(), "1:05".into(), "1:00:05".into()));
    }

    #[test]
    fn who_missed_a_call_depends_on_who_called() {
        let line = CallLine { video: true, outcome: CallOutcome::Unanswered };
        assert_eq!(sentence(Direction::Incoming, &line), "Missed video call");
        assert_eq!(sentence(Direction::Outgoing, &line), "Call without an answer");
    }
}
