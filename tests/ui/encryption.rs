//! Encryption as people meet it: the lock, new devices, and comparing keys.

use model::{EncryptionKind, Trust};
use tests::person::block_on;
use tests::robot::Node;
use tests::{Person, Starling};

use crate::scene::Scene;

/// Opens the menu of the lock and waits until it says how the conversation stands.
#[track_caller]
fn open_lock(starling: &Starling, standing: &str) {
    starling.robot.find("toggle button", "Encryption").click();
    starling.robot.find_where(standing, |node| node.role() == "label" && node.name() == standing);
}

#[test]
fn words_are_encrypted_both_ways_and_turning_that_off_is_asked_about() {
    let scene = Scene::set();
    scene.write("under the bridge at nine");
    let heard = scene.bob.hears(&scene.alice, "under the bridge at nine");
    assert_eq!(heard.encryption, EncryptionKind::Omemo);
    scene.wait_for_lock();
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
    scene.wait_for_lock();
    open_lock(&scene.starling, "Encrypted");
    robot.find("button", "Turn Off Encryption").click();
    robot.find("alert dialog", "Turn Off Encryption?").find("button", "Turn Off").click();
    robot.find_where("an open lock", is_open_lock);
    scene.write("anybody may know this");
    let heard = scene.bob.hears(&scene.alice, "anybody may know this");
    assert_eq!(heard.encryption, EncryptionKind::None);
    open_lock(&scene.starling, "Not encrypted");
    robot.find("button", "Turn On Encryption").click();
    scene.wait_for_lock();
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
    scene.wait_for_lock();
    scene.open_devices();
    scene.open_device("Trusted, not compared");
    scene.press_row("Compare Keys");
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
    scene.escape("dialog", "Encryption");

    let second = Person::sign_in(&scene.server, "bob", "pw-bob", scene.server.direct_tls_port());
    robot.find("button", "Review").click();
    scene.open_device("New: waits for your decision");
    scene.press_row("Trust Without Comparing");
    robot.wait_gone("button", "Review");
    robot.find_where("trust", |node| node.role() == "label" && node.name() == "Trusted, not compared");
    robot.find("button", "Back").click();
    robot.wait_gone("button", "Back");
    scene.escape("dialog", "Encryption");
    scene.write("both of you");
    second.hears(&scene.alice, "both of you");
    scene.bob.hears(&scene.alice, "both of you");
}

#[test]
fn a_conversation_that_goes_in_the_clear_asks_when_it_is_opened() {
    let scene = Scene::set();
    scene.write("hello");
    scene.bob.hears(&scene.alice, "hello");
    scene.wait_for_lock();
    open_lock(&scene.starling, "Encrypted");
    let robot = &scene.starling.robot;
    robot.find("button", "Turn Off Encryption").click();
    robot.find("alert dialog", "Turn Off Encryption?").find("button", "Turn Off").click();
    robot.find_where("an open lock", is_open_lock);
    scene.write("in the clear");
    assert_eq!(scene.bob.hears(&scene.alice, "in the clear").encryption, EncryptionKind::None);
    // Whoever has just turned it off is not asked.
    assert!(!robot.sees("button", "Leave It Off"));
    scene.desktop.press("ctrl+q");
    let Scene { desktop, server, bob, alice, starling } = scene;
    assert!(starling.wait(), "Starling did not end well");

    let starling = Starling::start(&desktop, &server);
    let robot = &starling.robot;
    robot.find_text("You turned encryption off: the servers can read what is written.");
    robot.find("button", "Leave It Off").click();
    robot.wait_gone("button", "Leave It Off");
    robot.find_where("an open lock", is_open_lock);
    desktop.press("ctrl+q");
    assert!(starling.wait(), "Starling did not end well");

    let starling = Starling::start(&desktop, &server);
    let robot = &starling.robot;
    robot.find("button", "Turn On Encryption").click();
    robot
        .find_where("a closed lock", |node| node.name() == "Encryption" && node.description() == "Encrypted");
    robot.wait_gone("button", "Leave It Off");
    robot.find_named("Message").focus();
    desktop.type_text("sealed again");
    desktop.press("Return");
    assert_eq!(bob.hears(&alice, "sealed again").encryption, EncryptionKind::Omemo);
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
    scene.escape("dialog", "QR Code");
    robot.find("switch", "Write to Verified Devices Only");
    let device = block_on(scene.bob.reader().devices(scene.alice.clone())).expect("readable");
    assert!(device.iter().any(|device| device.trust == Trust::Blind), "{device:?}");
}

fn is_open_lock(node: &Node) -> bool {
    node.name() == "Encryption" && node.description() == "Not encrypted"
}

fn holds(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}
