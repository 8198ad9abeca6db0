//! What windows are told of calls: when they are heard, when they are over, and how well they go.

use model::{
    BareJid, CallFailure, CallSecurity, CallStatistics, ConversationId, Participant, StreamStatistics,
};

use super::*;

const ACCOUNT: AccountId = AccountId([7; 16]);

fn call(id: i64, direction: Direction, state: CallState) -> Call {
    let them = Participant {
        address: BareJid::new("bob@example.org").unwrap(),
        security: CallSecurity::Servers,
        muted: false,
        video: false,
        on_hold: false,
    };
    Call {
        id: CallId(model::MessageId(id)),
        conversation: ConversationId(1),
        direction,
        state,
        video: false,
        participants: vec![them],
        microphone: true,
        camera: false,
        screen: false,
        on_hold: false,
    }
}

fn incoming(state: CallState) -> Call {
    call(1, Direction::Incoming, state)
}

fn outgoing(state: CallState) -> Call {
    call(2, Direction::Outgoing, state)
}

fn key(call: &Call) -> CallKey {
    CallKey { account: ACCOUNT, call: call.id }
}

const TALKING: CallState = CallState::Connected { since: Timestamp(10_000) };
const OVER: CallState = CallState::Ended(CallOutcome::Cancelled);

#[test]
fn an_incoming_call_is_heard_once_it_is_known_who_calls_and_until_it_is_taken() {
    let mut calls = Calls::default();
    let rings = incoming(CallState::Ringing);
    assert_eq!(calls.hear(ACCOUNT, &rings), Told::Began);
    assert_eq!(calls.sound(), None);
    calls.set_quiet(key(&rings), false);
    assert_eq!((calls.sound(), calls.current()), (Some(Sound::Incoming), None));
    assert_eq!(calls.hear(ACCOUNT, &rings), Told::Changed);
    assert_eq!(calls.sound(), Some(Sound::Incoming));
    assert_eq!(calls.hear(ACCOUNT, &incoming(CallState::Connecting)), Told::Changed);
    assert_eq!((calls.sound(), calls.current()), (None, Some(key(&rings))));
}

#[test]
fn a_call_that_ended_elsewhere_is_heard_no_more() {
    let mut calls = Calls::default();
    let rings = incoming(CallState::Ringing);
    calls.hear(ACCOUNT, &rings);
    calls.set_quiet(key(&rings), false);
    assert_eq!(calls.hear(ACCOUNT, &incoming(CallState::Ended(CallOutcome::OnOtherDevice))), Told::Ended);
    assert_eq!((calls.sound(), calls.all()), (None, Vec::new()));
    assert_eq!(calls.hear(ACCOUNT, &incoming(OVER)), Told::Nothing);
}

#[test]
fn what_rings_elsewhere_is_heard_while_it_rings() {
    let mut calls = Calls::default();
    for (state, sound) in [
        (CallState::Calling, None),
        (CallState::Ringing, Some(Sound::Outgoing)),
        (CallState::Connecting, None),
        (TALKING, None),
        (OVER, None),
    ] {
        calls.hear(ACCOUNT, &outgoing(state));
        assert_eq!(calls.sound(), sound, "{state:?}");
    }
}

#[test]
fn who_talks_is_not_rung_at_and_comes_first() {
    let mut calls = Calls::default();
    let rings = incoming(CallState::Ringing);
    calls.hear(ACCOUNT, &rings);
    calls.set_quiet(key(&rings), false);
    calls.hear(ACCOUNT, &outgoing(TALKING));
    assert_eq!(calls.sound(), None);
    assert_eq!(calls.all(), [key(&outgoing(TALKING)), key(&rings)]);
    calls.hear(ACCOUNT, &outgoing(OVER));
    assert_eq!(calls.sound(), Some(Sound::Incoming));
    assert_eq!(calls.forget(ACCOUNT), [key(&rings)]);
    assert_eq!(calls.sound(), None);
}

#[test]
fn a_window_stays_where_there_is_something_to_read() {
    let stays = |outcome| Farewell::of(Direction::Outgoing, outcome) == Farewell::Stays;
    assert!(stays(CallOutcome::Busy) && stays(CallOutcome::Declined) && stays(CallOutcome::Unanswered));
    assert!(stays(CallOutcome::Failed(CallFailure::NoRelay)));
    assert!(!stays(CallOutcome::Cancelled), "the user did that");
    for outcome in [CallOutcome::Unanswered, CallOutcome::OnOtherDevice, CallOutcome::Declined] {
        assert_eq!(Farewell::of(Direction::Incoming, outcome), Farewell::AtOnce);
    }
}

#[test]
fn time_is_counted_while_they_talk() {
    let now = Timestamp(75_000);
    assert_eq!(Stage::of(&outgoing(TALKING)).talked(now), Some(Duration::from_secs(65)));
    assert_eq!(Stage::Reconnecting(Timestamp(80_000)).talked(now), Some(Duration::ZERO));
    assert_eq!(Stage::Ringing.talked(now), None);
}

fn counted(received: u64, lost: u64) -> CallStatistics {
    let video = StreamStatistics {
        packets_received: received,
        packets_lost: lost,
        bytes_received: received * 1000,
        decoded: received / 2,
        ..StreamStatistics::default()
    };
    CallStatistics { video, ..CallStatistics::default() }
}

#[test]
fn quality_follows_what_is_lost_and_forgets() {
    let mut meter = QualityMeter::default();
    assert_eq!(meter.take(&counted(100, 0)).0, Quality::Unknown);
    let (quality, rates) = meter.take(&counted(200, 0));
    assert_eq!((quality, rates.video_received, rates.pictures), (Quality::Good, 800_000, 50));
    assert_eq!(meter.take(&counted(290, 10)).0, Quality::Fair);
    assert_eq!(meter.take(&counted(350, 50)).0, Quality::Poor);
    // What was lost came late.
    for second in 1..=5 {
        meter.take(&counted(350 + second * 100, 45));
    }
    assert_eq!(
        meter.take(&counted(950, 45)),
        (Quality::Good, Rates { video_received: 800_000, pictures: 50, ..Rates::default() })
    );
}

#[test]
fn silence_says_nothing() {
    let mut meter = QualityMeter::default();
    meter.take(&counted(5, 0));
    assert_eq!(meter.take(&counted(6, 4)).0, Quality::Unknown);
}
