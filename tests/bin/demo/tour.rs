//! The tour that the demo takes by itself where nobody can look: each step through the window, and a picture of it.

use std::path::{Path, PathBuf};

use tests::{Desktop, Prosody, Starling};

/// Signs in, reads, writes, receives the answer, starts anew and finds everything still there.
pub fn take(server: &Prosody, guest: &super::Guest) {
    let desktop = Desktop::start(1000, 720);
    let pictures = Pictures { desktop: &desktop, folder: folder(), count: 0.into() };

    let starling = Starling::start(&desktop, server);
    starling.robot.find("button", "Create Account");
    pictures.take("welcome", "Starling opens for the first time");

    starling.sign_in(server, &guest.address, &guest.password);
    pictures.take("signed-in", "signed in over TLS to a server of its own");

    read_and_write(&starling, &desktop, &pictures);

    desktop.press("ctrl+q");
    assert!(starling.wait(), "Starling did not end well");
    println!("  quit");

    let starling = Starling::start(&desktop, server);
    starling.open_conversation("friend");
    starling.sees_message("Is anybody there?");
    starling.sees_message("Good to hear from you!");
    pictures.take("restarted", "started anew: everything is still there");
    desktop.press("ctrl+q");
    assert!(starling.wait(), "Starling did not end well");
}

fn read_and_write(starling: &Starling, desktop: &Desktop, pictures: &Pictures<'_>) {
    starling.open_conversation("friend");
    starling.sees_message(super::GREETING);
    pictures.take("read", "the friend's greeting is there");

    starling.robot.find_named("Message").focus();
    desktop.type_text("Is anybody there?");
    desktop.press("Return");
    starling.sees_message("Is anybody there?");
    pictures.take("written", "a message was written");

    starling.sees_message("Good to hear from you!");
    pictures.take("answered", "the friend answered");

    starling.robot.find_named("Message").focus();
    desktop.type_text("What becomes of what I write?");
    desktop.press("Return");
    starling.sees_message("stays on your device.");
    pictures.take("corrected", "the friend corrected a slip");
}

struct Pictures<'d> {
    desktop: &'d Desktop,
    folder: PathBuf,
    count: std::cell::Cell<u32>,
}

impl Pictures<'_> {
    fn take(&self, name: &str, step: &str) {
        self.count.set(self.count.get() + 1);
        let file = self.folder.join(format!("{}-{name}.png", self.count.get()));
        self.desktop.screenshot(&file);
        println!("  {step}: {}", file.display());
    }
}

fn folder() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/demo")).components().collect()
}
