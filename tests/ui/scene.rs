//! Where the scenes play: Alice at her window, and Bob, who has no window and has begun to talk.

use std::{path::Path, process::Command, time::Duration};

use model::{AccountCommand, BareJid};
use session::PictureSink;
use tests::robot::Node;
use tests::{Desktop, Person, Portal, Prosody, Starling, befriend, wait};

pub const GREETING: &str = "Shall we meet at the harbour?";

/// Alice's window and Bob without one, who know each other. Their conversation is open.
pub struct Scene {
    pub desktop: Desktop,
    pub server: Prosody,
    pub bob: Person,
    pub alice: BareJid,
    pub starling: Starling,
}

impl Scene {
    pub fn set() -> Self {
        Self::set_with(|_, _| ())
    }

    /// As [`Self::set`], after something else happened to Alice on another device.
    pub fn set_with(before: impl FnOnce(&Prosody, &Person)) -> Self {
        Self::set_on(Prosody::start(), before)
    }

    /// As [`Self::set_with`], on this server.
    pub fn set_on(server: Prosody, before: impl FnOnce(&Prosody, &Person)) -> Self {
        let bob = Person::new(&server, "bob");
        Self::set_between(server, bob, before, |_, _| ())
    }

    /// As [`Self::set`], with a tone where the microphone would be, and nobody to hear what is played.
    pub fn set_with_sound() -> Self {
        Self::set_with_microphone("audiotestsrc is-live=true")
    }

    /// As [`Self::set_with_sound`], with this for a microphone.
    pub fn set_with_microphone(source: &str) -> Self {
        let server = Prosody::start();
        let bob = Person::new(&server, "bob");
        Self::set_between(
            server,
            bob,
            |_, _| (),
            |_, command| {
                command.env("STARLING_RECORD_FROM", source).env("STARLING_PLAY_TO", "fakesink sync=true");
            },
        )
    }

    /// As [`Self::set`], with telephones: nobody's has a microphone or a camera, a tone and a moving picture stand in for them.
    pub fn set_with_telephones() -> Self {
        Self::set_with_telephones_after(|_, _| ())
    }

    /// As [`Self::set_with_telephones`], after something else happened to Alice on another device.
    pub fn set_with_telephones_after(before: impl FnOnce(&Prosody, &Person)) -> Self {
        let server = Prosody::start();
        let bob = Person::who_calls(&server, "bob");
        Self::set_between(server, bob, before, |desktop, command| {
            command.env("STARLING_TEST_CALLS", "1").env("STARLING_TRACE", desktop.home().join("trace"));
        })
    }

    /// As [`Self::set_with_telephones`], where portals hand over a screen and a camera in the words of GStreamer, and with Bob
    /// looking. `sandboxed`: cameras are to be had by the portal alone.
    pub fn set_with_portal(screen: &str, camera: &str, sandboxed: bool, bobs: PictureSink) -> (Self, Portal) {
        let server = Prosody::start();
        let bob = Person::who_calls_and_looks(&server, "bob", bobs);
        let mut portal = None;
        let scene = Self::set_between(
            server,
            bob,
            |_, _| (),
            |desktop, command| {
                portal = Some(Portal::start(desktop, screen, camera));
                command.env("STARLING_TEST_CALLS", "1");
                if sandboxed {
                    command.env("GTK_USE_PORTAL", "1");
                }
            },
        );
        (scene, portal.expect("a portal"))
    }

    fn set_between(
        server: Prosody,
        bob: Person,
        before: impl FnOnce(&Prosody, &Person),
        change: impl FnOnce(&Desktop, &mut Command),
    ) -> Self {
        let device = Person::new(&server, "alice");
        befriend(&device, &bob);
        device.command(AccountCommand::ChangeContact(
            bob.address.clone(),
            Some("Bob".to_owned()),
            vec!["Friends".to_owned()],
        ));
        // In the clear: the device at the window, which comes later, could not read it otherwise.
        let conversation = bob.conversation(&device.address);
        bob.command(AccountCommand::SetEncryption(conversation, false));
        bob.say(&device.address, GREETING);
        device.hears(&bob.address, GREETING);
        bob.command(AccountCommand::SetEncryption(conversation, true));
        before(&server, &device);
        let alice = device.address.clone();
        assert!(device.session.end(Duration::from_secs(5)));
        let desktop = still_desktop();
        let starling = Starling::start_with(&desktop, &server, |command| change(&desktop, command));
        starling.sign_in(&server, "alice@localhost", "pw-alice");
        starling.open_conversation("Bob");
        starling.sees_message(GREETING);
        Self { desktop, server, bob, alice, starling }
    }

    /// Types into the composer and presses Enter.
    #[track_caller]
    pub fn write(&self, text: &str) {
        self.starling.robot.find_named("Message").focus();
        self.desktop.type_text(text);
        self.desktop.press("Return");
    }

    /// Begins a conversation with an address.
    #[track_caller]
    pub fn begin_with(&self, address: &str) {
        self.desktop.press("ctrl+n");
        self.has_focus("Name or address");
        self.desktop.type_text(address);
        self.starling.robot.find_where("the address as a choice", |node| {
            node.role() == "list item" && node.name().contains(address)
        });
        self.desktop.press("Return");
        self.has_focus("Message");
    }

    /// Opens the list of Bob's devices and keys.
    #[track_caller]
    pub fn open_devices(&self) {
        self.starling.robot.find("toggle button", "Encryption").click();
        self.starling.robot.find("button", "Devices and Keys").click();
        self.starling.robot.find("dialog", "Encryption");
    }

    /// Goes to a device of the list that is open: the one whose row says this.
    #[track_caller]
    pub fn open_device(&self, state: &str) {
        let is_it = |node: &Node| node.role() == "list item" && node.name().contains(state);
        self.starling.robot.find_where(&format!("a device: {state}"), is_it).point();
        self.starling.robot.find("button", "Back");
    }

    /// Presses a row of a dialog that stands for a button.
    #[track_caller]
    pub fn press_row(&self, name: &str) {
        self.starling.robot.find_where(name, |node| node.name() == name && node.is_showing()).point();
    }

    /// Closes the dialog of this name by key, which it takes wherever the keyboard is in it.
    #[track_caller]
    pub fn escape(&self, role: &str, name: &str) {
        let dialog = self.starling.robot.find(role, name);
        // From a page of its own, Escape leads back to the first one.
        let is_back = |node: &Node| node.role() == "button" && node.name() == "Back" && node.is_showing();
        while dialog.search(&is_back).is_some() {
            self.desktop.press("Escape");
            self.starling.robot.wait_gone("button", "Back");
        }
        self.desktop.press("Escape");
        self.starling.robot.wait_gone(role, name);
    }

    /// Chooses a file in the dialog of this name, and presses this button of it.
    #[track_caller]
    pub fn choose_file(&self, dialog: &str, button: &str, place: &Path) {
        self.starling.robot.find("dialog", dialog);
        self.desktop.press("ctrl+l");
        self.name_file(dialog, button, place);
    }

    /// Names a file in the dialog of this name, where the keyboard is, and presses this button of it. The place is put in
    /// at once: while one types, the dialog completes the names of folders, and mixes its letters with what comes meanwhile.
    #[track_caller]
    pub fn name_file(&self, dialog: &str, button: &str, place: &Path) {
        let chooser = self.starling.robot.find("dialog", dialog);
        let entry = wait::until("a place to be named", || {
            chooser.search(&|node| node.is_focused() && node.takes_text())
        });
        entry.set_text(&place.to_string_lossy());
        let accept = chooser.find("button", button);
        wait::until("a file to be named", || accept.is_sensitive().then_some(()));
        accept.click();
        self.starling.robot.wait_gone("dialog", dialog);
    }

    /// Brings to the screen what stands below the part of the details that is seen at first.
    #[track_caller]
    pub fn go_to_the_end_of_the_details(&self) {
        let is_row = |node: &Node| node.role() == "list item" && node.name() == "Notifications";
        self.starling.robot.find_where("Notifications", is_row).hover();
        self.desktop.turn_wheel_down(30);
    }

    /// Opens a page of the preferences.
    #[track_caller]
    pub fn open_preferences(&self, page: &str) {
        self.desktop.press("ctrl+comma");
        self.starling.robot.find("tab", page).point();
    }

    /// Waits until the lock is closed: the first words had the devices of both sides asked for.
    #[track_caller]
    pub fn wait_for_lock(&self) {
        self.starling.robot.find_where("a closed lock", |node| {
            node.name() == "Encryption" && node.description() == "Encrypted"
        });
    }

    /// Waits until the message with this text says this beside it.
    #[track_caller]
    pub fn message_says(&self, text: &str, words: &str) {
        let is_it = |node: &Node| node.name().contains(text) && node.description().contains(words);
        self.starling.within("Messages", &format!("“{text}” with “{words}”"), is_it);
    }

    /// Points at a message and presses one of the buttons that appear.
    #[track_caller]
    pub fn hover_and_press(&self, message: &str, button: &str) {
        self.starling.message(message).hover();
        self.starling.robot.find("button", button).click();
    }

    /// Waits for a menu and presses these keys in it.
    #[track_caller]
    pub fn choose(&self, keys: &[&str]) {
        self.starling.robot.find_where("a menu", |node| node.role() == "menu item");
        for key in keys {
            self.desktop.press(key);
        }
    }

    /// Goes by key to this item of the menu that opens, and takes it.
    #[track_caller]
    pub fn choose_item(&self, name: &str) {
        wait::until(&format!("the keyboard at “{name}”"), || {
            let is_there = self.menu_item(name).is_focused();
            self.desktop.press(if is_there { "Return" } else { "Down" });
            is_there.then_some(())
        });
    }

    /// Waits for this item of a menu.
    #[track_caller]
    pub fn menu_item(&self, name: &str) -> Node {
        let is_item = |role: String| role.ends_with("menu item");
        self.starling.robot.find_where(name, |node| node.name() == name && is_item(node.role()))
    }

    /// Waits until what has this name has the keyboard.
    #[track_caller]
    pub fn has_focus(&self, name: &str) -> Node {
        self.starling.robot.find_where(&format!("focus on “{name}”"), |node| {
            node.name() == name && node.search(&Node::is_focused).is_some()
        })
    }
}

/// A desktop on which nothing moves by itself: a test has no eyes for it, and would point at where a thing was.
pub fn still_desktop() -> Desktop {
    let desktop = Desktop::start(1000, 720);
    desktop.set_gtk(&[("gtk-enable-animations", "0")]);
    desktop
}
