//! Where messages are written.
//!
//! Enter sends and Shift+Enter breaks the line, or the other way round (a setting), but never
//! while an input method still composes. What is typed is kept as a draft, together with the
//! message it answers or corrects (`reference.rs`, `draft.rs`), and the other side is told that the person
//! writes (`typing.rs`). Correcting puts the draft aside until it is done. Files that are chosen, dropped or pasted
//! wait above the text (`attach.rs`, `tray/`), which is their caption then. Where nothing is written yet, a voice can be
//! recorded (`voice/`).

mod attach;
mod draft;
mod keys;
mod reference;
mod speaking;
mod tray;
mod typing;
mod voice;

use std::{
    cell::{Cell, OnceCell, RefCell},
    sync::OnceLock,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::{AccountCommand, Outgoing};
use view::ConversationKey;

use crate::{bridge::Bridge, emoji, encryption::Lock, shortcuts};
use reference::Reference;
use tray::Tray;
use voice::VoiceBar;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/composer.ui")]
    pub struct Composer {
        #[template_child]
        pub reference_revealer: TemplateChild<gtk::Revealer>,
        #[template_child]
        pub reference_icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub reference_title: TemplateChild<gtk::Label>,
        #[template_child]
        pub reference_text: TemplateChild<gtk::Label>,
        #[template_child]
        pub emoji_button: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub text_view: TemplateChild<gtk::TextView>,
        #[template_child]
        pub placeholder: TemplateChild<gtk::Label>,
        #[template_child]
        pub tray: TemplateChild<Tray>,
        #[template_child]
        pub attach_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub lock: TemplateChild<Lock>,
        #[template_child]
        pub voice_bar: TemplateChild<VoiceBar>,
        #[template_child]
        pub writing: TemplateChild<gtk::Box>,
        #[template_child]
        pub record_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub send_button: TemplateChild<gtk::Button>,
        pub bridge: OnceCell<Bridge>,
        pub settings: OnceCell<gio::Settings>,
        pub key: Cell<Option<ConversationKey>>,
        pub reference: Cell<Option<Reference>>,
        /// What was typed before a correction began.
        pub set_aside: RefCell<Option<(String, Option<Reference>)>>,
        /// An input method is in the middle of a word.
        pub composing: Cell<bool>,
        /// The text is being put in by us.
        pub filling: Cell<bool>,
        pub drafts: draft::Drafts,
        pub typing: typing::Typing,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Composer {
        const NAME: &'static str = "StarlingComposer";
        type Type = super::Composer;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            Lock::ensure_type();
            Tray::ensure_type();
            VoiceBar::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
            class.install_action("composer.send", None, |composer, _, _| composer.send());
            class.install_action("composer.cancel", None, |composer, _, _| {
                composer.cancel();
            });
            class.install_action("composer.attach", None, |composer, _, _| composer.choose_files());
            class.install_action("composer.record", None, |composer, _, _| composer.record());
            class.install_action("composer.emoji", None, |composer, _, _| {
                composer.imp().emoji_button.popup();
            });
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Composer {
        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                vec![
                    // The person wants to change what they wrote last.
                    glib::subclass::Signal::builder("edit-last").build(),
                    glib::subclass::Signal::builder("sent").build(),
                ]
            })
        }

        fn constructed(&self) {
            self.parent_constructed();
            let composer = self.obj();
            shortcuts::install(&*composer, "composer");
            composer.set_up_keys();
            composer.set_up_emoji();
            composer.set_up_attaching();
            composer.set_up_voice();
            self.text_view.buffer().connect_changed(glib::clone!(
                #[weak]
                composer,
                move |_| composer.text_changed()
            ));
            composer.text_changed();
        }

        fn dispose(&self) {
            self.drafts.stop();
            self.typing.stop();
        }
    }

    impl WidgetImpl for Composer {
        fn grab_focus(&self) -> bool {
            self.text_view.grab_focus()
        }
    }

    impl BoxImpl for Composer {}

    #[gtk::template_callbacks]
    impl Composer {
        #[template_callback]
        fn preedit_changed(&self, preedit: &str) {
            self.composing.set(!preedit.is_empty());
            self.obj().show_placeholder();
        }
    }
}

glib::wrapper! {
    /// The composer.
    pub struct Composer(ObjectSubclass<imp::Composer>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Composer {
    pub fn set_up(&self, bridge: &Bridge, settings: &gio::Settings) {
        let _ = self.imp().bridge.set(bridge.clone());
        let _ = self.imp().settings.set(settings.clone());
        self.imp().lock.set_bridge(bridge);
        self.imp().voice_bar.set_player(bridge.player());
    }

    pub fn connect_edit_last(&self, edit: impl Fn() + 'static) {
        self.connect_local("edit-last", false, move |_| {
            edit();
            None
        });
    }

    pub fn connect_sent(&self, sent: impl Fn() + 'static) {
        self.connect_local("sent", false, move |_| {
            sent();
            None
        });
    }

    /// Puts text in before what is there, on lines of its own.
    pub fn insert_quote(&self, quote: &str) {
        let buffer = self.imp().text_view.buffer();
        buffer.insert_at_cursor(&format!("{quote}\n"));
        self.grab_focus();
    }

    fn bridge(&self) -> &Bridge {
        self.imp().bridge.get().expect("nothing is written before there is a service")
    }

    fn text(&self) -> String {
        let buffer = self.imp().text_view.buffer();
        buffer.text(&buffer.start_iter(), &buffer.end_iter(), true).into()
    }

    fn fill(&self, text: &str) {
        let imp = self.imp();
        imp.filling.set(true);
        let buffer = imp.text_view.buffer();
        buffer.set_text(text);
        buffer.place_cursor(&buffer.end_iter());
        imp.filling.set(false);
        self.text_changed();
    }

    fn send(&self) {
        let imp = self.imp();
        let text = self.text();
        let (Some(key), true) = (imp.key.get(), self.is_ready()) else { return };
        let (reply_to, corrects) = match imp.reference.get() {
            Some(Reference::Reply(message)) => (Some(message), None),
            Some(Reference::Edit(message)) => (None, Some(message)),
            None => (None, None),
        };
        if !imp.tray.is_empty() && corrects.is_none() {
            self.send_files(&text, reply_to);
        } else {
            let outgoing = Outgoing { text: text.trim_end().to_owned(), reply_to, corrects };
            self.bridge().tell(key.account, AccountCommand::Send(key.conversation, outgoing));
        }
        imp.typing.sent();
        if corrects.is_some() {
            self.end_edit();
        } else {
            self.refer(None, None);
            self.fill("");
        }
        self.keep_draft_now();
        self.emit_by_name::<()>("sent", &[]);
    }

    fn text_changed(&self) {
        let imp = self.imp();
        let text = self.text();
        self.show_placeholder();
        self.enable_sending();
        if imp.filling.get() {
            return;
        }
        if let (Some(key), Some(bridge)) = (imp.key.get(), imp.bridge.get()) {
            imp.typing.typed(bridge, key, text.is_empty());
            self.keep_draft_soon();
        }
    }

    fn show_placeholder(&self) {
        let imp = self.imp();
        let empty = imp.text_view.buffer().char_count() == 0 && !imp.composing.get();
        imp.placeholder.set_visible(empty);
    }

    fn set_up_emoji(&self) {
        // Made when it is first wanted: all those pictures take a moment.
        self.imp().emoji_button.set_create_popup_func(glib::clone!(
            #[weak(rename_to = composer)]
            self,
            move |button| {
                if button.popover().is_some() {
                    return;
                }
                let chooser = emoji::chooser();
                chooser.connect_emoji_picked(glib::clone!(
                    #[weak]
                    composer,
                    move |_, emoji| composer.imp().text_view.buffer().insert_at_cursor(emoji)
                ));
                chooser.connect_closed(glib::clone!(
                    #[weak]
                    composer,
                    move |_| {
                        composer.grab_focus();
                    }
                ));
                button.set_popover(Some(&chooser));
            }
        ));
    }
}
