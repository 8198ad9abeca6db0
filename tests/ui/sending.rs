//! Files as people send them: chosen, pasted, dropped or handed over by another program, looked at in the tray, and gone
//! with `Send`. Whatever arrives is what was chosen, byte for byte.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use model::{AccountCommand, Attachment, Content, EncryptionKind, Message, Transfer};
use tests::person::block_on;
use tests::robot::Node;
use tests::{Prosody, Server as _, wait};

use crate::scene::Scene;

/// A picture that is at hand.
const PICTURE: &[u8] = include_bytes!("../../data/screenshots/main.png");

/// Writes a file of so many bytes, each like few others, and returns its place.
fn written(scene: &Scene, name: &str, length: usize) -> PathBuf {
    let bytes: Vec<u8> = (0..length).map(|place| (place.wrapping_mul(0x9e37_79b1) >> 13) as u8).collect();
    written_as(scene, name, &bytes)
}

fn written_as(scene: &Scene, name: &str, bytes: &[u8]) -> PathBuf {
    let place = scene.desktop.home().join(name);
    fs::write(&place, bytes).expect("the home can be written");
    place
}

/// Waits until Bob was sent a file of this name.
#[track_caller]
fn bob_is_sent(scene: &Scene, fits: impl Fn(&str) -> bool) -> (Message, Attachment) {
    let sent = |message: &Message| message.attachments.first().is_some_and(|file| fits(file.name.as_str()));
    let message = scene.bob.waits_for(&scene.alice, "the file", sent);
    let file = message.attachments.first().expect("it has one").clone();
    (message, file)
}

/// Fetches a file for Bob and reads it.
#[track_caller]
fn bob_fetches(scene: &Scene, file: &Attachment) -> Vec<u8> {
    scene.bob.command(AccountCommand::Download(file.id));
    let is_here = |message: &Message| {
        message.attachments.iter().any(|it| it.id == file.id && it.transfer == Transfer::Here)
    };
    scene.bob.waits_for(&scene.alice, "the file to be here", is_here);
    let (place, _) =
        block_on(scene.bob.reader().file(file.id)).expect("readable").expect("a file that is here");
    let mut bytes = Vec::new();
    place.open().expect("a whole file").read_to_end(&mut bytes).expect("readable");
    bytes
}

/// Waits until Bob has this very file, and returns the message it came with.
#[track_caller]
fn bob_has(scene: &Scene, place: &Path) -> Message {
    let name = place.file_name().and_then(|name| name.to_str()).expect("a name");
    let (message, file) = bob_is_sent(scene, |sent| sent == name);
    assert!(bob_fetches(scene, &file) == fs::read(place).expect("it is there"), "{name} arrived otherwise");
    message
}

/// Chooses a file to be sent.
#[track_caller]
fn choose(scene: &Scene, place: &Path) {
    scene.starling.robot.find("button", "Attach").click();
    scene.choose_file("Attach Files", "Attach", place);
}

/// Width and height, as the header says.
fn size_of_png(bytes: &[u8]) -> (u32, u32) {
    let number = |from: usize| u32::from_be_bytes(bytes[from..from + 4].try_into().expect("four bytes"));
    (number(16), number(20))
}

fn is_png(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "png")
}

/// Waits until a file is in the tray: the button to take it out again.
#[track_caller]
fn in_tray(scene: &Scene, name: &str) -> Node {
    scene.starling.robot.find("button", &format!("Remove {name}"))
}

/// Waits for the card of a file in the history that says this of itself.
#[track_caller]
fn card(scene: &Scene, role: &str, words: &str) -> Node {
    scene.starling.within("Messages", words, |node| node.role() == role && node.name() == words)
}

#[test]
fn files_are_chosen_and_sent_with_a_caption() {
    let scene = Scene::set();
    scene.write("Tickets, and a map");
    scene.bob.hears(&scene.alice, "Tickets, and a map");
    scene.wait_for_lock();
    let robot = &scene.starling.robot;
    let (tickets, map) =
        (written(&scene, "tickets.pdf", 300_001), written(&scene, "Map of the pier.bin", 70_000));
    choose(&scene, &tickets);
    in_tray(&scene, "tickets.pdf");
    choose(&scene, &map);
    in_tray(&scene, "Map of the pier.bin");
    robot.find_named("Message").focus();
    scene.desktop.type_text("For Saturday");
    robot.find("button", "Send").click();
    robot.wait_gone("button", "Remove tickets.pdf");
    card(&scene, "group", "File: tickets.pdf");
    card(&scene, "group", "File: Map of the pier.bin");
    for place in [&tickets, &map] {
        assert_eq!(bob_has(&scene, place).encryption, EncryptionKind::Omemo);
    }
    scene.bob.waits_for(&scene.alice, "the caption", |message| {
        message.content == Content::Text("For Saturday".to_owned())
    });
    assert!(scene.starling.robot.find_named("Message").text().is_empty(), "the caption is gone with them");
}

#[test]
fn what_another_program_copied_is_pasted() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    let (one, two) = (written(&scene, "one.bin", 5000), written(&scene, "two.bin", 6000));
    let copied = scene.desktop.neighbour("copy-files", &[&one, &two]);
    robot.find_named("Message").focus();
    scene.desktop.press("ctrl+v");
    in_tray(&scene, "one.bin");
    in_tray(&scene, "two.bin").click();
    robot.wait_gone("button", "Remove two.bin");
    drop(copied);

    // A picture that is in no file.
    let picture = written_as(&scene, "harbour.png", PICTURE);
    let _copied = scene.desktop.neighbour("copy-picture", &[&picture]);
    robot.find_named("Message").focus();
    scene.desktop.press("ctrl+v");
    robot.find_where("the picture", |node| {
        node.role() == "button" && node.name().starts_with("Remove ") && is_png(&node.name())
    });
    robot.find("checkbox", "Remove Place and Camera");
    robot.find("button", "Send").click();
    bob_has(&scene, &one);
    let (_, sent) = bob_is_sent(&scene, is_png);
    assert_eq!((sent.media_type.as_str(), sent.dimensions), ("image/png", Some(size_of_png(PICTURE))));
    assert!(bob_fetches(&scene, &sent).starts_with(b"\x89PNG"));
    let files = |message: &Message| message.attachments.len();
    assert_eq!(
        scene.bob.messages(&scene.alice, 50).iter().map(files).sum::<usize>(),
        2,
        "two.bin was taken out"
    );
}

/// What a camera wrote beside the pixels.
const MARK: &[u8] = b"mark of a camera";

#[test]
fn a_picture_is_sent_as_large_and_with_as_much_beside_it_as_one_wants() {
    let scene = Scene::set();
    scene.write("Look!");
    scene.bob.hears(&scene.alice, "Look!");
    scene.wait_for_lock();
    let robot = &scene.starling.robot;
    let place = scene.desktop.home().join("pier.jpg");
    let mark = str::from_utf8(MARK).expect("letters");
    let made = scene
        .desktop
        .command("convert")
        .args(["-size", "1600x1200", "gradient:red-blue", "-set", "comment", mark])
        .arg(&place)
        .status();
    assert!(made.expect("convert, of ImageMagick").success());
    let original = fs::read(&place).expect("it was made");
    let has_mark = |bytes: &[u8]| bytes.windows(MARK.len()).any(|window| window == MARK);
    assert!(has_mark(&original));
    let _copied = scene.desktop.neighbour("copy-files", &[&place]);
    let paste = || {
        robot.find_named("Message").focus();
        scene.desktop.press("ctrl+v");
        in_tray(&scene, "pier.jpg");
    };
    let send = |count: usize| {
        robot.find("button", "Send").click();
        let has_come = |message: &Message| !message.attachments.is_empty();
        let message = wait::until("the picture", || {
            let mut messages = scene.bob.messages(&scene.alice, 50);
            messages.retain(has_come);
            (messages.len() == count).then(|| messages.pop()).flatten()
        });
        assert_eq!(message.encryption, EncryptionKind::Omemo);
        let file = message.attachments.into_iter().next().expect("it has one");
        (file.dimensions, bob_fetches(&scene, &file))
    };

    paste();
    let (dimensions, bytes) = send(1);
    assert_eq!(dimensions, Some((1600, 1200)));
    assert!(!has_mark(&bytes), "what the camera wrote stays here");

    paste();
    robot.find("combo box", "Original Size").find("toggle button", "Original Size").click();
    robot.find("label", "Medium");
    for key in ["Down", "Down", "Return"] {
        scene.desktop.press(key);
    }
    robot.find("combo box", "Medium");
    let (dimensions, bytes) = send(2);
    assert_eq!(dimensions, Some((1280, 960)));
    assert!(!has_mark(&bytes));

    paste();
    robot.find("combo box", "Original Size");
    robot.find("checkbox", "Remove Place and Camera").point();
    let (_, bytes) = send(3);
    assert!(bytes == original, "nothing was taken out that one wants to keep");
    paste();
    assert!(robot.find("checkbox", "Remove Place and Camera").is_checked(), "it is asked for once");

    // Once and for all.
    in_tray(&scene, "pier.jpg").click();
    robot.wait_gone("button", "Remove pier.jpg");
    scene.open_preferences("Storage");
    robot.find_named("Fetch by Itself").hover();
    scene.desktop.turn_wheel_down(30);
    robot.find("switch", "Remove Place and Camera").point();
    scene.escape("dialog", "Preferences");
    paste();
    robot.find_where("a box that is not checked", |node| {
        node.role() == "checkbox" && node.name() == "Remove Place and Camera" && !node.is_checked()
    });
}

#[test]
fn what_is_dropped_on_the_conversation_is_sent() {
    let scene = Scene::set();
    let place = written(&scene, "dropped.bin", 40_000);
    scene.desktop.resize_window("Starling", 760, 720);
    scene.desktop.move_window("Starling", 0, 0);
    let neighbour = scene.desktop.neighbour("drag-files", &[&place]);
    scene.desktop.move_window("Neighbour", 780, 100);
    scene.desktop.drag_and_drop(&neighbour, (880, 200), (550, 300));
    in_tray(&scene, "dropped.bin");
    scene.starling.robot.find("button", "Send").click();
    bob_has(&scene, &place);
}

#[test]
fn what_another_program_hands_over_is_sent_to_whom_one_says() {
    let scene = Scene::set();
    let robot = &scene.starling.robot;
    let place = written(&scene, "minutes of the meeting.odt", 20_000);
    // As a file manager starts it, while it runs already.
    let mut second = scene.desktop.command(tests::starling::binary("starling"));
    let handed_over = second.arg(&place).status().expect("Starling");
    assert!(handed_over.success());
    robot.find("dialog", "Send To");
    scene.has_focus("Name or address");
    scene.desktop.type_text("bob");
    robot.find_where("Bob", |node| node.role() == "list item" && node.name().contains("Bob"));
    scene.desktop.press("Return");
    in_tray(&scene, "minutes of the meeting.odt");
    assert!(scene.bob.messages(&scene.alice, 50).iter().all(|message| message.attachments.is_empty()));
    robot.find("button", "Send").click();
    bob_has(&scene, &place);
}

#[test]
fn a_file_on_its_way_says_how_far_it_is_and_is_cancelled_and_tried_again() {
    let (server, cutter) = Prosody::start_with_files_behind_a_cutter();
    let scene = Scene::set_on(server, |_, _| ());
    // More than all the buffers between here and there hold.
    let place = written(&scene, "film.mkv", 24_000_000);
    choose(&scene, &place);
    in_tray(&scene, "film.mkv");
    cutter.stall_after(2_000_000);
    let robot = &scene.starling.robot;
    robot.find("button", "Send").click();
    let says = |words: &str| {
        let is_it = |node: &Node| node.name() == "File: film.mkv" && node.description().ends_with(words);
        scene.starling.within("Messages", &format!("a film with “{words}”"), is_it)
    };
    says(" of 24.0\u{a0}MB").find("button", "Cancel").click();
    let row = says("Cancelled");
    cutter.cut_and_mend();
    assert!(scene.bob.messages(&scene.alice, 50).iter().all(|message| message.attachments.is_empty()));
    row.find("button", "Retry").click();
    bob_has(&scene, &place);
}

#[test]
fn what_the_server_does_not_take_is_told_before_it_is_sent() {
    let mut scene = Scene::set();
    let (film, note) = (written(&scene, "film.mkv", 300_000), written(&scene, "note.bin", 3000));
    scene.server.take_files_up_to(200_000);
    let robot = &scene.starling.robot;
    choose(&scene, &film);
    in_tray(&scene, "film.mkv");
    choose(&scene, &note);
    in_tray(&scene, "note.bin");
    robot.find_text("The file is too large: your server takes at most 200.0\u{a0}kB.");
    assert!(!robot.find("button", "Send").is_sensitive());
    robot.find_named("Message").focus();
    scene.desktop.press("Return");
    in_tray(&scene, "film.mkv").click();
    robot.wait_gone("button", "Remove film.mkv");
    robot.find_where("a way to send", |node| node.name() == "Send" && node.is_sensitive()).click();
    bob_has(&scene, &note);

    scene.server.take_files_up_to(0);
    let robot = &scene.starling.robot;
    robot.find_where("a button that says why", |node| {
        node.name() == "Attach" && !node.is_sensitive() && node.description().contains("takes no files")
    });
    let _copied = scene.desktop.neighbour("copy-files", &[&note]);
    robot.find_named("Message").focus();
    scene.desktop.press("ctrl+v");
    robot.find_text("Your server takes no files.");
    assert!(!robot.sees("button", "Remove note.bin"));
}
