//! Pictures of every screen, for people to look at: `target/screenshots/<variant>/<nn>-<screen>.png`.
//!
//! The words of an evening are written by real sessions; then the archive of the server is told that they were written over
//! some days, so that the window, which reads them from there, shows a lively list.

use std::cell::Cell;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::{AccountCommand, Delivery};
use tests::robot::Node;
use tests::{Desktop, Person, Prosody, Starling, befriend, wait};

/// How a desktop differs from the plain one.
pub struct Variant {
    pub name: &'static str,
    pub size: (u32, u32),
    pub text: f32,
    pub environment: &'static [(&'static str, &'static str)],
}

pub const PLAIN: Variant = Variant { name: "light", size: (1000, 720), text: 1.0, environment: &[] };

#[test]
fn light_and_narrow() {
    let town = Town::build();
    town.walk(&PLAIN);
    town.walk(&Variant { name: "narrow", size: (360, 640), ..PLAIN });
}

#[test]
fn dark_and_high_contrast() {
    let town = Town::build();
    town.walk(&Variant { name: "dark", environment: &[("ADW_DEBUG_COLOR_SCHEME", "prefer-dark")], ..PLAIN });
    town.walk(&Variant { name: "high-contrast", environment: &[("ADW_DEBUG_HIGH_CONTRAST", "1")], ..PLAIN });
}

#[test]
fn large_text_and_right_to_left() {
    let town = Town::build();
    town.walk(&Variant { name: "large-text", text: 1.75, ..PLAIN });
    let arabic = &[("LANG", "ar_EG.UTF-8"), ("LANGUAGE", "ar")];
    town.walk(&Variant { name: "right-to-left", environment: arabic, ..PLAIN });
}

/// A server with people on it who know Alice.
struct Town {
    server: Prosody,
    /// They stay online.
    people: Vec<Person>,
}

/// Who says what to Alice (`<`) or hears from her (`>`), and how many minutes ago.
const TALK: &[(&str, char, u32, &str)] = &[
    ("erin", '<', 4400, "The concert is on the 14th. I kept two seats for us"),
    ("erin", '>', 4390, "Wonderful, thank you!"),
    ("dave", '<', 1610, "Could you look over the second chapter when you have a minute? No hurry at all."),
    ("dave", '>', 1580, "With pleasure. I will read it on the train"),
    ("carol", '>', 190, "Is the kiln free on Thursday?"),
    ("carol", '<', 64, "Thursday is fine, from four o'clock on"),
    ("bob", '<', 1500, "Did you get the tickets for the ferry?"),
    (
        "bob",
        '>',
        1490,
        "Yes! Saturday, quarter past nine. Platform 2, then the tram to the harbour: https://example.org/ferry",
    ),
    ("bob", '<', 1488, "Perfect"),
    ("bob", '<', 1487, "I'll bring the bread and the good cheese"),
    (
        "bob",
        '<',
        42,
        "Small change of plans: Erin would like to come along. She has never seen the lighthouse",
    ),
    ("bob", '>', 40, "The more the merrier"),
    (
        "bob",
        '>',
        39,
        "Then we should take the big thermos. And somebody has to carry it, which I suppose is you, because you are the one who drinks all of the coffee",
    ),
    ("bob", '<', 37, "🙈"),
    ("bob", '<', 36, "Deal. Shall we meet at the harbour?"),
    ("bob", '>', 12, "Yes, at nine sharp"),
    ("bob", '<', 9, "See you on Saturday!"),
];

impl Town {
    fn build() -> Self {
        let mut server = Prosody::start();
        // All at once: the database of a busy server may be locked.
        for name in ["alice", "bob", "carol", "dave", "erin", "mallory"] {
            server.register(name);
        }
        let sign_in = |server: &Prosody, name: &str| {
            Person::sign_in(server, name, &format!("pw-{name}"), server.direct_tls_port())
        };
        let alice = sign_in(&server, "alice");
        alice.command(AccountCommand::SetNickname(Some("Alice".to_owned())));
        let mut people: Vec<Person> =
            ["bob", "carol", "dave", "erin"].map(|name| sign_in(&server, name)).into();
        for person in &people {
            befriend(&alice, person);
            let name = person.address.as_str().trim_end_matches("@localhost");
            let given = name[..1].to_uppercase() + &name[1..];
            let groups = vec!["Friends".to_owned()];
            alice.command(AccountCommand::ChangeContact(person.address.clone(), Some(given), groups));
        }
        for (name, direction, _, text) in TALK {
            let person =
                people.iter().find(|person| person.address.as_str().starts_with(name)).expect("of the town");
            let (speaker, listener) = if *direction == '<' { (person, &alice) } else { (&alice, person) };
            // In the clear: the device at the window, which comes later, could not read it otherwise.
            let conversation = speaker.conversation(&listener.address);
            speaker.command(AccountCommand::SetEncryption(conversation, false));
            speaker.say(&listener.address, text);
            listener.hears(&speaker.address, text);
        }
        for person in &people {
            let conversation = person.conversation(&alice.address);
            person.command(AccountCommand::SetEncryption(conversation, true));
        }
        let bob = people.first().expect("Bob");
        let plan = bob.hears(&alice.address, "The more the merrier");
        bob.command(AccountCommand::React(plan.id, vec!["🎉".to_owned()]));
        alice.waits_for(&bob.address, "the reaction", |message| !message.reactions.is_empty());
        let last = bob.sees_own(&alice.address, "See you on Saturday!", &Delivery::Delivered);
        assert!(last.revisions == 0);
        assert!(alice.session.end(Duration::from_secs(5)));
        server.alter(&spread());
        people.push(sign_in(&server, "mallory"));
        Self { server, people }
    }

    /// Walks every screen on a desktop of this kind.
    fn walk(&self, variant: &Variant) {
        let desktop = Desktop::start(variant.size.0, variant.size.1);
        desktop.set_gtk(&[("gtk-enable-animations", "0")]);
        desktop.scale_text(variant.text);
        let starling = Starling::start_with(&desktop, &self.server, |command| {
            command.envs(variant.environment.iter().copied());
            command.env("STARLING_RECORD_FROM", "audiotestsrc is-live=true wave=ticks");
        });
        desktop.fill_screen("Starling");
        let camera = Camera { desktop: &desktop, folder: folder(variant.name), count: Cell::new(0) };
        self.walk_in(&starling, &camera);
        self.walk_main(&starling, &camera);
        desktop.press("ctrl+q");
        assert!(starling.wait(), "Starling did not end well");
    }

    fn walk_in(&self, starling: &Starling, camera: &Camera<'_>) {
        let robot = &starling.robot;
        robot.find("button", "Create Account");
        camera.take("welcome");
        robot.find("button", "Create Account").click();
        robot.find_entry("Server").set_text("open.localhost");
        starling.name_server("Connect To", self.server.direct_tls_port());
        robot.find("button", "Continue").click();
        robot.find_entry("User Name").set_text("frank");
        camera.take("create-account");
        camera.desktop.press("Escape");
        starling.fill_sign_in(&self.server, "alice@localhost", "wrong");
        robot.find_text("is wrong.");
        camera.take("wrong-password");
        robot.find_entry("Password").set_text("pw-alice");
        robot.find("button", "Sign In").click();
        starling.row(&["Bob", "See you on Saturday!"]);
        let dave = self.people.get(2).expect("Dave");
        dave.say(&"alice@localhost".parse().expect("an address"), "Chapter three is on its way, too");
        starling.row(&["Dave", "1 unread"]);
        camera.take("conversations");
    }

    fn walk_main(&self, starling: &Starling, camera: &Camera<'_>) {
        let robot = &starling.robot;
        starling.open_conversation("Bob");
        starling.sees_message("See you on Saturday!");
        camera.take("conversation");
        starling.message("at nine sharp").hover();
        robot.find("button", "Reply");
        camera.take("hover");
        robot.find("button", "Reply").click();
        // Whom one answers, or "yourself".
        robot.find("button", "Cancel");
        camera.take("reply");
        camera.desktop.press("Escape");
        starling.message("at nine sharp").point_for_menu();
        robot.find_where("a menu", |node| node.role() == "menu item");
        camera.take("message-menu");
        camera.desktop.press("Escape");
        walk_encryption(starling, camera);
        camera.desktop.press("ctrl+i");
        robot.find("button", "Copy Address");
        camera.take("details");
        camera.desktop.press("Escape");
        robot.wait_gone("button", "Copy Address");
        walk_sending(starling, camera);
        camera.desktop.press("ctrl+f");
        robot.find_entry("Search messages").set_text("the");
        robot.find("list", "Search results");
        camera.take("search-in-conversation");
        camera.desktop.press("Escape");
        robot.wait_gone("list", "Search results");
        camera.desktop.press("ctrl+shift+f");
        robot.find_entry("Search messages").set_text("th");
        robot.find("list", "Search results");
        camera.take("search-everywhere");
        camera.desktop.press("Escape");
        robot.wait_gone("list", "Search results");
        camera.desktop.press("ctrl+n");
        robot.find_entry("Name or address");
        camera.take("new-conversation");
        robot.find_entry("Name or address").set_text("вob@localhost");
        robot.find_text("вob@localhost");
        camera.take("look-alike");
        camera.desktop.press("Escape");
        camera.desktop.press("ctrl+comma");
        robot.find("switch", "Enter Sends");
        for tab in ["General", "Notifications", "Privacy", "Encryption", "Calls", "Storage", "Accounts"] {
            robot.find("tab", tab).point();
            camera.take(&format!("preferences-{}", tab.to_lowercase()));
            if tab == "Encryption" {
                // On a small window it stands below what is seen at first: the tabs are over it.
                let tabs = robot.find("tab", tab).extents().1;
                let row = robot.find_named("Show QR Code");
                robot.find_where("this device", |node| node.name().contains("This device")).hover();
                wait::until("the row to be in view", || {
                    let (_, y, _, height) = row.extents();
                    let is_in_view = y + height < tabs;
                    if !is_in_view {
                        camera.desktop.turn_wheel_down(1);
                    }
                    is_in_view.then_some(())
                });
                row.point();
                robot.find("button", "Copy Link");
                camera.take("code");
                camera.desktop.press("Escape");
                robot.wait_gone("button", "Copy Link");
            }
        }
        robot.find_where("the account", |node| node.role() == "list item" && node.name() == "Alice").point();
        robot.find_entry("Display Name");
        camera.take("account");
        camera.desktop.press("Escape");
        camera.desktop.press("Escape");
        robot.wait_gone("dialog", "Preferences");
        camera.desktop.press("ctrl+question");
        robot.find("dialog", "Keyboard Shortcuts");
        camera.take("shortcuts");
        camera.desktop.press("Escape");
        robot.wait_gone("dialog", "Keyboard Shortcuts");
        self.end_of(starling, camera);
    }

    fn end_of(&self, starling: &Starling, camera: &Camera<'_>) {
        let robot = &starling.robot;
        let stranger = self.people.last().expect("Mallory");
        stranger.say(
            &"alice@localhost".parse().expect("an address"),
            "Hello! Are you the Alice who gave the talk about lichen?",
        );
        // Its row goes to the top: only then it stands where it is pointed at.
        starling.row(&["mallory", "unread"]);
        starling.open_conversation("mallory");
        robot.find("button", "Accept");
        camera.take("stranger");
        // On a narrow window, or with large text, one is shown at a time.
        if !robot.sees("list", "Conversations") {
            camera.desktop.press("alt+Left");
        }
        robot.find("list", "Conversations");
        camera.desktop.press("F10");
        robot.find_where("the menu", |node| node.role() == "menu item");
        camera.take("main-menu");
        camera.desktop.press("Escape");
        robot.find("toggle button", "Accounts").click();
        robot.find_where("the menu", |node| node.role() == "menu item");
        camera.take("accounts-menu");
        camera.desktop.press("Escape");
    }
}

/// The lock, the devices of Bob, one of them, comparing, and a code.
fn walk_encryption(starling: &Starling, camera: &Camera<'_>) {
    let robot = &starling.robot;
    robot.find("toggle button", "Encryption").click();
    robot.find("button", "Devices and Keys");
    camera.take("lock");
    robot.find("button", "Devices and Keys").click();
    let device = |node: &Node| node.role() == "list item" && node.name().contains("Trusted, not compared");
    robot.find_where("Bob's device", device);
    camera.take("devices");
    // The keyboard is there by itself.
    robot.find_where("the keyboard at Bob's device", |node| device(node) && node.is_focused());
    camera.desktop.press("Return");
    robot.find_named("Compare Keys");
    camera.take("device");
    robot.find_where("the keyboard at “Compare Keys”", |node| {
        node.name() == "Compare Keys" && node.is_focused()
    });
    camera.desktop.press("Return");
    robot.find("button", "They Match");
    camera.take("compare");
    robot.find("dialog", "Encryption").find("button", "Close").click();
    robot.wait_gone("dialog", "Encryption");
}

/// Files that wait to be sent. They stay: what is sent now could not be read by the window that comes next.
fn walk_sending(starling: &Starling, camera: &Camera<'_>) {
    let robot = &starling.robot;
    let home = camera.desktop.home();
    let picture = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/screenshots/main.png"));
    let files =
        ["Timetable of the ferries, summer.pdf", "a note.txt", "Recording.ogg"].map(|name| home.join(name));
    for (place, length) in files.iter().zip([48_000, 300, 2_400_000]) {
        std::fs::write(place, vec![b' '; length]).expect("the home can be written");
    }
    let [timetable, note, recording] = &files;
    let _copied = camera.desktop.neighbour("copy-files", &[picture, timetable, note, recording]);
    robot.find_named("Message").focus();
    camera.desktop.press("ctrl+v");
    robot.find("button", "Remove Recording.ogg");
    camera.desktop.type_text("The view from the pier, and when the boats go");
    camera.take("tray");
    for place in files.iter().map(PathBuf::as_path).chain([picture]) {
        let name = place.file_name().expect("a name").to_string_lossy();
        let remove = format!("Remove {name}");
        robot.find("button", &remove).click();
        robot.wait_gone("button", &remove);
    }
    robot.find_named("Message").set_text("");
    robot.find("button", "Record Voice Message").click();
    let has_begun = |name: &str| name.starts_with("0:") && name != "0:00";
    robot.find_where("a second of it", |node| node.role() == "label" && has_begun(&node.name()));
    robot.find("button", "Pause Recording").click();
    robot.find("button", "Continue Recording");
    camera.take("recording");
    robot.find("button", "Discard Recording").click();
    robot.find("button", "Record Voice Message");
}

/// Takes pictures once the screen rests.
struct Camera<'d> {
    desktop: &'d Desktop,
    folder: PathBuf,
    count: Cell<u32>,
}

impl Camera<'_> {
    fn take(&self, name: &str) {
        self.count.set(self.count.get() + 1);
        let mut last = Vec::new();
        wait::until("the screen to rest", || {
            std::thread::sleep(Duration::from_millis(120));
            let now = std::fs::read(self.desktop.frame_buffer()).ok()?;
            let before = std::mem::replace(&mut last, now);
            (before == last).then_some(())
        });
        self.desktop.screenshot(&self.folder.join(format!("{:02}-{name}.png", self.count.get())));
    }
}

pub fn folder(variant: &str) -> PathBuf {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots")).join(variant);
    folder.components().collect()
}

/// Tells the archive when things were said.
fn spread() -> String {
    let mut statements = String::new();
    for (name, _, minutes, text) in TALK {
        // As XML has it.
        let text = text.replace('\'', "%");
        let shift = minutes * 60;
        let _ = writeln!(
            statements,
            "UPDATE prosodyarchive SET \"when\" = CAST(strftime('%s','now') AS INTEGER) - {shift} \
             WHERE value LIKE '%<body>{text}</body>%' AND (\"user\" = '{name}' OR \"with\" = '{name}@localhost');"
        );
    }
    statements += "DELETE FROM prosodyarchive WHERE \"user\" = 'alice' AND value LIKE '%urn:xmpp:chat-markers:0%' AND value NOT LIKE '%<body>%';\n";
    statements
}
