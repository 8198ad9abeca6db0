//! Messages that wait to be encrypted say for what, and go as soon as the user has decided or what is missing is there.

use model::Delivery;
use tests::person::block_on;
use tests::{Person, befriend, know_devices, wait};

use crate::scene::Scene;

const NOBODY_TRUSTED: &str = "you trust no device of the other side";

#[test]
fn words_wait_for_a_device_for_trust_and_for_being_verified() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;

    // Nobody has ever signed in to this account.
    scene.server.register("carol");
    scene.begin_with("carol@localhost");
    robot.find("toggle button", "Encryption").click();
    robot.find("button", "Turn On Encryption").click();
    scene.wait_for_lock();
    scene.write("are you there?");
    scene.message_says("are you there?", "no device of the other side can read encrypted messages");
    let carol = Person::sign_in(&scene.server, "carol", "pw-carol", scene.server.direct_tls_port());
    // Who looks at the devices has them asked for again.
    scene.open_devices();
    carol.hears(&scene.alice, "are you there?");
    scene.escape("dialog", "Encryption");

    scene.starling.open_conversation("Bob");
    scene.write("one");
    scene.bob.hears(&scene.alice, "one");
    scene.wait_for_lock();
    scene.open_devices();
    scene.open_device("Trusted, not compared");
    scene.press_row("Do Not Trust");
    robot.find_where("that it is not trusted", |node| node.role() == "label" && node.name() == "Not trusted");
    scene.escape("dialog", "Encryption");
    scene.write("two");
    scene.message_says("two", NOBODY_TRUSTED);
    robot.find("button", "Review Devices").click();
    scene.open_device("Not trusted");
    scene.press_row("Trust Without Comparing");
    scene.bob.hears(&scene.alice, "two");
    scene.escape("dialog", "Encryption");
    robot.wait_gone("button", "Review Devices");

    scene.open_preferences("Encryption");
    // It stands below what is seen at first.
    robot
        .find_where("this device", |node| node.role() == "list item" && node.name().contains("This device"))
        .hover();
    scene.desktop.turn_wheel_down(30);
    robot.find("switch", "Write to Verified Devices Only").point();
    scene.escape("dialog", "Preferences");
    scene.write("three");
    scene.message_says("three", NOBODY_TRUSTED);
    robot.find("toggle button", "Encryption").click();
    robot.find_text("You write to compared devices only");
    scene.desktop.press("Escape");
    robot.find("button", "Review Devices").click();
    scene.open_device("Trusted, not compared");
    scene.press_row("Compare Keys");
    robot.find("button", "They Match").click();
    scene.bob.hears(&scene.alice, "three");
    robot.find_where("that it is verified", |node| node.role() == "label" && node.name() == "Verified");
    scene.escape("dialog", "Encryption");
}

#[test]
fn words_wait_for_keys_and_stop_when_a_device_shows_another_key() {
    let mut scene = Scene::set();
    scene.write("one");
    scene.bob.hears(&scene.alice, "one");
    scene.wait_for_lock();
    let carol = Person::new(&scene.server, "carol");
    let number = |person: &Person| {
        wait::until("a number", || {
            let devices = block_on(person.reader().devices(person.address.clone())).expect("readable");
            devices.into_iter().find(|device| device.is_this).map(|device| device.id)
        })
    };
    let (bobs, carols) = (number(&scene.bob), number(&carol));
    befriend(&scene.bob, &carol);
    know_devices(&scene.bob, &carol);
    let dave = Person::new(&scene.server, "dave");
    // Whoever is online puts their keys right. They are told of what they miss when they are back.
    assert!(scene.bob.session.end(std::time::Duration::from_secs(5)));
    // The server gives out Carol's keys as Bob's, and none as Carol's own.
    scene.server.alter(&format!(
        "CREATE TABLE kept AS SELECT rowid AS row, store, value FROM prosodyarchive
           WHERE \"user\" IN ('bob', 'carol') AND store LIKE '%bundles%';
         UPDATE prosodyarchive SET value = (
             SELECT replace(value, '{carols}', '{bobs}') FROM prosodyarchive
             WHERE \"user\" = 'carol' AND store = 'pep_urn:xmpp:omemo:2:bundles')
           WHERE \"user\" = 'bob' AND store = 'pep_urn:xmpp:omemo:2:bundles';
         UPDATE prosodyarchive SET store = 'hidden' || store
           WHERE \"user\" = 'carol' AND store LIKE '%bundles%';"
    ));
    let robot = &scene.starling.robot;
    dave.say(&scene.alice, "is the server back?");
    scene.starling.row(&["dave", "is the server back?"]);
    scene.open_devices();
    scene.open_device("Trusted, not compared");
    scene.press_row("Reset Session");
    scene.escape("alert dialog", "Session Reset");
    robot.find_text("This device shows another key than before.");
    scene.escape("dialog", "Encryption");
    robot.find_text(
        "A device of Bob shows another key than before. Nothing is sent until you decide about it.",
    );
    scene.starling.row(&["Bob", "keys wait for your decision"]);
    scene.write("two");
    scene.message_says("two", "a device of the other side shows another key than before");

    scene.begin_with("carol@localhost");
    scene.write("hello Carol");
    scene.message_says("hello Carol", "Waits for keys of the devices.");
    assert!(carol.messages(&scene.alice, 5).is_empty(), "nothing went in the clear");

    // They compare: Bob's key is the one from before.
    scene.starling.open_conversation("Bob");
    robot.find("button", "Review").click();
    scene.open_device("Shows another key than before");
    robot.find_where("the key before", |node| node.name() == "Key Before");
    scene.press_row("Compare Keys");
    robot.find("button", "They Differ").click();
    robot.find_where("that it is not trusted", |node| node.role() == "label" && node.name() == "Not trusted");
    scene.escape("dialog", "Encryption");
    scene.message_says("two", NOBODY_TRUSTED);

    scene.server.alter(
        "UPDATE prosodyarchive SET (store, value) = (SELECT store, value FROM kept WHERE row = prosodyarchive.rowid)
           WHERE rowid IN (SELECT row FROM kept);",
    );
    let robot = &scene.starling.robot;
    carol.hears(&scene.alice, "hello Carol");
    robot.find("button", "Review Devices").click();
    scene.open_device("Not trusted");
    scene.press_row("Keep the Key Before");
    robot.find_where("trust", |node| node.role() == "label" && node.name() == "Trusted, not compared");
    scene.escape("dialog", "Encryption");
    scene.bob.restart();
    scene.bob.hears(&scene.alice, "two");
    scene.bob.say(&scene.alice, "here I am");
    scene.bob.sees_own(&scene.alice, "here I am", &Delivery::Read);
}
