//! Scrolling through a thousand pictures that are here: each is read, unsealed, decoded in the worker and drawn as it comes by.

use ::files::{ContainerWriter, FileAtRest, FileKey, Means, Wish};
use model::{
    BareJid, Content, ConversationKind, Delivery, Direction, EncryptionKind, FileFacts, FileName, FileSource,
    Timestamp, Transfer,
};
use store::{Error, MessageIds, NewAttachment, NewMessage, RemoteFile, Tx};
use tests::Starling;

use crate::measure::{Rows, percentile};
use crate::stage::Stage;
use crate::trace::frames;

/// How many pictures there are.
const PICTURES: i64 = 1000;
/// Turns of the wheel: enough to come past all of them.
const TURNS: u32 = 6000;
/// Whose pictures they are.
const FRIEND: &str = "painter";
/// What they all show.
const PICTURE: &[u8] = include_bytes!("../../../data/screenshots/main.png");

/// Fills a conversation with pictures, scrolls through it, and reads the trace.
pub fn measure(stage: &Stage, rows: &mut Rows) {
    hang(stage);
    let trace = stage.desktop.home().join("pictures-trace");
    let starling = Starling::start_with(&stage.desktop, &stage.server, |command| {
        command.env("STARLING_TRACE", &trace);
    });
    starling.open_conversation(FRIEND);
    let (x, y, width, height) = starling.robot.find("list", "Messages").extents();
    stage.desktop.point_at(x + width / 2, y + height / 2);
    let before = frames(&trace).len();
    stage.desktop.turn_wheel_up(TURNS);
    let layouts: Vec<f64> = frames(&trace).split_off(before);
    assert!(layouts.len() > 100, "hardly a frame was drawn: the figure would mean nothing");
    let first = format!("{}.jpg", name(0));
    starling.within("Messages", "the first picture", |node| node.name().contains(&first));
    let worst = layouts.iter().copied().fold(0.0, f64::max);
    let drawn = layouts.len() as f64;
    rows.at_most(
        "scrolling past 1,000 pictures: to end of layout, p99",
        percentile(layouts, 0.99),
        "ms",
        16.0,
    );
    rows.yardstick("scrolling past 1,000 pictures: to end of layout, worst", worst, "ms");
    rows.yardstick("scrolling past 1,000 pictures: frames", drawn, "");
    stage.desktop.press("ctrl+q");
    starling.wait();
}

fn name(number: i64) -> String {
    format!("picture-{number:04}")
}

/// Writes messages with pictures, newer than all others, and their containers.
fn hang(stage: &Stage) {
    let mut writer = stage.writer();
    let friend: BareJid = format!("{FRIEND}@localhost").parse().expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let (first, key) = (folder.path().join("first"), FileKey::new([7; 32]));
    let wish = Wish { strip_metadata: true, longest_side: Some(960) };
    let means = Means { films: None, told: &mut |_| Ok(()) };
    let prepared =
        ::files::prepare(&FileSource::Bytes(PICTURE.into()), wish, &first, &key, means).expect("a picture");
    let facts = prepared.picture.expect("it is one");
    let mut bytes = Vec::new();
    let mut reader = FileAtRest::Kept { path: first, key }.open().expect("a container");
    std::io::Read::read_to_end(&mut reader, &mut bytes).expect("a whole picture");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.map_or(0, |time| time.as_millis() as i64);
    let hung = writer.write(|tx: &mut Tx<'_>| {
        let start = Timestamp(now - PICTURES * 60_000);
        let conversation = tx.create_conversation(&friend, ConversationKind::Direct, false, start)?;
        for number in 0..PICTURES {
            let time = Timestamp(start.0 + number * 60_000);
            let message = tx.insert_message(&NewMessage {
                conversation,
                direction: Direction::Incoming,
                sender: friend.clone(),
                occupant: None,
                nickname: None,
                time,
                sort_time: time,
                content: Content::Text(String::new()),
                encryption: EncryptionKind::None,
                delivery: Delivery::Received,
                ids: MessageIds::default(),
                reply: None,
                unread: false,
            })?;
            let file = tx.insert_attachment(
                message.id(),
                &NewAttachment {
                    name: FileName::new(&format!("{}.jpg", name(number))),
                    media_type: prepared.media_type.clone(),
                    is_voice: false,
                    size: Some(bytes.len() as u64),
                    description: None,
                    facts: FileFacts {
                        dimensions: Some(facts.dimensions),
                        thumbhash: Some(facts.thumbhash.clone()),
                        ..FileFacts::default()
                    },
                    transfer: Transfer::Here,
                    remote: RemoteFile::default(),
                    origin: None,
                },
            )?;
            let key = FileKey::new([number as u8; 32]);
            let container = name(number);
            tx.set_container(file, Some((&container, &key)))?;
            let path = tx.reads().container_path(&container);
            std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder");
            let mut writer = ContainerWriter::create(&path, &key).expect("a container");
            writer.write(&bytes).expect("room");
            writer.finish().expect("room");
        }
        Ok::<_, Error>(())
    });
    hung.expect("pictures");
}
