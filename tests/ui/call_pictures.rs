//! Pictures of calls, for people to look at: `target/screenshots/<variant>/call-<nn>-<screen>.png`. The pictures of a call move,
//! so nothing waits for the screen to rest.

use std::cell::Cell;

use model::{AccountCommand, CallCommand, CallState};
use tests::robot::Node;
use tests::{Desktop, Person, Phone, Prosody, Starling, befriend};

use crate::{
    calls::sees_pictures,
    pictures::{PLAIN, Variant, folder},
};

#[test]
fn calls_light_dark_and_narrow() {
    let town = Town::build();
    town.walk(&PLAIN);
    town.walk(&Variant { name: "dark", environment: &[("ADW_DEBUG_COLOR_SCHEME", "prefer-dark")], ..PLAIN });
    town.walk(&Variant { name: "narrow", size: (360, 640), ..PLAIN });
}

#[test]
fn calls_with_large_text_and_right_to_left() {
    let town = Town::build();
    town.walk(&Variant { name: "large-text", text: 1.75, ..PLAIN });
    let arabic = &[("LANG", "ar_EG.UTF-8"), ("LANGUAGE", "ar")];
    town.walk(&Variant { name: "right-to-left", environment: arabic, ..PLAIN });
}

struct Town {
    server: Prosody,
    bob: Person,
}

impl Town {
    fn build() -> Self {
        let server = Prosody::start();
        let bob = Person::who_calls(&server, "bob");
        let alice = Person::new(&server, "alice");
        befriend(&alice, &bob);
        let name = Some("Bob".to_owned());
        alice.command(AccountCommand::ChangeContact(bob.address.clone(), name, Vec::new()));
        // In the clear: the device at the window, which comes later, could not read it otherwise.
        let conversation = bob.conversation(&alice.address);
        bob.command(AccountCommand::SetEncryption(conversation, false));
        bob.say(&alice.address, "Shall we talk?");
        alice.hears(&bob.address, "Shall we talk?");
        bob.command(AccountCommand::SetEncryption(conversation, true));
        Self { server, bob }
    }

    fn walk(&self, variant: &Variant) {
        let desktop = Desktop::start(variant.size.0, variant.size.1);
        desktop.set_gtk(&[("gtk-enable-animations", "0")]);
        desktop.scale_text(variant.text);
        let starling = Starling::start_with(&desktop, &self.server, |command| {
            command.env("STARLING_TEST_CALLS", "1").envs(variant.environment.iter().copied());
        });
        desktop.fill_screen("Starling");
        starling.sign_in(&self.server, "alice@localhost", "pw-alice");
        let count = Cell::new(0);
        let take = |name: &str| {
            count.set(count.get() + 1);
            // What was just laid out is painted with the next frame.
            std::thread::sleep(std::time::Duration::from_millis(300));
            desktop.screenshot(&folder(variant.name).join(format!("call-{:02}-{name}.png", count.get())));
        };
        let robot = &starling.robot;
        let alice = "alice@localhost".parse().expect("an address");
        let mut bobs = Phone::of(&self.bob);
        starling.open_conversation("Bob");
        robot.find("button", "Voice Call");
        take("header");

        bobs.call(&alice, true);
        robot.find("button", "Accept Without Camera");
        desktop.fill_screen("Call with Bob");
        take("incoming");
        robot.find("button", "Accept").click();
        robot.find("toggle button", "Good Connection").click();
        sees_pictures(&starling, 10);
        take("statistics");
        desktop.press("Escape");
        take("video");
        let vouches = |node: &Node| node.role() == "toggle button" && node.name().starts_with("Encrypted");
        robot.find_where("who vouches", vouches).click();
        take("security");
        desktop.press("Escape");
        robot.find("button", "Devices").click();
        robot.find("dialog", "Devices");
        take("devices");
        desktop.press("Escape");
        robot.wait_gone("dialog", "Devices");
        desktop.press("Escape");
        robot.find("button", "Return to Call");
        take("card");
        robot.find("button", "Hang Up").click();
        bobs.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));
        starling.message("Video call, ");
        robot.wait_gone("button", "Return to Call");

        robot.find("button", "Voice Call").click();
        bobs.until("ringing", |phone| phone.state() == Some(CallState::Ringing));
        desktop.fill_screen("Call with Bob");
        robot.find_text("Ringing…");
        take("ringing");
        bobs.does(CallCommand::Answer { video: false });
        robot.find("toggle button", "Good Connection");
        take("voice");
        bobs.does(CallCommand::HangUp);
        bobs.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));
        robot.wait_gone("button", "Hang Up");
        robot.wait_gone("button", "Call Again");
        robot.find("button", "Voice Call").click();
        bobs.until("ringing", |phone| phone.state() == Some(CallState::Ringing));
        bobs.does(CallCommand::HangUp);
        robot.find("button", "Call Again");
        desktop.fill_screen("Call with Bob");
        take("declined");
        desktop.press("Escape");
        robot.wait_gone("button", "Call Again");
        take("lines");
        desktop.press("ctrl+q");
        assert!(starling.wait(), "Starling did not end well");
    }
}
