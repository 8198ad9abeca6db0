//! What else runs on the desktop while there are calls: a player that pauses meanwhile, notifications that answer, and keys of
//! keyboards and headsets.

use std::process::Stdio;

use model::{CallCommand, CallOutcome, CallState};
use tests::{Phone, StandIn, wait};

use crate::scene::Scene;

#[track_caller]
fn is_over(phone: &mut Phone<'_>) {
    phone.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));
}

#[test]
fn what_plays_pauses_for_a_call_and_goes_on_after_it() {
    let scene = Scene::set_with_telephones();
    let radio = StandIn::start(&scene.desktop, "bystander.py", &["player".as_ref()]);
    let mut bobs = Phone::of(&scene.bob);
    for times in [1, 2] {
        bobs.call(&scene.alice, false);
        scene.starling.robot.find("button", "Accept").click();
        radio.says("Pause", times);
        bobs.until("connected", Phone::is_connected);
        assert_eq!(radio.has_said("Play"), times - 1, "it goes on during the call");
        bobs.does(CallCommand::HangUp);
        is_over(&mut bobs);
        radio.says("Play", times);
        scene.starling.robot.wait_gone("button", "Hang Up");
    }
}

#[test]
fn a_call_is_answered_and_declined_where_it_is_announced() {
    let scene = Scene::set_with_telephones();
    let shown = StandIn::start(&scene.desktop, "bystander.py", &["notifications".as_ref()]);
    let mut bobs = Phone::of(&scene.bob);
    bobs.call(&scene.alice, false);
    shown.says("Bob: Incoming voice call: Accept: Decline", 1);
    shown.signal("USR1");
    bobs.hears_and_sees(20, 0);
    bobs.does(CallCommand::HangUp);
    is_over(&mut bobs);
    scene.starling.robot.wait_gone("button", "Hang Up");

    bobs.call(&scene.alice, false);
    shown.says("Bob: Incoming voice call: Accept: Decline", 2);
    shown.signal("USR2");
    bobs.until("declined", |phone| phone.state() == Some(CallState::Ended(CallOutcome::Declined)));
    scene.starling.robot.wait_gone("button", "Accept");

    // What nobody pressed is taken away when it rings no more.
    assert_eq!(shown.has_said("closed"), 0);
    bobs.call(&scene.alice, false);
    shown.says("Bob: Incoming voice call: Accept: Decline", 3);
    bobs.until("ringing", |phone| phone.state() == Some(CallState::Ringing));
    bobs.does(CallCommand::HangUp);
    shown.says("closed", 1);
}

/// Presses a key that desktops hand to whoever plays.
#[track_caller]
fn press_key(scene: &Scene, method: &str) {
    wait::until(&format!("{method} to be taken"), || {
        let done = scene
            .desktop
            .command("dbus-send")
            .args(["--session", "--print-reply", "--dest=org.mpris.MediaPlayer2.im.starling.Starling"])
            .args(["/org/mpris/MediaPlayer2", &format!("org.mpris.MediaPlayer2.Player.{method}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("dbus-send");
        done.success().then_some(())
    });
}

#[test]
fn keys_for_players_answer_mute_and_hang_up() {
    let scene = Scene::set_with_telephones();
    let mut bobs = Phone::of(&scene.bob);
    bobs.call(&scene.alice, false);
    scene.starling.robot.find("button", "Accept");
    press_key(&scene, "PlayPause");
    bobs.hears_and_sees(20, 0);
    let is_muted = |phone: &Phone<'_>| phone.call.as_ref().unwrap().participants[0].muted;
    press_key(&scene, "PlayPause");
    bobs.until("told that she is silent", is_muted);
    press_key(&scene, "PlayPause");
    bobs.until("told that she is heard", |phone| !is_muted(phone));
    press_key(&scene, "Stop");
    is_over(&mut bobs);
    scene.starling.robot.wait_gone("button", "Hang Up");
}
