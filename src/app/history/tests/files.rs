//! Files in the history: what is offered to be done, and that nothing moves while they come.

use adw::prelude::*;
use gtk::{gdk, glib};
use model::{Attachment, AttachmentId, Content, MessageId, Transfer, TransferFailure};

use super::{Edge, Stage, on_stage, sample};
use crate::{
    history::{FileWish, Request},
    i18n::gettext,
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
    stage.requests.borrow().iter().filter(|request| matches!(request, Request::File(..))).cloned().collect()
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

#[test]
fn nothing_moves_while_a_picture_comes() {
    on_stage(async |stage| {
        stage.open_at(0..60, 30, 150.0).await;
        let mut file = picture(7);
        file.transfer = Transfer::Offered;
        attach(stage, 30, &file);
        stage.frames(3).await;
        let height = |stage: &Stage| stage.view.row_of(MessageId(30)).map(|row| row.height());
        let before = height(stage);
        assert!(before.is_some_and(|height| height >= 255), "its place is kept before it is here");
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
