//! Pictures to look at, in `target/pictures`: light, dark, narrow, large text, right to left.
//!
//! What a test can hold about them: nothing is drawn outside of the view, and no row is empty.

use std::{path::PathBuf, time::Duration};

use adw::prelude::*;
use gtk::{gdk, glib};
use model::{
    Attachment, AttachmentId, Content, Delivery, DeliveryFailure, DeliveryReason, Direction, EncryptionKind,
    Message, MessageId, Quote, Reaction, Transfer, TransferFailure, UnreadableReason,
};
use view::TimelineItem;

use super::{HistoryWindow, Stage, on_stage, sample};
use crate::{history::selection::Caret, player::Sounding};

fn folder() -> PathBuf {
    let program = std::env::current_exe().expect("the test knows itself");
    let target = program.ancestors().nth(3).expect("it lies in target/debug/deps");
    let folder = target.join("pictures");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// Saves what the window shows.
pub fn take(stage: &Stage, name: &str) {
    let paintable = gtk::WidgetPaintable::new(Some(&stage.window));
    let (width, height) = (stage.window.width(), stage.window.height());
    let snapshot = gtk::Snapshot::new();
    paintable.snapshot(&snapshot, f64::from(width), f64::from(height));
    let node = snapshot.to_node().expect("the window shows something");
    let renderer = stage.window.native().and_then(|native| native.renderer()).expect("it is on a display");
    let texture: gdk::Texture = renderer.render_texture(node, None);
    texture.save_to_png(folder().join(format!("{name}.png"))).expect("the picture can be written");
}

/// One of everything.
fn everything() -> Vec<TimelineItem> {
    let mut id = 0;
    let mut messages: Vec<Message> = Vec::new();
    let mut say = |sender: &str, minutes: i64, text: &str| {
        id += 1;
        let mut message = sample::message(id, sender, minutes * 60);
        message.sender_name = match sender {
            "bob" => "Bob Brown".into(),
            "carol" => "Carol Clark".into(),
            _ => "Me".into(),
        };
        message.content = Content::Text(text.into());
        if message.direction == Direction::Outgoing {
            message.delivery = Delivery::Read;
        }
        messages.push(message);
        messages.len() - 1
    };
    say("bob", -900, "See you tomorrow at the pier, then");
    say("bob", 0, "Good morning! Did you see the starlings last night?");
    say(
        "bob",
        1,
        "There must have been ten thousand of them, turning over the water as if somebody had drawn one line and then could not stop. I stood there until it was dark.",
    );
    let answer =
        say("me", 3, "I did! From the bus, though. I took no picture because I was so busy looking.");
    say("me", 3, "Here is how they do it: https://example.org/murmuration?birds=7&leader=none");
    let reacted = say("carol", 9, "Seven neighbours each. That is all they watch.");
    say("carol", 10, "👍");
    let action = say("bob", 12, "/me is going again tonight");
    let edited = say("me", 20, "Count me in, half past five?");
    let retracted = say("bob", 21, "x");
    let unreadable = say("carol", 22, "x");
    let delivered = say("me", 40, "I bring tea");
    let sent = say("me", 41, "And the good binoculars");
    let queued = say("me", 55, "On my way");
    let failed = say("me", 57, "Which side of the pier?");

    let quote = |message: &Message| Quote {
        message: Some(message.id),
        sender: Some(message.sender.clone()),
        sender_name: message.sender_name.clone(),
        own: message.direction == Direction::Outgoing,
        text: match &message.content {
            Content::Text(text) => text.clone(),
            _ => String::new(),
        },
        files: None,
    };
    messages[answer].reply = Some(quote(&messages[1]));
    messages[edited].reply = Some(quote(&messages[action]));
    messages[reacted].reactions = vec![
        Reaction { emoji: "❤️".into(), others: vec!["Bob Brown".into()], own: true },
        Reaction { emoji: "🐦".into(), others: vec!["Bob Brown".into()], own: false },
    ];
    messages[edited].revisions = 2;
    messages[retracted].content = Content::Retracted;
    messages[unreadable].content =
        Content::Unreadable(UnreadableReason::UnknownEncryption(EncryptionKind::LegacyOpenPgp));
    messages[delivered].delivery = Delivery::Delivered;
    messages[sent].delivery = Delivery::Sent;
    messages[queued].delivery = Delivery::Queued;
    messages[failed].delivery =
        Delivery::Failed(DeliveryFailure { reason: DeliveryReason::ServerNotFound, text: None });

    let mut items = sample::items(&messages);
    items[1].day_starts = true;
    items[retracted].first_unread = true;
    items
}

/// Something like an evening at the sea.
fn pier() -> gdk::Texture {
    let (width, height) = (600_usize, 450_usize);
    let pixels: Vec<u8> = (0..width * height)
        .flat_map(|place| {
            let (x, y) = (place % width, place / width);
            let sky = y < 280;
            let bird = sky && (x * 7919 + y * 104_729) % 997 < 4 && (x / 40 + y / 30) % 3 == 0;
            match (bird, sky) {
                (true, _) => [30, 25, 40, 255],
                (_, true) => [250 - (y / 3) as u8, 150 - (y / 4) as u8, 90 + (y / 3) as u8, 255],
                (_, false) => [20 + (x / 12) as u8, 40 + (y / 8) as u8, 90, 255],
            }
        })
        .collect();
    let pixels = glib::Bytes::from_owned(pixels);
    gdk::MemoryTexture::new(width as i32, height as i32, gdk::MemoryFormat::R8g8b8a8, &pixels, width * 4)
        .upcast()
}

/// Files of every kind, in every state.
fn files() -> Vec<TimelineItem> {
    let mut id = 0;
    let mut messages: Vec<Message> = Vec::new();
    let mut send = |sender: &str, caption: &str, file: Attachment| {
        id += 1;
        let mut message = sample::message(id, sender, id * 40);
        message.content = Content::Text(caption.to_owned());
        message.attachments = vec![Attachment { id: AttachmentId(id), ..file }];
        messages.push(message);
    };
    let picture = |transfer| Attachment { transfer, ..super::files::picture(0) };
    let file = |name: &str, media_type: &str, size, transfer| Attachment {
        size: Some(size),
        transfer,
        ..sample::file(0, name, media_type)
    };
    send("bob", "", picture(Transfer::Here));
    send("bob", "", picture(Transfer::Offered));
    send("me", "", picture(Transfer::Uploading));
    let pdf = "A very long name of a plan for the evening at the pier, third version.pdf";
    send("bob", "", file(pdf, "application/pdf", 2_345_678, Transfer::Offered));
    let voice = |transfer| Attachment {
        is_voice: true,
        duration: Some(Duration::from_secs(47)),
        waveform: (0..96_u32).map(|part| (part * part * 37 % 190 + 40) as u8).collect(),
        ..file("voice-message.ogg", "audio/ogg", 187_000, transfer)
    };
    send("bob", "", voice(Transfer::Here));
    send("me", "", voice(Transfer::Here));
    send("bob", "", voice(Transfer::Offered));
    send("bob", "", file("Evening on the pier.flac", "audio/flac", 20_400_000, Transfer::Here));
    send("bob", "The tickets are in there.", file("tickets.zip", "application/zip", 88_000, Transfer::Here));
    send("me", "", file("song.ogg", "audio/ogg", 3_900_000, Transfer::Uploading));
    let failed = Transfer::Failed(TransferFailure::NotGenuine);
    send("bob", "", file("film.mp4", "video/mp4", 190_000_000, failed));
    sample::items(&messages)
}

async fn show(stage: &Stage, width: i32, height: i32) {
    show_items(stage, everything(), width, height).await;
}

async fn show_items(stage: &Stage, items: Vec<TimelineItem>, width: i32, height: i32) {
    stage.window.set_default_size(width, height);
    let rows = HistoryWindow::new(items, false, false);
    stage.view.set_window(&rows);
    stage.rows.replace(rows);
    stage.frames(12).await;
    for row in stage.messages() {
        if let Some(row) = stage.view.row_of(row.id) {
            assert!(row.height() > 20 && row.width() <= stage.view.width());
        }
    }
}

#[test]
fn pictures_are_taken() {
    on_stage(async |stage| {
        let settings = gtk::Settings::default().expect("there is a display");
        let style = adw::StyleManager::default();
        stage.window.set_size_request(300, 300);

        show(stage, 900, 1100).await;
        stage.view.list().hover(Some(MessageId(6)));
        stage.frames(12).await;
        take(stage, "history-light");

        style.set_color_scheme(adw::ColorScheme::ForceDark);
        stage.view.list().hover(Some(MessageId(9)));
        stage.frames(20).await;
        take(stage, "history-dark");
        style.set_color_scheme(adw::ColorScheme::Default);

        show(stage, 360, 700).await;
        take(stage, "history-narrow");
        stage.view.list().hover(Some(MessageId(12)));
        stage.scroll(-500.0);
        stage.view.set_unread(3);
        stage.frames(20).await;
        take(stage, "history-narrow-above");

        let pier = pier();
        stage.view.set_file_painter(move |file, view| {
            if file.transfer == Transfer::Here {
                view.set_picture(file.id, &pier);
            }
        });
        show_items(stage, files(), 900, 1560).await;
        stage.view.set_progress(AttachmentId(3), 700_000, None);
        stage.view.set_progress(AttachmentId(10), 1_700_000, None);
        let place = Duration::from_secs(20);
        let sounding = Sounding { duration: None, place, is_playing: true, has_failed: false };
        stage.view.set_sounding(Some((AttachmentId(5), sounding)), 1.5);
        stage.frames(3).await;
        take(stage, "history-files");
        style.set_color_scheme(adw::ColorScheme::ForceDark);
        stage.frames(20).await;
        take(stage, "history-files-dark");
        style.set_color_scheme(adw::ColorScheme::Default);
        show_items(stage, files(), 360, 1560).await;
        take(stage, "history-files-narrow");
        gtk::Widget::set_default_direction(gtk::TextDirection::Rtl);
        show_items(stage, files(), 700, 1560).await;
        take(stage, "history-files-right-to-left");
        gtk::Widget::set_default_direction(gtk::TextDirection::Ltr);

        let dpi = settings.gtk_xft_dpi();
        settings.set_gtk_xft_dpi(dpi * 2);
        show(stage, 360, 900).await;
        take(stage, "history-large-text");
        show_items(stage, files(), 500, 1560).await;
        take(stage, "history-files-large-text");
        settings.set_gtk_xft_dpi(dpi);

        gtk::Widget::set_default_direction(gtk::TextDirection::Rtl);
        show(stage, 900, 1100).await;
        take(stage, "history-right-to-left");
        gtk::Widget::set_default_direction(gtk::TextDirection::Ltr);

        show(stage, 1300, 600).await;
        let caret = |id, byte| Caret { message: MessageId(id), byte };
        stage.view.list().select(caret(9, 6), caret(12, 3));
        stage.frames(3).await;
        take(stage, "history-wide-selected");
    });
}

/// A window to look at and to touch, for a minute.
#[test]
#[ignore = "for people"]
fn stay_open() {
    on_stage(async |stage| {
        show(stage, 700, 800).await;
        let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while std::time::Instant::now() < end {
            for request in stage.requests.borrow_mut().drain(..) {
                println!("{request:?}");
            }
            stage.frames(1).await;
        }
    });
}
