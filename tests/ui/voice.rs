//! Voice messages: recorded, listened to, sent, and played where they stand.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model::{AccountCommand, FileSource, Message, OutgoingFile, OutgoingFiles, Transfer, VoiceFacts};
use tests::person::block_on;
use tests::robot::Node;
use tests::wait;

use crate::scene::Scene;

/// Five seconds of a ticking clock: Opus in Ogg.
const TICKS: &[u8] = include_bytes!("voice.ogg");
/// What every file of that kind begins with, and what says that it is Opus.
const SIGN: &[u8] = b"OpusHead";
const CARD: &str = "Voice message: voice-message.ogg";

fn is_voice(message: &Message) -> bool {
    message.attachments.iter().any(|file| file.is_voice)
}

/// Whether any file below a folder holds these bytes.
fn is_on_disk(folder: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => is_on_disk(&path, bytes),
            Ok(kind) if kind.is_file() => {
                fs::read(path).is_ok_and(|found| found.windows(bytes.len()).any(|part| part == bytes))
            }
            _ => false,
        }
    })
}

/// Records until it was told for a second.
#[track_caller]
fn record(scene: &Scene) {
    let robot = &scene.starling.robot;
    robot.find("button", "Record Voice Message").click();
    robot.find("button", "Pause Recording");
    let has_begun = |name: &str| name.starts_with("0:") && name != "0:00";
    robot.find_where("a second of it", |node| node.role() == "label" && has_begun(&node.name()));
}

#[track_caller]
fn card(scene: &Scene) -> Node {
    scene.starling.within("Messages", CARD, |node| node.role() == "group" && node.name() == CARD)
}

#[test]
fn a_voice_is_recorded_heard_and_sent_and_never_on_the_disk_in_the_clear() {
    let scene = Scene::set_with_sound();
    let robot = &scene.starling.robot;
    record(&scene);
    robot.find("button", "Pause Recording").click();
    robot.find("button", "Continue Recording").click();
    robot.find("button", "Pause Recording");
    robot.find("button", "Stop and Listen").click();
    robot.wait_gone("button", "Pause Recording");
    // It is played to its end by itself.
    robot.find("button", "Play");
    assert!(!is_on_disk(scene.desktop.home(), SIGN), "a recording that was not sent is on the disk");
    robot.find("button", "Send").click();
    card(&scene);
    robot.find("button", "Record Voice Message");

    let message = scene.bob.waits_for(&scene.alice, "the voice message", is_voice);
    let file = message.attachments.first().expect("it has one");
    assert_eq!(file.media_type, "audio/ogg");
    let length = file.duration.expect("it says how long it is");
    assert!(length >= Duration::from_secs(1) && length < Duration::from_secs(600), "{length:?}");
    scene.bob.command(AccountCommand::Download(file.id));
    let is_here = |message: &Message| message.attachments.iter().any(|file| file.transfer == Transfer::Here);
    scene.bob.waits_for(&scene.alice, "the voice message to be here", is_here);
    let (place, _) = block_on(scene.bob.reader().file(file.id)).expect("readable").expect("a file");
    let mut bytes = Vec::new();
    place.open().expect("a whole file").read_to_end(&mut bytes).expect("readable");
    assert!(bytes.starts_with(b"OggS") && bytes.windows(SIGN.len()).any(|part| part == SIGN));
    assert!(!is_on_disk(scene.desktop.home(), SIGN), "a recording that was sent is on the disk");
}

#[test]
fn a_recording_is_thrown_away_and_waits_in_its_own_conversation() {
    let scene = Scene::set_with_sound();
    let robot = &scene.starling.robot;
    record(&scene);
    robot.find("button", "Discard Recording").click();
    robot.find("button", "Record Voice Message");
    record(&scene);
    scene.begin_with("carol@localhost");
    robot.find("button", "Record Voice Message");
    scene.starling.open_conversation("Bob");
    // It was paused meanwhile.
    robot.find("button", "Continue Recording");
    robot.find("button", "Discard Recording").click();
    scene.write("Nothing was said");
    scene.bob.hears(&scene.alice, "Nothing was said");
    let heard = scene.bob.messages(&scene.alice, 50);
    assert!(!heard.iter().any(is_voice), "what was thrown away was sent");
}

#[test]
fn without_a_microphone_that_is_said() {
    let scene = Scene::set_with_microphone("filesrc location=/nowhere");
    let robot = &scene.starling.robot;
    robot.find("button", "Record Voice Message").click();
    robot.find_text("Nothing can be recorded: there is no microphone, or it does not work.");
    robot.find("button", "Record Voice Message");
}

#[test]
fn a_voice_message_is_played_where_it_stands() {
    let scene = Scene::set_with_sound();
    let voice = OutgoingFile {
        source: FileSource::Bytes(Arc::from(TICKS)),
        name: Some("voice-message.ogg".to_owned()),
        strip_metadata: false,
        longest_side: None,
        voice: Some(VoiceFacts { duration: Duration::from_secs(5), waveform: Vec::new() }),
    };
    let files = OutgoingFiles { files: vec![voice], caption: String::new(), reply_to: None };
    let conversation = scene.bob.conversation(&scene.alice);
    scene.bob.command(AccountCommand::SendFiles(conversation, files));

    let card = card(&scene);
    card.find("button", "Play").click();
    let _ = card.find("button", "Pause");
    let place = || card.find("slider", "Position").value();
    wait::until("it to come on", || (place() > 0.5).then_some(()));
    card.find("button", "Speed").click();
    let speed = card.find("button", "Speed");
    wait::until("the speed to be told", || (speed.description() == "1.5×").then_some(()));
    card.find("button", "Pause").click();
    let _ = card.find("button", "Play");
    let paused = place();
    assert!(paused > 0.4 && paused < 5.0, "{paused}");
    card.find("button", "Play").click();
    // From where it was to its end, and then it can be played again.
    wait::until("it to be over", || (card.description() == "0:05").then_some(()));
    let _ = card.find("button", "Play");
}
