//! The tray on a display, with files that are really there.

use std::{fs, path::PathBuf, time::Duration};

use gtk::{gdk, gio, glib, prelude::*};
use image::{DynamicImage, RgbImage};
use model::{AccountId, ConversationId};

use super::*;
use crate::history::tests::{Stage, on_stage, pictures::take};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let template = std::env::temp_dir().join("starling-tray-XXXXXX");
        Self(glib::mkdtemp(template).expect("a folder can be made"))
    }

    fn file(&self, name: &str, bytes: &[u8]) -> gio::File {
        fs::write(self.0.join(name), bytes).expect("the folder can be written");
        gio::File::for_path(self.0.join(name))
    }

    fn picture(&self, name: &str) -> gio::File {
        let image = RgbImage::from_fn(320, 240, |x, y| image::Rgb([x as u8, y as u8, 160]));
        DynamicImage::ImageRgb8(image).save(self.0.join(name)).expect("the folder can be written");
        gio::File::for_path(self.0.join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A tray in a window, and a way to wait for what it holds.
struct Scene {
    tray: Tray,
    changed: async_channel::Receiver<()>,
}

impl Scene {
    fn set(stage: &Stage) -> Self {
        gio::resources_register_include!("starling.gresource").expect("the program carries its resources");
        let tray: Tray = glib::Object::new();
        let (sender, changed) = async_channel::unbounded();
        tray.connect_changed(move || {
            let _ = sender.try_send(());
        });
        stage.put_below(&tray);
        stage.window.set_default_size(700, 300);
        Self { tray, changed }
    }

    async fn holds(&self, names: &[&str]) {
        let now = || -> Vec<String> {
            self.tray.imp().items.borrow().iter().map(|item| item.name.clone()).collect()
        };
        while now() != names {
            glib::future_with_timeout(Duration::from_secs(20), self.changed.recv())
                .await
                .unwrap_or_else(|_| panic!("the tray holds {:?}, not {names:?}", now()))
                .expect("the tray is there");
        }
    }
}

#[test]
fn what_was_chosen_is_sent_as_it_was_asked_for() {
    on_stage(async |stage| {
        let (folder, scene) = (Folder::new(), Scene::set(stage));
        assert!(!scene.tray.is_visible(), "an empty tray takes no place");
        scene.tray.add_files(vec![
            folder.picture("pier.png"),
            gio::File::for_path(&folder.0),
            gio::File::for_path(folder.0.join("missing")),
            folder.file("plan.pdf", b"%PDF-1.7"),
        ]);
        scene.holds(&["pier.png", "plan.pdf"]).await;
        let red = glib::Bytes::from_owned([255, 0, 0, 255].repeat(4));
        let red: gdk::Texture = gdk::MemoryTexture::new(2, 2, gdk::MemoryFormat::R8g8b8a8, &red, 8).upcast();
        scene.tray.add_picture(&red);
        while scene.tray.imp().items.borrow().len() < 3 {
            scene.changed.recv().await.expect("the tray is there");
        }
        stage.frames(6).await;
        take(stage, "tray");
        let imp = scene.tray.imp();
        assert!(scene.tray.is_visible() && imp.options.is_visible());
        assert!(imp.strip_check.is_active(), "place and camera stay here unless asked for");
        imp.size_drop.set_selected(2);
        let files = scene.tray.take();
        let facts: Vec<_> = files.iter().map(|file| (file.strip_metadata, file.longest_side)).collect();
        assert_eq!(facts, [(true, Some(1280)), (false, None), (true, Some(1280))]);
        assert_eq!(files[0].source, FileSource::Path(folder.0.join("pier.png")));
        assert!(matches!(&files[2].source, FileSource::Bytes(bytes) if bytes.starts_with(b"\x89PNG")));
        assert!(
            files[2]
                .name
                .as_deref()
                .map(std::path::Path::new)
                .and_then(|name| name.extension())
                .is_some_and(|end| end == "png")
        );
        assert!(scene.tray.is_empty() && !scene.tray.is_visible());
        assert!(scene.tray.take().is_empty(), "nothing is sent twice");
    });
}

#[test]
fn what_cannot_be_taken_out_is_told_before_it_goes() {
    on_stage(async |stage| {
        let (folder, scene) = (Folder::new(), Scene::set(stage));
        let imp = scene.tray.imp();
        scene.tray.add_files(vec![folder.picture("pier.png"), folder.file("plan.pdf", b"%PDF-1.7")]);
        scene.holds(&["pier.png", "plan.pdf"]).await;
        assert!(!imp.telling_label.is_visible());
        scene.tray.add_files(vec![folder.file("ferry.webm", b"\x1a\x45\xdf\xa3 and so on")]);
        scene.holds(&["pier.png", "plan.pdf", "ferry.webm"]).await;
        assert!(imp.telling_label.is_visible() && imp.telling_label.label().contains("ferry.webm"));
        stage.frames(6).await;
        take(stage, "tray-telling");
        imp.strip_check.set_active(false);
        assert!(!imp.telling_label.is_visible(), "whoever wants it told knows");
        imp.strip_check.set_active(true);
        let wishes = |files: &[OutgoingFile]| -> Vec<_> {
            files.iter().map(|file| (file.strip_metadata, file.longest_side)).collect()
        };
        assert_eq!(wishes(&scene.tray.take()), [(true, None), (false, None), (false, None)]);
        scene.tray.add_files(vec![folder.file("ferry.webm", b"\x1a\x45\xdf\xa3 and so on")]);
        scene.holds(&["ferry.webm"]).await;
        imp.size_drop.set_selected(1);
        assert!(
            !imp.telling_label.is_visible(),
            "nothing of the old film is left in the one that is made of it"
        );
        assert_eq!(wishes(&scene.tray.take()), [(true, Some(2560))]);
    });
}

#[test]
fn what_the_server_does_not_take_is_pointed_out() {
    on_stage(async |stage| {
        let (folder, scene) = (Folder::new(), Scene::set(stage));
        scene.tray.set_service(FileService::Takes(Some(9)));
        scene.tray.add_files(vec![folder.file("plan.pdf", b"%PDF-1.7"), folder.picture("pier.png")]);
        scene.holds(&["plan.pdf", "pier.png"]).await;
        let imp = scene.tray.imp();
        assert_eq!(scene.tray.problem(), Some(TransferFailure::TooLarge(9)));
        assert!(imp.problem_label.is_visible());
        stage.frames(6).await;
        take(stage, "tray-too-large");
        imp.size_drop.set_selected(2);
        assert_eq!(scene.tray.problem(), None, "nobody knows how many bytes it has when it is made smaller");
        assert!(!imp.problem_label.is_visible());
        scene.tray.set_service(FileService::None);
        assert_eq!(scene.tray.problem(), Some(TransferFailure::NoService));
        scene.tray.remove_item(1);
        scene.tray.remove_item(0);
        assert_eq!((scene.tray.problem(), imp.size_drop.selected()), (None, 0), "and all begins anew");
    });
}

#[test]
fn what_was_chosen_for_one_never_turns_up_with_another() {
    on_stage(async |stage| {
        let (folder, scene) = (Folder::new(), Scene::set(stage));
        let account = AccountId::parse("00112233445566778899aabbccddeeff").expect("an id");
        let key =
            |conversation| Some(ConversationKey { account, conversation: ConversationId(conversation) });
        scene.tray.turn_to(key(1));
        scene.tray.add_files(vec![folder.file("for-bob.txt", b"hello bob")]);
        scene.holds(&["for-bob.txt"]).await;
        // This one is still being looked at when the person turns away.
        scene.tray.add_files(vec![folder.file("late.txt", b"hello again")]);
        scene.tray.turn_to(key(2));
        assert!(scene.tray.is_empty());
        scene.changed.recv().await.expect("the tray is there");
        while scene.tray.imp().aside.borrow().values().map(|aside| aside.items.len()).sum::<usize>() < 2 {
            scene.changed.recv().await.expect("the tray is there");
        }
        assert!(scene.tray.is_empty());
        scene.tray.turn_to(key(1));
        scene.holds(&["for-bob.txt", "late.txt"]).await;
        assert_eq!(scene.tray.take().len(), 2);
        scene.tray.turn_to(key(2));
        scene.tray.turn_to(key(1));
        assert!(scene.tray.is_empty(), "what was sent does not come back");
    });
}
