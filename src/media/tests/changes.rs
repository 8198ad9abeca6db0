//! What changes while a call lasts.

use super::*;

const BOTH: [MediaKind; 2] = [MediaKind::Audio, MediaKind::Video];

#[test]
fn a_picture_is_added_by_either_side() {
    for (bundle, who) in [(true, 0), (true, 1), (false, 1)] {
        let mut pair = Pair::new(bundle);
        pair.connect(&[MediaKind::Audio]);
        for side in &pair.sides {
            side.capture(&[MediaKind::Video]);
        }
        pair.offer(who, &[MediaKind::Video]);
        pair.until_they_talk(30);
        assert_eq!(pair.sides[0].failed, None);
        assert!(pair.sides.iter().all(|side| side.broken == 0), "voices went on all the while");
    }
}

#[test]
fn a_picture_is_added_by_somebody_who_tells_no_sources() {
    for who in [0, 1] {
        let mut pair = Pair::new(true);
        pair.sides[1].hides_sources = true;
        pair.connect(&[MediaKind::Audio]);
        pair.until_they_talk(0);
        for side in &pair.sides {
            side.capture(&[MediaKind::Video]);
        }
        pair.offer(who, &[MediaKind::Video]);
        pair.until_they_talk(30);
        assert!(pair.sides.iter().all(|side| side.broken == 0 && side.failed.is_none()));
    }
}

#[test]
fn an_addition_that_is_not_taken_leaves_the_call_as_it_was() {
    for bundle in [true, false] {
        let mut pair = Pair::new(bundle);
        pair.connect(&[MediaKind::Audio]);
        pair.until_they_talk(0);
        let Pair { runtime, sides } = &mut pair;
        let wanted = WantedContent { name: "more".into(), media: MediaKind::Video, flow: Flow::BOTH };
        sides[0].tell(MediaCommand::Offer(vec![wanted.clone()]));
        runtime.block_on(async {
            loop {
                match sides[0].told.recv().await.unwrap() {
                    Told::Event(MediaEvent::Offer(_)) => break,
                    told => assert!(!matches!(told, Told::Event(MediaEvent::Failed(_))), "{told:?}"),
                }
            }
        });
        sides[0].tell(MediaCommand::Remove(vec!["more".into()]));
        pair.until_they_talk(0);
        // And now they take one.
        for side in &pair.sides {
            side.capture(&[MediaKind::Video]);
        }
        pair.offer(0, &[MediaKind::Video]);
        pair.until_they_talk(30);
    }
}

#[test]
fn a_microphone_that_was_off_goes_on() {
    let mut pair = Pair::new(true);
    pair.connect(&[MediaKind::Audio]);
    pair.until_they_talk(0);
    pair.sides[0].tell(MediaCommand::Capture { media: MediaKind::Audio, on: false });
    pair.until("silent", |sides| {
        !hears_the_tone(&sides[1].statistics) && hears_the_tone(&sides[0].statistics)
    });
    pair.sides[0].tell(MediaCommand::Capture { media: MediaKind::Audio, on: true });
    pair.until_they_talk(0);
    assert_eq!(pair.sides.iter().map(|side| side.broken).collect::<Vec<_>>(), [0, 0]);
}

#[test]
fn a_camera_that_was_off_goes_on() {
    let mut pair = Pair::new(true);
    pair.connect(&BOTH);
    pair.until_they_talk(30);
    pair.sides[0].tell(MediaCommand::Capture { media: MediaKind::Video, on: false });
    let own = pair.sides[0].pictures[0];
    let before = pair.sides[0].statistics.video.decoded;
    pair.until("some time to pass", |sides| sides[0].statistics.video.decoded > before + 60);
    pair.sides[0].tell(MediaCommand::Capture { media: MediaKind::Video, on: true });
    pair.until_they_talk(30);
    pair.until("shown to oneself", |sides| sides[0].pictures[0] > own + 30);
}

#[test]
fn other_devices_are_used_from_now_on() {
    let mut pair = Pair::new(true);
    pair.connect(&BOTH);
    pair.until_they_talk(30);
    let chosen = CallDevices {
        microphone: Some("low-tone".into()),
        camera: Some("bars".into()),
        speaker: Some("one that is not there".into()),
        ..CallDevices::default()
    };
    pair.sides[0].media.use_devices(chosen);
    let before = pair.sides[1].statistics.video.decoded;
    // A tenth of the greatest amplitude: 23 dB below the loudest sine.
    pair.until("heard by another microphone", |sides| {
        let theirs = sides[1].statistics;
        theirs.audio.level.is_some_and(|level| (-26..=-20).contains(&level))
            && theirs.video.decoded >= before + 30
            && hears_the_tone(&sides[0].statistics)
    });
    pair.sides[0].media.use_devices(CallDevices::default());
    pair.until_they_talk(30);
}

#[test]
fn a_camera_that_fails_leaves_a_call_of_voices() {
    let mut pair = Pair::with(true, [Devices::FailingCamera, Devices::Synthetic]);
    pair.connect(&BOTH);
    pair.until("told", |sides| sides[0].captures_no_more == [MediaKind::Video]);
    // What was counted before it failed is told with the next second.
    let [sent, later] = [0, 1].map(|_| {
        let before = pair.sides[0].statistics.video.decoded;
        pair.until("some time to pass", |sides| sides[0].statistics.video.decoded > before + 60);
        pair.sides[0].statistics.video.packets_sent
    });
    assert_eq!(sent, later, "it is let go of");
    assert!(hears_the_tone(&pair.sides[1].statistics));
    // Asked for anew, it is tried anew.
    let shown = pair.sides[0].pictures[0];
    pair.sides[0].capture(&[MediaKind::Video]);
    pair.until("shown again", |sides| sides[0].pictures[0] > shown);
    assert_eq!(pair.sides[0].failed, None);
}

#[test]
fn nothing_flows_from_who_holds_or_may_not_send() {
    for command in [
        MediaCommand::Hold(true),
        MediaCommand::SetFlow {
            content: "Audio of 0\r\n".into(),
            flow: Flow { sends: false, receives: true },
        },
    ] {
        let mut pair = Pair::new(true);
        pair.connect(&[MediaKind::Audio]);
        pair.until_they_talk(0);
        pair.sides[0].tell(command);
        pair.until("silent", |sides| !hears_the_tone(&sides[1].statistics));
    }
}

#[test]
fn new_ways_are_found_while_it_lasts() {
    for bundle in [true, false] {
        let mut pair = Pair::new(bundle);
        pair.connect(&BOTH);
        pair.until_they_talk(30);
        pair.sides[0].tell(MediaCommand::Restart);
        pair.until("restarted", |sides| sides.iter().all(|side| side.restarted == 1));
        pair.until_they_talk(60);
        assert!(pair.sides.iter().all(|side| side.found && side.failed.is_none()));
    }
}
