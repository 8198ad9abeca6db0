//! The Secret Service: a device without one, where a passphrase takes its place, and one that is locked.

use tests::robot::Node;
use tests::{Desktop, Prosody, Starling, wait};

use crate::scene::still_desktop;

#[test]
fn without_a_keyring_a_passphrase_protects_the_messages() {
    let server = Prosody::start();
    let password = server.register("alice");
    let desktop = Desktop::without_keyring(1000, 720);
    desktop.set_gtk(&[("gtk-enable-animations", "0")]);
    let starling = Starling::start(&desktop, &server);
    starling.fill_sign_in(&server, "alice@localhost", &password);
    starling.robot.find_text("No keyring is running on this device.");
    starling.robot.find_entry("Passphrase").set_text("a long passphrase");
    starling.robot.find_entry("Repeat Passphrase").set_text("a long passphrase");
    starling.robot.find("button", "Continue").click();
    starling.robot.find("button", "New Conversation");
    desktop.press("ctrl+q");
    assert!(starling.wait(), "Starling did not end well");

    let starling = Starling::start(&desktop, &server);
    starling.robot.find_text("Your messages are protected with a passphrase.");
    for (passphrase, words) in [("something else", "That was not the passphrase."), ("a long passphrase", "")]
    {
        if !starling.robot.sees_entry("Passphrase") {
            starling.robot.find("button", "Unlock").click();
        }
        starling.robot.find_entry("Passphrase").set_text(passphrase);
        // By key: a button of this name stands in the banner, too.
        starling.robot.find_entry("Passphrase").focus();
        desktop.press("Return");
        if !words.is_empty() {
            starling.robot.find_text(words);
        }
    }
    wait::until("the banner to go", || (!starling.robot.sees("button", "Unlock")).then_some(()));
    starling.robot.find_named("No Conversations");
}

#[test]
fn a_locked_keyring_is_said_and_unlocked_without_a_new_start() {
    let server = Prosody::start();
    let password = server.register("alice");
    let desktop = still_desktop();
    let starling = Starling::start(&desktop, &server);
    starling.sign_in(&server, "alice@localhost", &password);
    starling.robot.find_named("No Conversations");
    desktop.press("ctrl+q");
    assert!(starling.wait(), "Starling did not end well");

    desktop.lock_keyring();
    let starling = Starling::start(&desktop, &server);
    // The desktop asks for the password of the keyring, in a window of its own.
    starling.robot.find("dialog", "Unlock Login Keyring").find("button", "Cancel").click();
    starling.robot.find_text("Your keyring is locked.");
    starling.robot.find("button", "Try Now").click();
    let question = starling.robot.find("dialog", "Unlock Login Keyring");
    wait::until("the keyboard in the question", || question.search(&Node::is_focused).map(drop));
    desktop.type_text("test");
    desktop.press("Return");
    starling.robot.wait_gone("button", "Try Now");
    starling.robot.find_named("No Conversations");
}
