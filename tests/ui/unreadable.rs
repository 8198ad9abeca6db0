//! Messages that cannot be read say why and what to do, and all of them say with which key they were written.

use model::{AccountCommand, Delivery, Trust};
use tests::person::block_on;
use tests::{Starling, wait};

use crate::scene::Scene;

#[test]
fn what_cannot_be_read_says_why_and_what_to_do() {
    let scene = Scene::set();
    scene.write("hello");
    scene.bob.hears(&scene.alice, "hello");
    scene.bob.say(&scene.alice, "good morning");
    scene.starling.sees_message("good morning");

    // Bob does not trust the device at the window, which came last.
    let devices = || block_on(scene.bob.reader().devices(scene.alice.clone())).expect("readable");
    let key = wait::until("the key of the window", || {
        devices().into_iter().max_by_key(|device| device.first_seen).and_then(|device| device.fingerprint)
    });
    scene.bob.command(AccountCommand::SetTrust(scene.alice.clone(), key, Trust::Untrusted));
    scene.bob.say(&scene.alice, "not for everybody");
    scene.starling.sees_message("This message is encrypted, and not for this device.");
    scene.starling.sees_message("that the sender trusts");
    scene.bob.command(AccountCommand::SetTrust(scene.alice.clone(), key, Trust::Blind));
    scene.bob.say(&scene.alice, "for you again");
    scene.starling.sees_message("for you again");

    // While nobody is at the window, the server changes what it keeps.
    scene.desktop.press("ctrl+q");
    let Scene { desktop, mut server, bob, alice, starling } = scene;
    assert!(starling.wait(), "Starling did not end well");
    bob.say(&alice, "this will be broken");
    bob.sees_own(&alice, "this will be broken", &Delivery::Sent);
    server.alter(
        "UPDATE prosodyarchive SET value = replace(value, '<payload>', '<payload>AAAA')
           WHERE \"user\" = 'alice';",
    );
    let starling = Starling::start(&desktop, &server);
    starling.sees_message("This message cannot be read: it was changed on its way");
    starling.sees_message("reset the session, and ask the sender to write it again");
    starling.robot.find("button", "Reset Session").click();
    starling.robot.find_text("Session reset: what is written from now on can be read.");
    bob.say(&alice, "once more");
    starling.sees_message("once more");
    let words = "Encrypted message";
    assert!(!starling.robot.sees_text(words), "the row of the list shows what was said last");
}

#[test]
fn details_say_with_which_key_a_message_was_written_and_how_it_was_trusted() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    scene.write("hello");
    scene.bob.hears(&scene.alice, "hello");
    scene.bob.say(&scene.alice, "it is me");
    scene.starling.sees_message("it is me");
    let own = block_on(scene.bob.reader().devices(scene.bob.address.clone())).expect("readable");
    let key = own.into_iter().find(|device| device.is_this).and_then(|device| device.fingerprint);
    let spoken = key.expect("Bob has a key").groups().join(", ");

    let open_details = |message: &str| {
        scene.starling.message(message).point_for_menu();
        scene.choose_item("Details");
        robot.find("dialog", "Message Details");
    };
    open_details("it is me");
    robot.find_where("how", |node| node.name() == "From device to device (OMEMO 2)");
    robot.find_where("whose device", |node| node.name() == "Starling Test");
    robot.find_where("how far", |node| node.role() == "label" && node.name() == "trusted, not compared");
    robot.find_text(&spoken);
    scene.escape("dialog", "Message Details");

    scene.open_devices();
    scene.open_device("Trusted, not compared");
    scene.press_row("Compare Keys");
    robot.find("button", "They Match").click();
    robot.find_where("that it is verified", |node| node.role() == "label" && node.name() == "Verified");
    scene.escape("dialog", "Encryption");
    open_details("it is me");
    robot.find_text("trusted, not compared when it was written; now: verified");
    scene.escape("dialog", "Message Details");
    open_details("hello");
    robot.find_text("Of this device");
    scene.escape("dialog", "Message Details");
    // What came before there were keys at this window.
    open_details(crate::scene::GREETING);
    robot.find_text("None from device to device: the servers could read it");
    scene.escape("dialog", "Message Details");
}
