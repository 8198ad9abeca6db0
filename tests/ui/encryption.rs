//! Encryption as people meet it: the lock, new devices, and comparing keys.

use model::{EncryptionKind, Trust};
use tests::person::block_on;
use tests::{Person, Starling};

use crate::scene::Scene;

/// Opens the menu of the lock and waits until it says how the conversation stands.
#[track_caller]
fn open_lock(starling: &Starling, standing: &str) {
    starling.robot.find("toggle button", "Encryption").click();
    starling.robot.find_where(standing, |node| node.role() == "label" && node.name() == standing);
}

/// Waits until the conversation is encrypted: the first words had the devices of both sides asked for.
#[track_caller]
fn wait_for_lock(starling: &Starling) {
    starling
        .robot
        .find_where("a closed lock", |node| node.name() == "Encryption" && node.description() == "Encrypted");
}

#[test]
fn words_are_encrypted_both_ways_and_turning_that_off_is_asked_about() {
    let scene = Scene::set();
    scene.write("under the bridge at nine");
    let heard = scene.bob.hears(&scene.alice, "under the bridge at nine");
    assert_eq!(heard.encryption, EncryptionKind::Omemo);
    wait_for_lock(&scene.starling);
    scene.bob.say(&scene.alice, "bring the lantern");
    scene.starling.sees_message("bring the lantern");
    let archive = std::fs::read(scene.server.folder().join("data/prosody.sqlite")).expect("the archive");
    for words in ["under the bridge", "the lantern"] {
        assert!(!holds(&archive, words), "the server can read “{words}”");
    }

    open_lock(&scene.starling, "Encrypted");
    let robot = &scene.starling.robot;
    robot.find("button", "Turn Off Encryption").click();
    let question = robot.find("alert dialog", "Turn Off Encryption?");
    question.find("button", "Cancel").click();
    robot.wait_gone("alert dialog", "Turn Off Encryption?");
    wait_for_lock(&scene.starling);
    open_lock(&scene.starling, "Encrypted");
    robot.find("button", "Turn Off Encryption").click();
    robot.find("alert dialog", "Turn Off Encryption?").find("button", "Turn Off").click();
    robot.find_where("an open lock", |node| {
        node.name() == "Encryption" && node.description() == "Not encrypted"
    });
    scene.write("anybody may know this");
    let heard = scene.bob.hears(&scene.alice, "anybody may know this");
    assert_eq!(heard.encryption, EncryptionKind::None);
    open_lock(&scene.starling, "Not encrypted");
    robot.find("button", "Turn On Encryption").click();
    wait_for_lock(&scene.starling);
    // What differs says so.
    robot.find_where("the mark", |node| {
        node.name().contains("anybody may know this") && node.description().contains("Not encrypted")
    });
}

#[test]
fn keys_are_compared_and_a_new_device_then_asks() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    scene.write("hello");
    scene.bob.hears(&scene.alice, "hello");
    wait_for_lock(&scene.starling);
    open_lock(&scene.starling, "Encrypted");
    robot.find("button", "Devices and Keys").click();
    robot
        .find_where("Bob's device", |node| {
            node.role() == "list item" && node.name().contains("Trusted, not compared")
        })
        .point();
    robot.find_where("to compare", |node| node.name() == "Compare Keys" && node.is_showing()).point();
    let own = block_on(scene.bob.reader().devices(scene.bob.address.clone())).expect("readable");
    let own = own.into_iter().find(|device| device.is_this).and_then(|device| device.fingerprint);
    let spoken = own.expect("Bob has a key").groups().join(", ");
    robot.find_text(&spoken);
    robot.find("button", "They Match").click();
    robot.find_where("Verified", |node| node.role() == "label" && node.name() == "Verified");
    robot.find("button", "Back").click();
    robot.find_where("Bob's device, verified", |node| {
        node.role() == "list item" && node.name().contains("Verified")
    });
    robot.find("dialog", "Encryption").find("button", "Close").click();
    robot.wait_gone("dialog", "Encryption");

    let second = Person::sign_in(&scene.server, "bob", "pw-bob", scene.server.direct_tls_port());
    robot.find("button", "Review").click();
    robot
        .find_where("the new device", |node| {
            node.role() == "list item" && node.name().contains("New: waits for your decision")
        })
        .point();
    robot
        .find_where("to trust", |node| node.name() == "Trust Without Comparing" && node.is_showing())
        .point();
    robot.wait_gone("button", "Review");
    robot.find_where("trust", |node| node.role() == "label" && node.name() == "Trusted, not compared");
    robot.find("button", "Back").click();
    robot.wait_gone("button", "Back");
    robot.find("dialog", "Encryption").find("button", "Close").click();
    robot.wait_gone("dialog", "Encryption");
    scene.write("both of you");
    second.hears(&scene.alice, "both of you");
    scene.bob.hears(&scene.alice, "both of you");
}

#[test]
fn ones_own_devices_and_code_are_in_the_preferences() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    scene.write("hello");
    scene.bob.hears(&scene.alice, "hello");
    scene.desktop.press("ctrl+comma");
    robot.find("tab", "Encryption").point();
    robot.find_where("this device", |node| node.role() == "list item" && node.name().contains("This device"));
    robot.find_named("Show QR Code").point();
    robot.find_named("QR code of alice@localhost");
    scene.desktop.press("Escape");
    robot.wait_gone("button", "Copy Link");
    robot.find("switch", "Write to Verified Devices Only");
    let device = block_on(scene.bob.reader().devices(scene.alice.clone())).expect("readable");
    assert!(device.iter().any(|device| device.trust == Trust::Blind), "{device:?}");
}

fn holds(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}
