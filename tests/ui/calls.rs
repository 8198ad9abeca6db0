//! Calls through the window, with somebody who has none: both send a tone and a moving picture, and what is decoded is counted
//! on both sides.

use model::{CallCommand, CallLine, CallOutcome, CallState, MediaKind};
use tests::{Person, Phone, Starling, befriend, wait};

use crate::scene::Scene;

/// What is heard before anybody talks, as the program wrote it down.
fn heard(scene: &Scene) -> Vec<String> {
    let trace = std::fs::read_to_string(scene.desktop.home().join("trace")).unwrap_or_default();
    let sounds = trace.lines().filter_map(|line| line.strip_prefix(r#"{"call":""#)?.strip_suffix(r#""}"#));
    sounds.map(str::to_owned).collect()
}

#[track_caller]
fn hears(scene: &Scene, sounds: &[&str]) {
    wait::until(&format!("{sounds:?}"), || (heard(scene) == sounds).then_some(()));
}

/// Waits until the window has shown more than so many pictures of the other side, as its statistics say.
#[track_caller]
pub fn sees_pictures(starling: &Starling, more_than: u64) {
    starling.robot.find_where("pictures in the window", |node| {
        let text = if node.text().is_empty() { node.name() } else { node.text() };
        let shown = text.split("Pictures shown: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        shown.is_some_and(|shown: u64| shown > more_than)
    });
}

fn line(video: bool, outcome: CallOutcome) -> CallLine {
    CallLine { video, outcome }
}

#[test]
fn the_window_rings_and_takes_a_video_call() {
    let scene = Scene::set_with_telephones();
    let robot = &scene.starling.robot;
    // Their devices have a session with each other, by which they vouch for the keys of the call.
    scene.write("Call me");
    scene.bob.hears(&scene.alice, "Call me");
    scene.bob.say(&scene.alice, "At once");
    scene.starling.sees_message("At once");
    let mut bobs = Phone::of(&scene.bob);
    bobs.call(&scene.alice, true);
    robot.find_text("Incoming video call");
    for name in ["Accept", "Accept Without Camera", "Decline"] {
        robot.find("button", name);
    }
    hears(&scene, &["rings"]);
    scene.has_focus("Accept");
    scene.desktop.press("Return");
    bobs.until("connected", Phone::is_connected);
    bobs.hears_and_sees(50, 30);
    hears(&scene, &["rings", "silent"]);
    for name in ["Mute", "Camera", "Devices", "Hang Up"] {
        robot.find_named(name);
    }
    // Nobody hands over a screen on this desktop.
    assert!(!robot.sees("toggle button", "Share Screen"));
    robot.find("toggle button", "Encrypted");
    robot.find("toggle button", "Good Connection").click();
    sees_pictures(&scene.starling, 30);
    scene.desktop.press("Escape");

    robot.find("toggle button", "Mute").click();
    bobs.until("told that she is silent", |phone| {
        phone.statistics.audio.level.is_none() && phone.call.as_ref().unwrap().participants[0].muted
    });
    robot.find("toggle button", "Mute").click();
    bobs.hears_and_sees(50, 30);
    robot.find("toggle button", "Camera").click();
    bobs.until("told that her camera is off", |phone| !phone.call.as_ref().unwrap().participants[0].video);
    robot.find("toggle button", "Camera").click();
    bobs.hears_and_sees(50, 30);

    robot.find("button", "Hang Up").click();
    bobs.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));
    robot.wait_gone("button", "Hang Up");
    scene.starling.message("Video call, ");
}

#[test]
fn the_window_calls_and_somebody_answers() {
    let scene = Scene::set_with_telephones();
    let robot = &scene.starling.robot;
    let mut bobs = Phone::of(&scene.bob);
    robot.find("button", "Voice Call").click();
    robot.find_text("Ringing…");
    hears(&scene, &["rings"]);
    bobs.answers(false);
    bobs.hears_and_sees(50, 0);
    hears(&scene, &["rings", "silent"]);
    // One call at a time.
    wait::until("the buttons to rest", || (!robot.find("button", "Voice Call").is_sensitive()).then_some(()));

    // The call goes on while one reads, and the way back is there.
    scene.desktop.press("Escape");
    robot.find("button", "Return to Call");
    scene.write("just a second");
    scene.starling.sees_message("just a second");
    assert!(bobs.is_connected());
    bobs.hears_and_sees(20, 0);
    robot.find("button", "Return to Call").click();
    robot.wait_gone("button", "Return to Call");

    // Bob turns on a camera, and then ends it.
    robot.find_named("Mute");
    bobs.sends(MediaKind::Video, true);
    robot.find("toggle button", "Good Connection").click();
    sees_pictures(&scene.starling, 15);
    scene.desktop.press("Escape");
    bobs.does(CallCommand::HangUp);
    robot.wait_gone("button", "Hang Up");
    scene.starling.message("Voice call, ");
}

#[test]
fn another_microphone_is_used_in_the_middle_of_a_call() {
    let scene = Scene::set_with_telephones();
    let robot = &scene.starling.robot;
    let mut bobs = Phone::of(&scene.bob);
    bobs.call(&scene.alice, false);
    robot.find("button", "Accept").click();
    bobs.hears_and_sees(50, 0);
    robot.find("button", "Devices").click();
    robot.find("combo box", "Microphone").point();
    robot.find_named("Low Tone");
    // After what the desktop would choose, and the tone that is heard already.
    for key in ["Down", "Down", "Return"] {
        scene.desktop.press(key);
    }
    bobs.until("heard by another microphone", |phone| {
        phone.statistics.audio.level.is_some_and(|level| (-26..=-20).contains(&level))
    });
    scene.desktop.press("Escape");
    robot.wait_gone("dialog", "Devices");
    robot.find("button", "Hang Up").click();
    bobs.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));
}

#[test]
fn a_call_that_is_declined_says_so_on_both_sides() {
    let scene = Scene::set_with_telephones();
    let robot = &scene.starling.robot;
    let mut bobs = Phone::of(&scene.bob);
    bobs.call(&scene.alice, false);
    robot.find("button", "Decline").click();
    bobs.until("declined", |phone| phone.state() == Some(CallState::Ended(CallOutcome::Declined)));
    robot.wait_gone("button", "Decline");
    hears(&scene, &["rings", "silent"]);
    scene.starling.message("Declined call");

    robot.find("button", "Voice Call").click();
    bobs.until("ringing", |phone| phone.state() == Some(CallState::Ringing));
    bobs.does(CallCommand::HangUp);
    robot.find_text("Bob declined the call");
    robot.find("button", "Call Again");
    scene.has_focus("Close");
    scene.desktop.press("Escape");
    robot.wait_gone("button", "Call Again");
}

#[test]
fn a_call_that_is_withdrawn_was_missed() {
    let scene = Scene::set_with_telephones();
    let robot = &scene.starling.robot;
    let mut bobs = Phone::of(&scene.bob);
    bobs.call(&scene.alice, true);
    robot.find("button", "Accept");
    bobs.until("ringing", |phone| phone.state() == Some(CallState::Ringing));
    bobs.does(CallCommand::HangUp);
    robot.wait_gone("button", "Accept");
    hears(&scene, &["rings", "silent"]);
    scene.starling.message("Missed video call");
}

#[test]
fn it_stops_ringing_when_another_device_answers() {
    let scene = Scene::set_with_telephones();
    let robot = &scene.starling.robot;
    let phone = Person::on_a_telephone(&scene.server, "alice");
    let mut alices = Phone::of(&phone);
    let mut bobs = Phone::of(&scene.bob);
    bobs.call(&scene.alice, false);
    robot.find("button", "Accept");
    alices.answers(false);
    robot.wait_gone("button", "Accept");
    hears(&scene, &["rings", "silent"]);
    bobs.hears_and_sees(20, 0);
    scene.starling.message("Call on another device");
    bobs.does(CallCommand::HangUp);
    alices.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));
    assert_eq!(alices.lines(&scene.bob.address).len(), 1);
}

#[test]
fn a_stranger_makes_no_noise_and_opens_no_window() {
    let scene = Scene::set_with_telephones();
    let robot = &scene.starling.robot;
    let mallory = Person::who_calls(&scene.server, "mallory");
    let mut mallorys = Phone::of(&mallory);
    mallorys.call(&scene.alice, false);
    robot.find("button", "Return to Call");
    assert!(!robot.sees("button", "Accept"));
    assert_eq!(heard(&scene), [""; 0]);
    robot.find("button", "Return to Call").click();
    robot.find_text("is not one of your contacts");
    robot.find("button", "Decline").click();
    mallorys.until("declined", |phone| phone.state() == Some(CallState::Ended(CallOutcome::Declined)));
    assert_eq!(mallorys.lines(&scene.alice), [line(false, CallOutcome::Declined)]);
}

#[test]
fn only_who_can_be_called_is_called() {
    let carol = std::cell::OnceCell::new();
    // Carol's program knows nothing of calls.
    let mut scene = Scene::set_with_telephones_after(|server, device| {
        let carol = carol.get_or_init(|| Person::new(server, "carol"));
        befriend(device, carol);
    });
    let robot = scene.starling.robot.clone();
    robot.find("button", "Video Call");
    let carol = carol.get().expect("Carol");
    carol.say(&scene.alice, "hello");
    scene.starling.open_conversation("carol");
    robot.wait_gone("button", "Video Call");
    robot.wait_gone("button", "Voice Call");
    scene.starling.open_conversation("Bob");
    robot.find("button", "Voice Call");
    // Nor is anybody while this account is offline.
    scene.server.stop();
    robot.wait_gone("button", "Voice Call");
}
