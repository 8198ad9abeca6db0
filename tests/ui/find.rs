//! Finding messages and people, and the ways that need no pointer.

use tests::wait;

use crate::scene::{GREETING, Scene};

#[test]
fn search_finds_what_was_said_and_leads_there() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    scene.bob.say(&scene.alice, "Der Höhenweg ist gesperrt");
    scene.starling.sees_message("Höhenweg");

    // In this conversation.
    scene.desktop.press("ctrl+f");
    scene.has_focus("Search messages");
    scene.desktop.type_text("harbour");
    result(&scene, GREETING).point();
    scene.starling.sees_message(GREETING);
    scene.desktop.press("Escape");
    robot.wait_gone("button", "Close Search");

    // Everywhere, however the letters are written.
    scene.desktop.press("ctrl+shift+f");
    scene.has_focus("Search messages");
    scene.desktop.type_text("hohen");
    result(&scene, "Höhenweg");
    scene.desktop.press("ctrl+a");
    scene.desktop.type_text("zebra");
    robot.find_named("Nothing Found");
    scene.desktop.press("ctrl+a");
    scene.desktop.type_text("hohen");
    result(&scene, "Höhenweg").point();
    scene.starling.sees_message("Höhenweg");
    scene.desktop.press("Escape");
}

#[test]
fn everything_of_a_day_goes_without_a_pointer() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    scene.server.register("carol");

    // A typed address begins a conversation, and the keyboard is where one writes.
    scene.desktop.press("ctrl+n");
    scene.has_focus("Name or address");
    scene.desktop.type_text("carol@localhost");
    robot.find_where("the address as a choice", |node| {
        node.role() == "list item" && node.name().contains("carol@localhost")
    });
    scene.desktop.press("Return");
    scene.has_focus("Message");
    scene.desktop.type_text("Good morning");
    scene.desktop.press("shift+Return");
    scene.desktop.type_text("and good night");
    scene.desktop.press("Return");
    scene.starling.sees_message("Good morning\nand good night");

    // To and fro, by key and by name.
    scene.desktop.press("ctrl+Tab");
    scene.starling.sees_message(GREETING);
    scene.desktop.press("ctrl+k");
    scene.has_focus("Name or address");
    scene.desktop.type_text("carol");
    robot.find_where("carol", |node| node.role() == "list item" && node.name().starts_with("carol"));
    scene.desktop.press("Return");
    scene.starling.sees_message("Good morning");

    // Escape closes what is on top, and only that.
    for (keys, name) in [
        ("ctrl+comma", "Preferences"),
        ("ctrl+question", "Keyboard Shortcuts"),
        ("ctrl+n", "New Conversation"),
    ] {
        scene.desktop.press(keys);
        dialog(&scene, name, true);
        scene.desktop.press("Escape");
        dialog(&scene, name, false);
    }
    scene.desktop.press("ctrl+i");
    robot.find("button", "Close Details");
    scene.desktop.press("Escape");
    robot.wait_gone("button", "Close Details");
    robot.find("list", "Messages");

    scene.desktop.press("alt+Up");
    scene.starling.sees_message(GREETING);
    scene.desktop.press("ctrl+q");
    assert!(scene.starling.wait(), "Starling did not end well");
}

#[track_caller]
fn result(scene: &Scene, words: &str) -> tests::robot::Node {
    scene
        .starling
        .within("Search results", words, |node| node.role() == "list item" && node.name().contains(words))
}

#[track_caller]
fn dialog(scene: &Scene, name: &str, there: bool) {
    let is_there = || scene.starling.robot.sees("dialog", name);
    wait::until(&format!("{name} to be there: {there}"), || (is_there() == there).then_some(()));
}
