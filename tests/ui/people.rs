//! Who may write, and what one can decide about a person.

use model::{Content, Delivery};
use tests::Person;

use crate::scene::Scene;

#[test]
fn a_stranger_is_accepted_or_blocked_and_learns_nothing_before() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    let carol = Person::new(&scene.server, "carol");
    carol.say(&scene.alice, "I sell ships");
    scene.starling.open_conversation("carol");
    scene.starling.sees_message("I sell ships");
    robot.find("button", "Accept");
    carol.sees_own(&scene.alice, "I sell ships", &Delivery::Sent);
    robot.find("button", "Accept").click();
    robot.wait_gone("button", "Accept");
    carol.say(&scene.alice, "And boats");
    carol.sees_own(&scene.alice, "And boats", &Delivery::Read);

    let dave = Person::new(&scene.server, "dave");
    dave.say(&scene.alice, "Buy now");
    scene.starling.open_conversation("dave");
    scene.starling.sees_message("Buy now");
    robot.find("button", "Block").click();
    robot.find_named("You blocked this person.");
    dave.say(&scene.alice, "Buy it");
    // The server refuses it for her (XEP-0191 §4).
    dave.waits_for(&scene.alice, "the refusal", |message| {
        message.content == Content::Text("Buy it".to_owned())
            && matches!(message.delivery, Delivery::Failed(_))
    });
    robot.find("button", "Unblock").click();
    robot.find_named("Message");
    dave.say(&scene.alice, "Sorry");
    scene.starling.sees_message("Sorry");
    assert!(!robot.sees_text("Buy it"));
}

#[test]
fn a_person_is_renamed_muted_and_blocked_in_the_details() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    robot.find("toggle button", "Details").click();
    robot.find_where("the address", |node| node.role() == "label" && node.name() == "bob@localhost");
    robot.find_entry("Name").focus();
    scene.desktop.press("ctrl+a");
    scene.desktop.type_text("Bobby");
    scene.desktop.press("Return");
    scene.starling.row(&["Bobby"]);

    robot
        .find_where("Notifications", |node| node.role() == "list item" && node.name() == "Notifications")
        .point();
    scene.choose(&["Down", "Down", "Down", "Return"]);
    robot.find_text("Muted until");
    scene.starling.row(&["Bobby", "muted"]);

    scene.go_to_the_end_of_the_details();
    robot.find("button", "Block").point();
    let question = robot.find("alert dialog", "Block This Person?");
    question.find("button", "Block").click();
    robot.find_named("You blocked this person.");
}
