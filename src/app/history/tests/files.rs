//! Files in the history: what is offered to be done, and that nothing moves while they come.

use std::time::Duration;

use adw::prelude::*;
use gtk::{gdk, glib};
use model::{Attachment, AttachmentId, Content, MessageId, Transfer, TransferFailure};

use super::{Edge, Stage, on_stage, sample};
use crate::{
    decoder::{Frame, Moving},
    history::{FileWish, Request, SoundWish},
    i18n::gettext,
    player::Sounding,
};

/// A picture of 1200 × 900 pixels.
pub fn picture(id: i64) -> Attachment {
    let mut file = sample::file(id, "pier.jpg", "image/jpeg");
    file.dimensions = Some((1200, 900));
    file.size = Some(1_234_567);
    file.thumbhash = Some(vec![
        0x1a, 0xf8, 0x05, 0x1d, 0x84, 0x59, 0x67, 0x98, 0x87, 0x87, 0x77, 0x78, 0x78, 0x87, 0x78, 0x68, 0x70,
        0x77, 0x08, 0x87, 0x00,
    ]);
    file
}

fn attach(stage: &Stage, id: i64, file: &Attachment) {
    stage.change(id, |message| {
        message.content = Content::Text(String::new());
        message.attachments = vec![file.clone()];
    });
}

/// Every button in the row of a message that can be pressed, by what it says.
fn buttons(stage: &Stage, id: i64) -> Vec<(String, gtk::Button)> {
    fn collect(widget: &gtk::Widget, found: &mut Vec<(String, gtk::Button)>) {
        if let Some(button) = widget.downcast_ref::<gtk::Button>().filter(|button| button.is_mapped()) {
            let says = button.tooltip_text().or_else(|| button.label()).unwrap_or_default();
            found.push((says.into(), button.clone()));
        }
        let mut child = widget.first_child();
        while let Some(widget) = child {
            collect(&widget, found);
            child = widget.next_sibling();
        }
    }
    let mut found = Vec::new();
    collect(&stage.view.row_of(MessageId(id)).expect("the message is in view"), &mut found);
    found
}

fn says(stage: &Stage, id: i64) -> Vec<String> {
    buttons(stage, id).into_iter().map(|(says, _)| says).filter(|says| !says.is_empty()).collect()
}

async fn press(stage: &Stage, id: i64, button: &str) -> Vec<Request> {
    stage.frames(2).await;
    stage.requests.borrow_mut().clear();
    let buttons = buttons(stage, id);
    let (_, button) = buttons.iter().find(|(says, _)| says == button).expect("the button is there");
    button.emit_clicked();
    stage
        .requests
        .borrow()
        .iter()
        .filter(|request| matches!(request, Request::File(..) | Request::Sound(..)))
        .cloned()
        .collect()
}

#[test]
fn every_state_of_a_file_offers_what_can_be_done() {
    on_stage(async |stage| {
        stage.open_at(0..60, 30, 200.0).await;
        let mut file = sample::file(7, "plan.pdf", "application/pdf");
        for (transfer, offers) in [
            (Transfer::Offered, vec!["Download"]),
            (Transfer::Downloading, vec!["Cancel"]),
            (Transfer::Preparing, vec!["Cancel"]),
            (Transfer::Uploading, vec!["Cancel"]),
            (Transfer::Here, vec!["Open", "Save As…"]),
            (Transfer::Failed(TransferFailure::Expired), vec!["Retry"]),
            (Transfer::Failed(TransferFailure::UnknownEncryption), vec![]),
        ] {
            file.transfer = transfer;
            attach(stage, 30, &file);
            stage.frames(2).await;
            assert_eq!(says(stage, 30), offers, "{transfer:?}");
        }
        file.transfer = Transfer::Offered;
        attach(stage, 30, &file);
        let asked = press(stage, 30, &gettext("Download")).await;
        assert_eq!(asked, [Request::File(AttachmentId(7), FileWish::Download)]);
        let mut picture = picture(8);
        picture.transfer = Transfer::Downloading;
        attach(stage, 30, &picture);
        let asked = press(stage, 30, &gettext("Cancel")).await;
        assert_eq!(asked, [Request::File(AttachmentId(8), FileWish::Cancel)]);
    });
}

fn voice(id: i64) -> Attachment {
    let mut file = sample::file(id, "voice-message.ogg", "audio/ogg");
    file.is_voice = true;
    file.size = Some(20_000);
    file.duration = Some(Duration::from_secs(65));
    file.waveform = vec![10, 200, 90];
    file
}

#[test]
fn a_sound_is_played_where_it_stands() {
    on_stage(async |stage| {
        stage.open_at(0..60, 30, 150.0).await;
        attach(stage, 30, &voice(7));
        stage.frames(2).await;
        assert_eq!(says(stage, 30), ["Play", "Speed", "Save As…"]);
        let asked = press(stage, 30, &gettext("Play")).await;
        assert_eq!(asked, [Request::Sound(AttachmentId(7), SoundWish::Toggle)]);
        let sounding = |is_playing, has_failed| {
            let place = Duration::from_secs(3);
            Some((AttachmentId(7), Sounding { duration: None, place, is_playing, has_failed }))
        };
        stage.view.set_sounding(sounding(true, false), 1.5);
        assert_eq!(says(stage, 30), ["Pause", "Speed", "Save As…"]);
        assert_eq!(
            press(stage, 30, &gettext("Speed")).await,
            [Request::Sound(AttachmentId(7), SoundWish::Tempo)]
        );
        stage.view.set_sounding(sounding(false, false), 2.0);
        assert_eq!(says(stage, 30), ["Play", "Speed", "Save As…"]);
        stage.view.set_sounding(None, 1.0);
        // What does not say how loud it is is measured.
        stage.requests.borrow_mut().clear();
        attach(stage, 30, &Attachment { waveform: Vec::new(), ..voice(8) });
        stage.frames(2).await;
        let measured = Request::Sound(AttachmentId(8), SoundWish::Measure);
        assert!(stage.requests.borrow().contains(&measured));
    });
}

/// Two frames, red and blue.
fn moving() -> Moving {
    let frame = |color: [u8; 4]| Frame { milliseconds: 20, pixels: color.repeat(4) };
    Moving { width: 2, height: 2, frames: vec![frame([255, 0, 0, 255]), frame([0, 0, 255, 255])] }
}

#[test]
fn a_picture_that_moves_can_be_stopped() {
    on_stage(async |stage| {
        stage.view.set_file_painter(move |file, view| view.set_animation(file.id, moving()));
        let settings = gtk::Settings::default().expect("there is a display");
        let before = settings.is_gtk_enable_animations();
        settings.set_gtk_enable_animations(true);
        stage.open_at(0..60, 30, 150.0).await;
        attach(stage, 30, &picture(7));
        stage.frames(3).await;
        assert!(says(stage, 30).contains(&gettext("Pause Animation")), "{:?}", says(stage, 30));
        assert!(press(stage, 30, &gettext("Pause Animation")).await.is_empty());
        assert!(says(stage, 30).contains(&gettext("Play Animation")));
        // Who wants things to stand still is not shown what moves.
        settings.set_gtk_enable_animations(false);
        attach(stage, 30, &picture(8));
        stage.frames(3).await;
        assert!(says(stage, 30).contains(&gettext("Play Animation")), "{:?}", says(stage, 30));
        attach(stage, 30, &sample::file(9, "plan.pdf", "application/pdf"));
        stage.frames(3).await;
        settings.set_gtk_enable_animations(before);
    });
}

#[test]
fn nothing_moves_while_a_picture_or_a_voice_comes() {
    for (file, least) in [(picture(7), 255), (voice(7), 50)] {
        nothing_moves_while_it_comes(file, least);
    }
}

fn nothing_moves_while_it_comes(mut file: Attachment, least: i32) {
    on_stage(async move |stage| {
        stage.open_at(0..60, 30, 150.0).await;
        file.transfer = Transfer::Offered;
        attach(stage, 30, &file);
        stage.frames(3).await;
        let height = |stage: &Stage| stage.view.row_of(MessageId(30)).map(|row| row.height());
        let before = height(stage);
        assert!(before.is_some_and(|height| height >= least), "its place is kept before it is here");
        for transfer in [Transfer::Downloading, Transfer::Here] {
            file.transfer = transfer;
            stage
                .holds(31, Edge::Top, || {
                    attach(stage, 30, &file);
                    stage.view.set_progress(AttachmentId(7), 600_000, None);
                })
                .await;
            assert_eq!(height(stage), before, "{transfer:?}");
        }
    });
}

#[test]
fn a_picture_is_asked_for_when_it_is_here_and_drawn_when_it_comes() {
    on_stage(async |stage| {
        let red = glib::Bytes::from_owned([255, 0, 0, 255].repeat(4));
        let red: gdk::Texture = gdk::MemoryTexture::new(2, 2, gdk::MemoryFormat::R8g8b8a8, &red, 8).upcast();
        let painted = std::rc::Rc::<std::cell::RefCell<Vec<AttachmentId>>>::default();
        let log = painted.clone();
        stage.view.set_file_painter(move |file, view| {
            log.borrow_mut().push(file.id);
            view.set_picture(AttachmentId(99), &red);
            view.set_picture(file.id, &red);
        });
        stage.open_at(0..60, 30, 150.0).await;
        let mut file = picture(7);
        file.transfer = Transfer::Offered;
        attach(stage, 30, &file);
        stage.frames(2).await;
        assert!(painted.borrow().is_empty(), "nothing is read that is not here");
        file.transfer = Transfer::Here;
        attach(stage, 30, &file);
        stage.frames(2).await;
        assert_eq!(*painted.borrow(), [AttachmentId(7)]);
        stage.change(30, |message| message.revisions += 1);
        stage.frames(2).await;
        assert_eq!(painted.borrow().len(), 1, "what is drawn is not asked for again");
    });
}
