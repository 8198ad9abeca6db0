//! What is said of calls: by the line in the history, by the window, by a notification.

use std::time::Duration;

use model::{CallFailure, CallLine, CallOutcome, CallSecurity, Direction, Timestamp};
use view::{Quality, Rates, Stage};

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

/// Somebody calls.
pub fn incoming(video: bool) -> String {
    if video { gettext("Incoming video call") } else { gettext("Incoming voice call") }
}

/// How far a call with somebody is.
pub fn stage(stage: Stage, video: bool, name: &str, now: Timestamp) -> String {
    match stage {
        Stage::Incoming => incoming(video),
        Stage::Calling => gettext("Calling…"),
        Stage::Ringing => gettext("Ringing…"),
        Stage::Connecting => gettext("Connecting…"),
        Stage::Talking(_) => length(stage.talked(now).unwrap_or_default()),
        Stage::Reconnecting(_) => gettext("Reconnecting…"),
        Stage::Over(outcome) => ended(outcome, name),
    }
}

fn ended(outcome: CallOutcome, name: &str) -> String {
    let name = &[("name", name)];
    match outcome {
        CallOutcome::Answered { duration } => {
            gettext_f("Call ended, {length}", &[("length", &length(duration))])
        }
        CallOutcome::Declined => gettext_f("{name} declined the call", name),
        CallOutcome::Busy => gettext_f("{name} is in another call", name),
        CallOutcome::Unanswered => gettext_f("{name} did not answer", name),
        CallOutcome::OnOtherDevice => gettext("Call on another device"),
        CallOutcome::UnderWay | CallOutcome::Cancelled => gettext("Call ended"),
        CallOutcome::Failed(failure) => failed(failure),
    }
}

/// Who vouches that nobody listens: in a word, and in a sentence.
pub fn security(security: CallSecurity, name: &str) -> (String, String) {
    let name = &[("name", name)];
    match security {
        CallSecurity::Verified => (
            gettext("Verified"),
            gettext_f("This call is encrypted, and goes to a device of {name} that you have verified.", name),
        ),
        CallSecurity::Device => (
            gettext("Encrypted"),
            gettext_f(
                "This call is encrypted to a device of {name} whose key you have not compared. Compare keys to be certain.",
                name,
            ),
        ),
        CallSecurity::Servers => (
            gettext("Encrypted, Not Verified"),
            gettext_f("This call is encrypted, but only the servers vouch that it goes to {name}.", name),
        ),
    }
}

/// How well a call goes.
pub fn quality(quality: Quality) -> String {
    match quality {
        Quality::Unknown => gettext("Connection Quality"),
        Quality::Good => gettext("Good Connection"),
        Quality::Fair => gettext("Fair Connection"),
        Quality::Poor => gettext("Poor Connection"),
    }
}

/// What flows, for the curious: a line for each thing.
pub fn statistics(rates: &Rates, shown: u64) -> String {
    let kilobits = |bits: u64| (bits / 1000).to_string();
    let both = |text: &str, sent: u64, received: u64| {
        gettext_f(text, &[("sent", &kilobits(sent)), ("received", &kilobits(received))])
    };
    [
        both("Voice: {sent} kbit/s sent, {received} received", rates.audio_sent, rates.audio_received),
        both("Video: {sent} kbit/s sent, {received} received", rates.video_sent, rates.video_received),
        gettext_f("Pictures a second: {count}", &[("count", &rates.pictures.to_string())]),
        gettext_f("Pictures shown: {count}", &[("count", &shown.to_string())]),
        // Translators: of what the other side sent in the last seconds.
        gettext_f(
            "Lost: {percent} %",
            &[("percent", &format!("{}.{}", rates.lost_per_mille / 10, rates.lost_per_mille % 10))],
        ),
    ]
    .join("\n")
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
