//! Every dialog, menu and popover: whatever in it takes the keyboard has a name, and Escape closes it.

use tests::Person;
use tests::robot::Node;

use crate::scene::{GREETING, Scene};

/// Whatever takes the keyboard says what it is.
#[track_caller]
fn nothing_is_nameless(scene: &Scene, place: &str) {
    let window = scene.starling.robot.find_where("the window", |node| node.role() == "application");
    // What can be scrolled, and the list in a group of preferences, hand the keyboard on to what is in them; the row of a
    // choice has it for the value that stands in it.
    let hands_on = |node: &Node| matches!(node.role().as_str(), "generic" | "list");
    let is_nameless = |node: &Node| {
        node.is_focusable() && node.name().is_empty() && !hands_on(node) && !node.is_within("combo box")
    };
    let nameless = window.search_all(&is_nameless);
    let nameless: Vec<String> =
        nameless.iter().map(|node| format!("{} at {:?}", node.role(), node.extents())).collect();
    assert!(
        nameless.is_empty(),
        "{place}: without a name: {nameless:?} in\n{}",
        scene.starling.robot.describe()
    );
}

/// Looks at a dialog that has just been opened, and closes it by key.
#[track_caller]
fn look_and_close(scene: &Scene, role: &str, name: &str) {
    scene.starling.robot.find(role, name);
    nothing_is_nameless(scene, name);
    scene.escape(role, name);
}

/// Looks at a menu that has just been opened, and closes it by key.
#[track_caller]
fn look_at_menu(scene: &Scene, item: &str) {
    let role = scene.menu_item(item).role();
    nothing_is_nameless(scene, &format!("the menu with “{item}”"));
    scene.desktop.press("Escape");
    scene.starling.robot.wait_gone(&role, item);
}

#[test]
fn dialogs_of_the_window_have_names_and_close_with_escape() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    for (keys, name) in [("ctrl+n", "New Conversation"), ("ctrl+question", "Keyboard Shortcuts")] {
        scene.desktop.press(keys);
        look_and_close(&scene, "dialog", name);
    }
    scene.desktop.press("ctrl+k");
    look_and_close(&scene, "dialog", "Switch Conversation");
    scene.desktop.press("F10");
    look_at_menu(&scene, "About Starling");
    scene.desktop.press("F10");
    scene.choose_item("About Starling");
    // What is in it is not ours to name.
    scene.escape("dialog", "About");
    robot.find("toggle button", "Accounts").click();
    look_at_menu(&scene, "Do Not Disturb");
    // The keyboard goes back to where the menu came from, and only then the pointer is heard again.
    scene.has_focus("Accounts");
    scene.starling.row(&["Bob"]).point_for_menu();
    look_at_menu(&scene, "Archive");

    for page in ["General", "Encryption", "Accounts"] {
        scene.open_preferences(page);
        robot.find("dialog", "Preferences");
        nothing_is_nameless(&scene, page);
        scene.escape("dialog", "Preferences");
    }
    scene.open_preferences("Accounts");
    robot
        .find_where("the account", |node| node.role() == "list item" && node.name().contains("alice"))
        .point();
    robot.find("button", "Back");
    nothing_is_nameless(&scene, "the page of the account");
    scene.press_row("Remove from This Device");
    look_and_close(&scene, "alert dialog", "Remove Account from This Device?");
    scene.escape("dialog", "Preferences");
}

#[test]
fn dialogs_about_a_message_and_a_person_have_names_and_close_with_escape() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    scene.write("at noom");
    scene.bob.hears(&scene.alice, "at noom");
    scene.has_focus("Message");
    scene.desktop.press("Up");
    robot.find_named("Edit message");
    scene.desktop.press("ctrl+a");
    scene.desktop.type_text("at noon");
    scene.desktop.press("Return");
    scene.bob.hears(&scene.alice, "at noon");

    scene.starling.message(GREETING).point_for_menu();
    look_at_menu(&scene, "Details");
    scene.starling.message(GREETING).point_for_menu();
    scene.choose_item("Details");
    look_and_close(&scene, "dialog", "Message Details");
    robot.find("button", "Edited").click();
    look_and_close(&scene, "dialog", "Earlier Versions");
    scene.starling.message("at noon").point_for_menu();
    scene.choose_item("Retract");
    look_and_close(&scene, "alert dialog", "Delete Message for Everyone?");

    scene.desktop.press("ctrl+i");
    robot.find("button", "Copy Address");
    nothing_is_nameless(&scene, "the details");
    scene.go_to_the_end_of_the_details();
    robot.find("button", "Block").point();
    look_and_close(&scene, "alert dialog", "Block This Person?");
    robot.find("button", "Remove from Contacts").point();
    look_and_close(&scene, "alert dialog", "Remove Contact?");
    robot.find("toggle button", "Notification Setting").click();
    look_at_menu(&scene, "For an Hour");
    scene.desktop.press("ctrl+f");
    robot.find_entry("Search messages").set_text("harbour");
    robot.find("list", "Search results");
    nothing_is_nameless(&scene, "the search");
    scene.desktop.press("Escape");
    robot.wait_gone("list", "Search results");
    scene.desktop.press("ctrl+period");
    robot.find("grid cell", "😀");
    nothing_is_nameless(&scene, "the emoji");
    scene.desktop.press("Escape");

    let carol = Person::new(&scene.server, "carol");
    carol.command(model::AccountCommand::AddContact(scene.alice.clone(), None, Vec::new()));
    robot.find("button", "1 Contact Request").click();
    look_and_close(&scene, "dialog", "Contact Requests");
}

#[test]
fn dialogs_of_encryption_have_names_and_close_with_escape() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    scene.write("hello");
    scene.bob.hears(&scene.alice, "hello");
    scene.wait_for_lock();
    robot.find("toggle button", "Encryption").click();
    robot.find("button", "Devices and Keys");
    nothing_is_nameless(&scene, "the menu of the lock");
    robot.find("button", "Turn Off Encryption").click();
    look_and_close(&scene, "alert dialog", "Turn Off Encryption?");

    scene.open_devices();
    scene.press_row("Show QR Code");
    look_and_close(&scene, "dialog", "QR Code");
    scene.press_row("Verify with Link from Clipboard");
    look_and_close(&scene, "alert dialog", "No Keys in the Clipboard");
    look_and_close(&scene, "dialog", "Encryption");

    // After each decision the keyboard is still in the dialog.
    for (state, decision) in [
        ("Trusted, not compared", "Do Not Trust"),
        ("Not trusted", "Trust Without Comparing"),
        ("Trusted, not compared", "Reset Session"),
    ] {
        scene.open_devices();
        scene.open_device(state);
        nothing_is_nameless(&scene, "a device");
        scene.press_row(decision);
        if decision == "Reset Session" {
            look_and_close(&scene, "alert dialog", "Session Reset");
        } else {
            robot.wait_gone("button", decision);
        }
        scene.escape("dialog", "Encryption");
    }
    for (answer, state) in [("They Differ", "Not trusted"), ("They Match", "Verified")] {
        scene.open_devices();
        scene.open_device("rust");
        scene.press_row("Compare Keys");
        robot.find("button", answer);
        nothing_is_nameless(&scene, "comparing");
        robot.find("button", answer).click();
        robot.find_where(state, |node| node.role() == "label" && node.name() == state);
        scene.escape("dialog", "Encryption");
    }
    // By keyboard alone, and back to the list.
    scene.open_devices();
    scene.open_device("Verified");
    scene.desktop.press("alt+Left");
    robot.wait_gone("button", "Back");
    scene.escape("dialog", "Encryption");
    scene.write("still here");
    scene.bob.hears(&scene.alice, "still here");
}
