//! The main job through the window: read, write, close the lid, come back.

use tests::{Person, Starling};

use crate::scene::{GREETING, Scene};

#[test]
fn what_is_written_arrives_and_what_is_answered_appears() {
    let scene = Scene::set();
    scene.write("Yes, at noon");
    scene.starling.sees_message("Yes, at noon");
    scene.bob.hears(&scene.alice, "Yes, at noon");
    scene.bob.say(&scene.alice, "I bring the bread");
    scene.starling.sees_message("I bring the bread");
    scene.starling.row(&["Bob", "I bring the bread"]);
    // Bob knows that it was read, because Alice accepted him and looks at it.
    scene.bob.sees_own(&scene.alice, "I bring the bread", &model::Delivery::Read);

    // Somebody else, whose conversation is not open: counted, on top, and gone from the count once opened.
    let carol = Person::new(&scene.server, "carol");
    carol.say(&scene.alice, "Anyone here?");
    carol.say(&scene.alice, "It is me, Carol");
    scene.starling.row(&["carol", "2 unread", "It is me, Carol"]);
    scene.starling.open_conversation("carol");
    scene.starling.sees_message("Anyone here?");
    scene.desktop.press("alt+Down");
    scene.starling.sees_message(GREETING);
}

#[test]
fn a_message_is_edited_with_the_up_arrow_and_a_draft_survives_a_kill() {
    let scene = Scene::set();
    scene.write("at noom");
    scene.starling.sees_message("at noom");
    scene.starling.robot.find_named("Message").focus();
    scene.desktop.press("Up");
    scene.starling.robot.find_named("Edit message");
    scene.desktop.press("ctrl+a");
    scene.desktop.type_text("at noon");
    scene.desktop.press("Return");
    scene.starling.sees_message("at noon");
    assert_eq!(scene.bob.hears(&scene.alice, "at noon").revisions, 1);

    scene.starling.robot.find_named("Message").focus();
    scene.desktop.type_text("not finished yet");
    scene.starling.row(&["Bob", "Draft: not finished yet"]);
    let Scene { desktop, server, starling, bob: _bob, .. } = scene;
    starling.kill();
    let starling = Starling::start(&desktop, &server);
    // What was open is open again only after an orderly end.
    starling.open_conversation("Bob");
    let field = "the draft in its field";
    starling.robot.find_where(field, |node| node.name() == "Message" && node.text() == "not finished yet");
    starling.sees_message("at noon");
}
