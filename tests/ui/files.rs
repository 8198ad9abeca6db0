//! Files as people meet them: they come, are looked at, fetched and saved.

use std::fs;
use std::sync::Arc;

use model::{AccountCommand, FileSource, OutgoingFile, OutgoingFiles};
use tests::robot::Node;
use tests::wait;

use crate::scene::Scene;

/// A picture that is at hand.
const PICTURE: &[u8] = include_bytes!("../../data/screenshots/main.png");

/// A film of a second of red and five of blue, with a tone: VP8 and Opus in WebM.
const FILM: &[u8] = include_bytes!("film.webm");

fn file(name: &str, bytes: &[u8]) -> OutgoingFiles {
    let file = OutgoingFile {
        source: FileSource::Bytes(Arc::from(bytes)),
        name: Some(name.to_owned()),
        strip_metadata: true,
        longest_side: None,
        voice: None,
    };
    OutgoingFiles { files: vec![file], caption: String::new(), reply_to: None }
}

fn bob_sends(scene: &Scene, name: &str, bytes: &[u8]) {
    let conversation = scene.bob.conversation(&scene.alice);
    scene.bob.command(AccountCommand::SendFiles(conversation, file(name, bytes)));
}

/// Waits for the card of a file that says this of itself.
#[track_caller]
fn card(scene: &Scene, role: &str, words: &str) -> Node {
    scene.starling.within("Messages", words, |node| node.role() == role && node.name() == words)
}

#[test]
fn a_picture_comes_by_itself_and_is_looked_at() {
    let scene = Scene::set();
    bob_sends(&scene, "harbour.png", PICTURE);
    let robot = &scene.starling.robot;
    let picture = card(&scene, "button", "Picture: harbour.png");
    wait::until("the picture to be here", || {
        let offers: Vec<String> = scene
            .starling
            .message("Picture")
            .search_all(&|node| node.role() == "button")
            .iter()
            .map(Node::name)
            .collect();
        (!offers.iter().any(|name| name == "Download" || name == "Cancel")).then_some(())
    });
    robot.find_where("the conversation in the list", |node| {
        node.role() == "list item" && node.name().contains("Picture")
    });
    picture.click();
    robot.find("image", "Picture: harbour.png");
    robot.find("button", "Save As…");
    robot.find("button", "Zoom In").click();
    scene.desktop.press("Escape");
    robot.wait_gone("image", "Picture: harbour.png");
}

#[test]
fn other_files_come_when_they_are_asked_for() {
    let scene = Scene::set();
    let bytes: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
    bob_sends(&scene, "plan.bin", &bytes);
    let row = card(&scene, "group", "File: plan.bin");
    row.find("button", "Download").click();
    let _ = row.find("button", "Open");
    row.find("button", "Save As…").click();
    let place = scene.desktop.home().join("saved.bin");
    scene.name_file("Save As", "Save", &place);
    wait::until("the file to be saved", || fs::read(&place).ok().filter(|saved| *saved == bytes));
}

/// Waits until something has a colour, of which one part is much stronger than the others, at this share of its width and
/// height.
#[track_caller]
fn shows(scene: &Scene, node: &Node, share: i32, part: usize) {
    wait::until("its colour", || {
        let (x, y, width, height) = node.extents();
        let color = scene.desktop.color(x + width / share, y + height / share);
        (0..3).all(|other| other == part || color[part] > color[other].saturating_add(100)).then_some(())
    });
}

#[test]
fn a_film_is_fetched_and_played_between_pictures() {
    const RED: usize = 0;
    const BLUE: usize = 2;
    let scene = Scene::set_with_sound();
    let robot = &scene.starling.robot;
    bob_sends(&scene, "ferry.webm", FILM);
    bob_sends(&scene, "harbour.png", PICTURE);
    let row = card(&scene, "group", "Video: ferry.webm");
    card(&scene, "button", "Picture: harbour.png");
    row.find("button", "Download").click();
    // Now its place is known, and its first picture stands there.
    let poster = card(&scene, "button", "Video: ferry.webm");
    // In its middle stands that it can be played.
    shows(&scene, &poster, 4, RED);
    scene.desktop.screenshot(&crate::pictures::folder("light").join("film-poster.png"));
    poster.click();
    let canvas = robot.find("image", "Video: ferry.webm");
    shows(&scene, &canvas, 2, RED);
    robot.find("button", "Play").click();
    robot.find("button", "Pause");
    shows(&scene, &canvas, 2, BLUE);
    let position = robot.find("slider", "Position");
    robot.find("button", "Pause").click();
    robot.find("button", "Play");
    let paused = position.value();
    assert!(paused >= 0.9, "it had come to the blue part: {paused}");
    scene.desktop.screenshot(&crate::pictures::folder("light").join("film-viewer.png"));
    scene.desktop.press("space");
    robot.find("button", "Pause");
    wait::until("it to go on", || (position.value() > paused + 0.5).then_some(()));
    robot.find("button", "Next").click();
    robot.find("image", "Picture: harbour.png");
    robot.wait_gone("slider", "Position");
    robot.find("button", "Previous").click();
    let canvas = robot.find("image", "Video: ferry.webm");
    shows(&scene, &canvas, 2, RED);
    robot.find("button", "Play");
    assert!(position.value() < 0.1, "it begins anew: {}", position.value());
    scene.desktop.press("Escape");
    robot.wait_gone("image", "Video: ferry.webm");
}
