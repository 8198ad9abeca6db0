//! Codes with keys: from the clipboard, and from a picture of another screen. And the own devices: what this one is called,
//! and taking an old one off the list.

use model::{AccountCommand, BareJid, Device, OmemoVersion, Trust};
use session::PictureSink;
use tests::person::block_on;
use tests::{Desktop, Person, Starling, wait};

use crate::scene::{Scene, still_desktop};

fn devices(person: &Person, whose: &BareJid) -> Vec<Device> {
    block_on(person.reader().devices(whose.clone())).expect("readable")
}

/// Puts a text into the clipboard, by way of the composer.
fn copy(scene: &Scene, text: &str) {
    scene.starling.robot.find_named("Message").focus();
    scene.desktop.type_text(text);
    scene.desktop.press("ctrl+a");
    scene.desktop.press("ctrl+x");
}

#[test]
fn a_code_from_the_clipboard_verifies_and_one_that_does_not_fit_warns() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    scene.write("hello");
    scene.bob.hears(&scene.alice, "hello");
    scene.wait_for_lock();
    let own = devices(&scene.bob, &scene.bob.address).into_iter().find(|device| device.is_this);
    let own = own.expect("Bob has a device");
    let key = own.fingerprint.expect("with a key").groups().concat();
    let link = |whose: &str, key: &str| format!("xmpp:{whose}@localhost?omemo-sid-{}={key}", own.id);
    let paste = |text: &str, heading: &str, words: &str| {
        copy(&scene, text);
        scene.open_devices();
        scene.press_row("Verify with Link from Clipboard");
        robot.find("alert dialog", heading);
        robot.find_text(words);
        scene.escape("alert dialog", heading);
    };
    paste("just words", "No Keys in the Clipboard", "Copy the link that the other app shows");
    scene.escape("dialog", "Encryption");
    paste(&link("carol", &key), "A Code of Somebody Else", "The code is of carol@localhost");
    scene.escape("dialog", "Encryption");
    paste(&link("bob", &key), "Keys Match", "1 device is verified.");
    robot.find_where("that it is verified", |node| {
        node.role() == "list item" && node.name().contains("Verified")
    });
    scene.escape("dialog", "Encryption");
    robot.find("toggle button", "Encryption").click();
    robot.find_text("You compared the keys of Bob");
    scene.desktop.press("Escape");
    paste(&link("bob", &"0".repeat(64)), "Keys Differ", "It is no longer trusted.");
    robot.find_where("that it is not trusted", |node| {
        node.role() == "list item" && node.name().contains("Not trusted")
    });
    scene.escape("dialog", "Encryption");
}

/// Bob sits at a window of his own, and shows his code.
fn shows_his_code(scene: &Scene) -> (Desktop, Starling) {
    let desk = still_desktop();
    let starling = Starling::start(&desk, &scene.server);
    starling.sign_in(&scene.server, "bob@localhost", "pw-bob");
    desk.press("ctrl+comma");
    starling.robot.find("tab", "Encryption").point();
    let is_this = |device: &tests::robot::Node| device.name().contains("This device");
    starling.robot.find_where("his device", is_this);
    starling
        .robot
        .find_where("to show it", |node| node.name() == "Show QR Code" && node.is_showing())
        .point();
    starling.robot.find_named("QR code of bob@localhost");
    (desk, starling)
}

#[test]
fn a_code_is_read_from_a_picture_of_another_screen() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    let (desk, _starling) = shows_his_code(&scene);
    let picture = scene.desktop.home().join("code.png");
    let nothing = scene.desktop.home().join("nothing.png");
    desk.screenshot(&picture);
    scene.desktop.screenshot(&nothing);

    scene.write("hello");
    scene.wait_for_lock();
    scene.open_devices();
    let choose = |file: &std::path::Path| {
        scene.press_row("Verify with Picture of QR Code…");
        scene.choose_file("Picture of a QR Code", "Open", file);
    };
    choose(&nothing);
    scene.escape("alert dialog", "No Keys in This Picture");
    choose(&picture);
    robot.find_text("1 device is verified.");
    scene.escape("alert dialog", "Keys Match");
    let verified = |node: &tests::robot::Node| node.role() == "list item" && node.name().contains("Verified");
    robot.find_where("the device at the other window, verified", verified);
    scene.escape("dialog", "Encryption");
    desk.press("ctrl+q");
}

#[test]
fn a_code_is_read_with_the_camera() {
    let folder = tempfile::tempdir().expect("a folder");
    let seen = folder.path().join("code.png");
    let camera = format!(
        "filesrc location={} ! pngdec ! imagefreeze is-live=true ! videoconvert \
         ! video/x-raw,format=RGB,framerate=15/1",
        seen.display()
    );
    let (scene, portal) = Scene::set_with_portal("", &camera, true, PictureSink::new(|_, _, _, _| ()));
    let robot = &scene.starling.robot;
    let (desk, _starling) = shows_his_code(&scene);
    desk.screenshot(&seen);

    // Whom a code names can be written to.
    scene.desktop.press("ctrl+n");
    portal.declines();
    robot.find("button", "Scan with Camera").click();
    robot.find_text("The camera may not be used.");
    scene.escape("dialog", "Scan QR Code");
    robot.find("button", "Scan with Camera").click();
    robot.wait_gone("dialog", "Scan QR Code");
    // It stands there, and can be written on.
    scene.has_focus("Name or address");
    scene.desktop.type_text(".example");
    robot.find_text("bob@localhost.example");
    scene.escape("dialog", "New Conversation");

    // And whose keys it names is known for certain.
    scene.write("hello");
    scene.wait_for_lock();
    scene.open_devices();
    scene.press_row("Scan with Camera");
    robot.find_text("1 device is verified.");
    scene.escape("alert dialog", "Keys Match");
    scene.escape("dialog", "Encryption");
    portal.says("asked", 2);
    desk.press("ctrl+q");
}

#[test]
fn this_device_is_renamed_and_an_old_one_is_removed() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    scene.write("hello");
    scene.bob.hears(&scene.alice, "hello");
    scene.bob.say(&scene.alice, "good morning");
    scene.starling.sees_message("good morning");

    // A name counts with those who have the key that signed it.
    scene.bob.command(AccountCommand::LookUpDevices(scene.alice.clone()));
    scene.open_preferences("Encryption");
    scene.open_device("This device");
    robot.find_entry("Name of This Device").focus();
    scene.desktop.press("ctrl+a");
    scene.desktop.type_text("kitchen");
    scene.desktop.press("Return");
    wait::until("Bob to see the name", || {
        let named = |device: &Device| device.label.as_deref() == Some("kitchen");
        devices(&scene.bob, &scene.alice).iter().any(named).then_some(())
    });
    robot.find("button", "Back").click();
    robot.find_where("the name", |node| node.role() == "list item" && node.name() == "kitchen, This device");

    // The device on which Alice made her account.
    let old = robot.find_where("an old device", |node| {
        node.role() == "list item" && node.name().starts_with("Starling Test")
    });
    old.find("button", "Remove").click();
    robot.find_text("is no longer encrypted for Starling Test");
    scene.escape("alert dialog", "Remove Device?");
    old.find("button", "Remove").click();
    robot.find("alert dialog", "Remove Device?").find("button", "Remove").click();
    robot.wait_gone("button", "Remove");
    let in_use = |device: &&Device| !device.versions.is_empty();
    wait::until("Bob to write to one device only", || {
        let known = devices(&scene.bob, &scene.alice);
        let left: Vec<&Device> = known.iter().filter(in_use).collect();
        (left.len() == 1).then(|| {
            assert_eq!(left[0].label.as_deref(), Some("kitchen"));
            assert_eq!(left[0].versions, [OmemoVersion::Two, OmemoVersion::Legacy]);
            assert_eq!(left[0].trust, Trust::Blind);
        })
    });
    scene.escape("dialog", "Preferences");
    scene.bob.say(&scene.alice, "only you");
    scene.starling.sees_message("only you");
}
