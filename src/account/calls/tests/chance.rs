//! Whatever comes in whatever order: nothing panics, every request is answered, an engine hears a beginning first and an end
//! last, and every call ends with a line that says what became of it.

use std::collections::BTreeSet;

use model::{CallOutcome, ContentCredentials};
use proptest::prelude::*;

use super::*;

/// One thing that happens, by numbers.
type Happening = (u8, u8, u8);

fn names(which: u8) -> Vec<(&'static str, MediaKind)> {
    match which % 4 {
        0 => VOICE.to_vec(),
        1 => BOTH.to_vec(),
        2 => vec![("video", MediaKind::Video)],
        _ => vec![("their-video", MediaKind::Video), ("screen", MediaKind::Video)],
    }
}

fn act(which: u8, detail: u8) -> Act {
    let conditions = [Condition::Busy, Condition::Success, Condition::Expired, Condition::GeneralError];
    let reason = conditions.get(usize::from(detail % 5)).map(|condition| (*condition).into());
    match which % 7 {
        0 => Act::Propose(names(detail % 2).into_iter().map(|(_, media)| media).collect()),
        1 => Act::Ringing,
        2 => Act::Proceed { device: (detail.is_multiple_of(2)).then_some(7) },
        3 => Act::Accept,
        4 => Act::Reject { reason, tie_break: detail.is_multiple_of(2) },
        5 => Act::Retract { reason, tie_break: detail.is_multiple_of(2) },
        _ => Act::Finish { reason, migrated: None },
    }
}

fn request(desk: &Desk, which: u8, detail: u8) -> String {
    const ACTIONS: [Action; 15] = [
        Action::SessionInitiate,
        Action::SessionAccept,
        Action::SessionTerminate,
        Action::SessionInfo,
        Action::ContentAdd,
        Action::ContentAccept,
        Action::ContentReject,
        Action::ContentRemove,
        Action::ContentModify,
        Action::TransportInfo,
        Action::TransportReplace,
        Action::TransportAccept,
        Action::TransportReject,
        Action::DescriptionInfo,
        Action::SecurityInfo,
    ];
    let action = ACTIONS[usize::from(which) % ACTIONS.len()];
    let senders = [Senders::Both, Senders::Initiator, Senders::Responder, Senders::Nobody];
    let mut jingle = desk.describes(action, &names(detail), senders[usize::from(detail / 4 % 4)]);
    for content in &mut jingle.contents {
        match (&mut content.transport, detail / 16) {
            (Some(Transport::Ice { ice, .. }), 1) => ice.credentials = Some(credentials("theirs-2")),
            (Some(Transport::Ice { ice, .. }), 2) => ice.fingerprints.clear(),
            (Some(Transport::Ice { ice, .. }), 3) => {
                ice.candidates = candidates("audio", "theirs", 3).candidates;
            }
            (transport, 4) => *transport = Some(Transport::Other),
            (transport, 5) => *transport = None,
            _ => {}
        }
        if detail / 16 == 6 {
            content.description = None;
        }
    }
    let text = text(&jingle.element());
    match detail / 16 {
        // What no parser takes.
        7 => text.replace("name='", "name='a b"),
        8 => text.replace(action.as_str(), "dance"),
        _ => text,
    }
}

fn engine_says(which: u8, detail: u8) -> MediaEvent {
    let contents = names(detail);
    let credentials =
        vec![ContentCredentials { content: "audio".to_owned(), credentials: credentials("ours-2") }];
    match which % 9 {
        0 => MediaEvent::Offer(description(&contents, "ours")),
        1 => MediaEvent::Answer(description(&contents, "ours")),
        2 => MediaEvent::Answer(MediaDescription::default()),
        3 => MediaEvent::Candidates(candidates("audio", "ours", 1)),
        4 => MediaEvent::Restarted(credentials),
        5 => MediaEvent::Connected,
        6 => MediaEvent::Broken,
        7 => MediaEvent::CaptureFailed(MediaKind::Video),
        _ => MediaEvent::Failed(model::MediaFailure::NoWay),
    }
}

fn user_wants(which: u8, detail: u8) -> CallCommand {
    let on = detail.is_multiple_of(2);
    match which % 6 {
        0 | 1 => CallCommand::Answer { video: on },
        2 => CallCommand::HangUp,
        3 => CallCommand::Send(MediaKind::Video, on),
        4 => CallCommand::Send(MediaKind::Audio, on),
        _ => CallCommand::Hold(on),
    }
}

/// The engine answers what it was asked, mostly.
fn engine_obeys(desk: &mut Desk, obeyed: &mut usize) {
    while let Some((id, command)) = desk.rig.media.get(*obeyed).cloned() {
        *obeyed += 1;
        let event = match command {
            MediaCommand::Offer(wanted) => {
                let names: Vec<_> =
                    wanted.iter().map(|content| (content.name.as_str(), content.media)).collect();
                MediaEvent::Offer(description(&names, "ours"))
            }
            MediaCommand::Answer(offer) => {
                let names: Vec<_> =
                    offer.contents.iter().map(|content| (content.name.as_str(), content.rtp.media)).collect();
                MediaEvent::Answer(description(&names, "ours"))
            }
            MediaCommand::Restart | MediaCommand::ApplyRestart { is_offer: true, .. } => engine_says(4, 0),
            _ => continue,
        };
        desk.rig.input(Input::Media(id, event));
    }
}

fn happen(desk: &mut Desk, (kind, which, detail): Happening) {
    // Two sessions are talked about, so that they may get into each other's way.
    let known = desk.rig.read(|reads| reads.calls_under_way());
    desk.session = match (known.first(), detail % 3) {
        (Some(call), 0 | 1) => call.session.clone(),
        _ => format!("s{}", detail % 2),
    };
    match kind % 8 {
        0 => desk.says(act(which, detail)),
        1 => desk.other_device_says(act(which, detail)),
        2..=4 => {
            let request = request(desk, which, detail);
            desk.asks_as(ORCHARD, &request);
        }
        5 if desk.rig.events.iter().any(|event| matches!(event, EventKind::Call(_))) => {
            desk.media(engine_says(which, detail));
        }
        6 if desk.rig.events.iter().any(|event| matches!(event, EventKind::Call(_))) => {
            desk.command(user_wants(which, detail));
        }
        7 if which.is_multiple_of(4) => {
            let conversation = desk.romeo();
            desk.rig.command(AccountCommand::StartCall(conversation, detail.is_multiple_of(2)));
        }
        _ => desk.pass(u64::from(which) % 40),
    }
}

fn check(desk: &mut Desk) -> Result<(), TestCaseError> {
    // What an engine heard, call by call.
    let mut begun = BTreeSet::new();
    let mut over = BTreeSet::new();
    for (id, command) in &desk.rig.media {
        prop_assert!(!over.contains(id), "{command:?} after the end");
        match command {
            MediaCommand::Begin(_) => prop_assert!(begun.insert(*id), "begun twice"),
            MediaCommand::End => prop_assert!(begun.contains(id) && over.insert(*id)),
            _ => prop_assert!(begun.contains(id), "{command:?} before the beginning"),
        }
    }
    // Once a call was told to be over, it is told no more.
    let mut ended = BTreeSet::new();
    for event in &desk.rig.events {
        let EventKind::Call(call) = event else { continue };
        prop_assert!(!ended.contains(&call.id), "told after its end");
        if matches!(call.state, CallState::Ended(_)) {
            ended.insert(call.id);
        }
    }
    prop_assert!(begun.difference(&over).all(|id| !ended.contains(id)), "an engine goes on");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_evening_of_anything(
        happenings in proptest::collection::vec((any::<u8>(), any::<u8>(), 0..=144_u8), 1..60), obeys in any::<bool>(),
    ) {
        let mut desk = Desk::new();
        let mut obeyed = 0;
        for happening in happenings {
            happen(&mut desk, happening);
            if obeys {
                engine_obeys(&mut desk, &mut obeyed);
            }
        }
        check(&mut desk)?;
        // When the session is over, so is every call.
        desk.rig.disconnect();
        check(&mut desk)?;
        let told: BTreeSet<CallId> = desk.rig.events.iter().filter_map(|event| match event {
            EventKind::Call(call) => Some(call.id),
            _ => None,
        }).collect();
        let over = desk.rig.events.iter().filter(|event| {
            matches!(event, EventKind::Call(call) if matches!(call.state, CallState::Ended(_)))
        }).count();
        prop_assert_eq!(told.len(), over);
        for call in desk.rig.read(|reads| reads.calls_under_way()) {
            prop_assert!(!told.contains(&CallId(call.message)), "a call that ended is under way");
        }
        for line in desk.lines(ROMEO) {
            prop_assert!(!matches!(line.outcome, CallOutcome::Failed(model::CallFailure::NoRelay)), "there is a relay");
        }
    }
}
