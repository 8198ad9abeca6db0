//! The main job through the window: read, write, change one's mind, close the lid, come back.

use tests::{Desktop, Person, Prosody, Starling, befriend};

/// Alice's window and Bob without one, who know each other and have begun to talk.
struct Scene {
    desktop: Desktop,
    server: Prosody,
    bob: Person,
    starling: Starling,
}

const GREETING: &str = "Shall we meet at the harbour?";

impl Scene {
    fn set() -> Self {
        let server = Prosody::start();
        let bob = Person::new(&server, "bob");
        let alice = Person::new(&server, "alice");
        befriend(&alice, &bob);
        bob.say(&alice.address, GREETING);
        alice.hears(&bob.address, GREETING);
        assert!(alice.session.end(std::time::Duration::from_secs(5)));
        let desktop = Desktop::start(1000, 720);
        let starling = Starling::start(&desktop, &server);
        starling.sign_in(&server, "alice@localhost", "pw-alice");
        starling.open_conversation("bob");
        Self { desktop, server, bob, starling }
    }

    fn write(&self, text: &str) {
        self.starling.robot.find_named("Message").focus();
        self.desktop.type_text(text);
        self.desktop.press("Return");
    }
}

#[test]
fn what_is_written_arrives_and_what_is_answered_appears() {
    let scene = Scene::set();
    scene.starling.sees_message(GREETING);
    scene.write("Yes, at noon");
    scene.starling.sees_message("Yes, at noon");
    let alice = "alice@localhost".parse().expect("an address");
    scene.bob.hears(&alice, "Yes, at noon");
    scene.bob.say(&alice, "I bring the bread");
    scene.starling.sees_message("I bring the bread");
}

#[test]
fn a_message_is_edited_with_the_up_arrow_and_a_draft_survives_a_kill() {
    let scene = Scene::set();
    scene.write("at noom");
    scene.starling.sees_message("at noom");
    scene.starling.robot.find_named("Message").focus();
    scene.desktop.press("Up");
    scene.desktop.press("ctrl+a");
    // Not `write`: its click would end the selection.
    scene.desktop.type_text("at noon");
    scene.desktop.press("Return");
    scene.starling.sees_message("at noon");
    let alice = "alice@localhost".parse().expect("an address");
    assert_eq!(scene.bob.hears(&alice, "at noon").revisions, 1);

    scene.starling.robot.find_named("Message").focus();
    scene.desktop.type_text("not finished yet");
    scene.starling.robot.find_where("the draft to be kept", |node| {
        node.role() == "list item" && node.name().contains("not finished yet")
    });
    let Scene { desktop, server, starling, bob: _bob } = scene;
    starling.kill();
    let starling = Starling::start(&desktop, &server);
    starling.open_conversation("bob");
    starling.robot.find_where("the draft", |node| node.name() == "Message" && node.text() == "not finished yet");
    starling.sees_message("at noon");
}

#[test]
fn search_finds_what_was_said_and_leads_there() {
    let scene = Scene::set();
    scene.write("Der Höhenweg ist gesperrt");
    scene.starling.sees_message("Höhenweg");
    scene.desktop.press("ctrl+shift+f");
    scene.starling.robot.find_where("the search field", |node| node.is_focused() && node.role() != "frame");
    scene.desktop.type_text("hohen");
    scene.starling.robot.find_where("the result", |node| node.role() == "list item" && node.name().contains("Höhenweg"));
}
