//! A voice message before it is sent: recorded, paused, listened to, thrown away.
//!
//! Each conversation has its own, for as long as the program runs: what was said to bob is never sent to carol. Whoever turns to
//! another conversation finds it paused. It is in memory and nowhere else (`recorder.rs`).

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    io::Cursor,
    sync::{Arc, OnceLock},
    time::Duration,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{FileSource, OutgoingFile, VoiceFacts};
use view::ConversationKey;

use crate::{
    files::{self, Waveform},
    i18n::gettext,
    player::{self, Player, Sound, Source},
    recorder::{self, Heard, Recording},
    window::Window,
};

/// What others call it.
const NAME: &str = "voice-message.ogg";
/// Shorter ones were started by mistake.
const SHORTEST: Duration = Duration::from_millis(300);

/// A voice message that was not sent yet.
#[derive(Debug, Default)]
struct Take {
    /// While it can go on.
    recording: Option<Recording>,
    is_paused: bool,
    levels: Vec<u8>,
    /// When it is complete: a whole file.
    recorded: Option<Arc<[u8]>>,
}

mod imp {
    use std::cell::OnceCell;

    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/voice.ui")]
    pub struct VoiceBar {
        #[template_child]
        pub pause_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub listen_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub length_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub waveform: TemplateChild<Waveform>,
        pub player: OnceCell<Player>,
        pub(super) takes: RefCell<HashMap<ConversationKey, Take>>,
        /// The conversation that is open.
        pub key: Cell<Option<ConversationKey>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for VoiceBar {
        const NAME: &'static str = "StarlingVoiceBar";
        type Type = super::VoiceBar;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            Waveform::ensure_type();
            class.bind_template();
            class.install_action("voice.discard", None, |bar, _, _| bar.discard());
            class.install_action("voice.pause", None, |bar, _, _| bar.pause_or_go_on());
            class.install_action_async("voice.listen", None, async |bar, _, _| bar.listen().await);
            class.install_action("voice.send", None, |bar, _, _| bar.emit_by_name("send", &[]));
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for VoiceBar {
        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                vec![
                    // It is to be sent.
                    glib::subclass::Signal::builder("send").build(),
                    // There is something to be shown here, or nothing any more.
                    glib::subclass::Signal::builder("changed").build(),
                ]
            })
        }

        fn constructed(&self) {
            self.parent_constructed();
            self.waveform.connect_sought(glib::clone!(
                #[weak(rename_to = bar)]
                self.obj(),
                move |to| bar.seek(to)
            ));
        }
    }

    impl WidgetImpl for VoiceBar {}
    impl BoxImpl for VoiceBar {}
}

glib::wrapper! {
    /// See the top of the file.
    pub struct VoiceBar(ObjectSubclass<imp::VoiceBar>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl VoiceBar {
    pub fn set_player(&self, player: &Player) {
        let bar = self.downgrade();
        player.connect_changed(move |_| {
            if let Some(bar) = bar.upgrade() {
                bar.show();
            }
        });
        let _ = self.imp().player.set(player.clone());
    }

    pub fn connect(&self, signal: &str, then: impl Fn() + 'static) {
        self.connect_local(signal, false, move |_| {
            then();
            None
        });
    }

    /// Whether there is a voice message in the open conversation.
    pub fn has_take(&self) -> bool {
        self.imp().key.get().is_some_and(|key| self.imp().takes.borrow().contains_key(&key))
    }

    /// Turns to another conversation.
    pub fn turn_to(&self, key: Option<ConversationKey>) {
        let before = self.imp().key.replace(key);
        if before != key
            && let Some(before) = before
        {
            self.set_paused(before, true);
            self.player().stop(Sound::Recording(before));
        }
        self.show();
    }

    /// Begins to record for the open conversation.
    pub async fn record(&self) {
        let Some(key) = self.imp().key.get().filter(|_| !self.has_take()) else { return };
        // What plays would be recorded too.
        self.player().end();
        self.imp().takes.borrow_mut().insert(key, Take::default());
        let bar = self.downgrade();
        let recording = Recording::start(move |heard| {
            if let Some(bar) = bar.upgrade() {
                bar.hear(key, heard);
            }
        })
        .await;
        let recording = match recording {
            Ok(recording) => recording,
            Err(error) => {
                tracing::warn!(%error, "nothing can be recorded");
                self.imp().takes.borrow_mut().remove(&key);
                self.toast(&gettext("Nothing can be recorded: there is no microphone, or it does not work."));
                return self.show();
            }
        };
        if let Some(take) = self.imp().takes.borrow_mut().get_mut(&key) {
            take.recording = Some(recording);
        }
        // The person may have turned away meanwhile.
        if self.imp().key.get() == Some(key) {
            self.announce(&gettext("Recording"), gtk::AccessibleAnnouncementPriority::Medium);
        } else {
            self.set_paused(key, true);
        }
        self.show();
    }

    /// Takes what was recorded, to be sent. `None` if there is nothing to speak of.
    pub async fn take(&self) -> Option<OutgoingFile> {
        let key = self.imp().key.get()?;
        self.complete(key).await;
        self.player().stop(Sound::Recording(key));
        let take = self.imp().takes.borrow_mut().remove(&key)?;
        self.show();
        let duration = recorder::length(take.levels.len());
        let bytes = take.recorded.filter(|bytes| !bytes.is_empty() && duration >= SHORTEST);
        if bytes.is_none() {
            self.toast(&gettext("There was hardly anything to be sent."));
        }
        let bytes = bytes?;
        Some(OutgoingFile {
            source: FileSource::Bytes(bytes),
            name: Some(NAME.to_owned()),
            strip_metadata: false,
            longest_side: None,
            voice: Some(VoiceFacts { duration, waveform: player::in_parts(&take.levels) }),
        })
    }

    fn hear(&self, key: ConversationKey, heard: Heard) {
        match heard {
            Heard::Level(level) => {
                if let Some(take) = self.imp().takes.borrow_mut().get_mut(&key) {
                    take.levels.push(level);
                }
                if self.imp().key.get() == Some(key) {
                    self.show_waveform();
                }
            }
            Heard::Over => {
                let bar = self.clone();
                glib::spawn_future_local(async move { bar.complete(key).await });
            }
        }
    }

    /// Ends a recording: it can be listened to, and does not go on.
    async fn complete(&self, key: ConversationKey) {
        let recording = self.imp().takes.borrow_mut().get_mut(&key).and_then(|take| take.recording.take());
        let Some(recording) = recording else { return };
        let bytes = recording.finish().await;
        if let Some(take) = self.imp().takes.borrow_mut().get_mut(&key) {
            take.recorded = Some(bytes);
        }
        self.show();
    }

    fn discard(&self) {
        let Some(key) = self.imp().key.get() else { return };
        self.player().stop(Sound::Recording(key));
        let discarded = self.imp().takes.borrow_mut().remove(&key);
        drop(discarded);
        self.show();
    }

    fn pause_or_go_on(&self) {
        if let Some(key) = self.imp().key.get() {
            let is_paused = self.imp().takes.borrow().get(&key).is_some_and(|take| take.is_paused);
            self.set_paused(key, !is_paused);
            self.show();
        }
    }

    fn set_paused(&self, key: ConversationKey, is_paused: bool) {
        let mut takes = self.imp().takes.borrow_mut();
        let Some(take) = takes.get_mut(&key) else { return };
        if let Some(recording) = take.recording.as_ref().filter(|_| take.is_paused != is_paused) {
            recording.set_paused(is_paused);
            take.is_paused = is_paused;
        }
    }

    /// Plays what was recorded, from now on complete.
    async fn listen(&self) {
        let Some(key) = self.imp().key.get() else { return };
        self.complete(key).await;
        if let Some(open) = self.opening(key) {
            self.player().toggle(Sound::Recording(key), open);
        }
    }

    fn seek(&self, to: Duration) {
        let Some(key) = self.imp().key.get() else { return };
        if let Some(open) = self.opening(key) {
            self.player().seek(Sound::Recording(key), to, open);
        }
    }

    fn opening(
        &self,
        key: ConversationKey,
    ) -> Option<impl FnOnce() -> std::io::Result<Box<dyn Source>> + Send + 'static> {
        let bytes = self.imp().takes.borrow().get(&key)?.recorded.clone()?;
        Some(move || Ok(Box::new(Cursor::new(bytes)) as Box<dyn Source>))
    }

    fn player(&self) -> &Player {
        self.imp().player.get().expect("nothing is recorded before there is a service")
    }

    /// Shows the voice message of the open conversation.
    fn show(&self) {
        self.show_waveform();
        let imp = self.imp();
        let (can_go_on, is_paused) = {
            let takes = imp.takes.borrow();
            let take = imp.key.get().and_then(|key| takes.get(&key));
            (take.is_some_and(|take| take.recording.is_some()), take.is_some_and(|take| take.is_paused))
        };
        imp.pause_button.set_visible(can_go_on);
        let (icon, words) = if is_paused {
            ("media-record-symbolic", gettext("Continue Recording"))
        } else {
            ("media-playback-pause-symbolic", gettext("Pause Recording"))
        };
        imp.pause_button.set_icon_name(icon);
        imp.pause_button.set_tooltip_text(Some(&words));
        let (icon, words) = if self.sounding().is_some_and(|sounding| sounding.is_playing) {
            ("media-playback-pause-symbolic", gettext("Pause"))
        } else if can_go_on {
            ("media-playback-stop-symbolic", gettext("Stop and Listen"))
        } else {
            ("media-playback-start-symbolic", gettext("Play"))
        };
        imp.listen_button.set_icon_name(icon);
        imp.listen_button.set_tooltip_text(Some(&words));
        if can_go_on && !is_paused {
            self.add_css_class("live");
        } else {
            self.remove_css_class("live");
        }
        self.emit_by_name::<()>("changed", &[]);
    }

    fn sounding(&self) -> Option<player::Sounding> {
        self.imp().player.get()?.sounding(Sound::Recording(self.imp().key.get()?))
    }

    fn show_waveform(&self) {
        let imp = self.imp();
        let takes = imp.takes.borrow();
        let Some(take) = imp.key.get().and_then(|key| takes.get(&key)) else { return };
        let length = recorder::length(take.levels.len());
        let is_complete = take.recorded.is_some();
        imp.waveform.set_sensitive(is_complete);
        let place = self.sounding().map(|sounding| sounding.place);
        if is_complete {
            imp.waveform.show_sound(&player::in_parts(&take.levels), Some(length), place.unwrap_or_default());
        } else {
            imp.waveform.show_recording(&take.levels);
        }
        imp.length_label.set_label(&files::length(place.unwrap_or(length)));
    }

    fn toast(&self, words: &str) {
        if let Some(window) = self.root().and_downcast::<Window>() {
            window.toast(words);
        }
    }
}
