//! Calls: a window for each, what is heard before anybody talks, and what the desktop is told meanwhile.
//!
//! One [`CallDesk`] follows the calls of all accounts. What a call is and may do is decided below (`view::Calls`, and the account
//! itself); here it gets a window, a notification and a sound. A window that is closed leaves its call, and the main window shows
//! a card with the way back.

mod call_stage;
mod call_window;
mod card;
mod desktop;
mod device_rows;
mod devices;
mod media;
mod media_keys;
mod notifying;
mod pictures;
mod screen;
mod words;

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::HashMap,
    sync::OnceLock,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, gio, glib};
use model::{
    AccountCommand, AccountId, BareJid, Call, CallCommand, CallId, CallOutcome, CallState, Direction,
    EventKind, MediaKind, MessageId, Mute, Show,
};
use session::{Heard, Ringing, Tone};
use view::{CallKey, Calls, ConversationKey, Sound, Stage, Told};

pub use card::CallCard;
pub use device_rows::DeviceRows;
pub use media::{chosen, config, devices};
pub use pictures::{Arriving, texture, way};
pub use words::sentence;

use crate::{
    application::Application,
    bridge::{Bridge, Listener},
    portals::screen_cast::SharedScreen,
    settings::key,
    time_words,
};
use call_window::CallWindow;

/// Somebody in a call, for people.
#[derive(Clone, Debug)]
pub struct Person {
    pub name: String,
    pub address: BareJid,
    pub picture: Option<gdk::Texture>,
    /// The user has not accepted them.
    pub is_stranger: bool,
}

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct CallDesk {
        pub app: glib::WeakRef<Application>,
        pub bridge: OnceCell<Bridge>,
        pub settings: OnceCell<gio::Settings>,
        pub listener: RefCell<Option<Listener>>,
        pub calls: RefCell<Calls>,
        pub people: RefCell<HashMap<CallKey, Person>>,
        pub windows: RefCell<HashMap<CallKey, CallWindow>>,
        pub ringing: RefCell<Option<(Sound, Ringing)>>,
        /// What keeps the device awake.
        pub inhibited: Cell<Option<u32>>,
        pub others: desktop::OtherPlayers,
        pub keys: RefCell<Option<media_keys::MediaKeys>>,
        /// What the user shows of their screen.
        pub screen: RefCell<Option<SharedScreen>>,
        /// The person is choosing what to show.
        pub asks_for_screen: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for CallDesk {
        const NAME: &'static str = "StarlingCallDesk";
        type Type = super::CallDesk;
    }

    impl ObjectImpl for CallDesk {
        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![glib::subclass::Signal::builder("changed").build()])
        }
    }
}

glib::wrapper! {
    /// Everything about calls that the windows show.
    pub struct CallDesk(ObjectSubclass<imp::CallDesk>);
}

impl CallDesk {
    /// Follows the calls of this service.
    pub fn new(app: &Application, bridge: &Bridge, settings: &gio::Settings, arriving: Arriving) -> Self {
        let desk: Self = glib::Object::new();
        let imp = desk.imp();
        imp.app.set(Some(app));
        let _ = imp.bridge.set(bridge.clone());
        let _ = imp.settings.set(settings.clone());
        let weak = desk.downgrade();
        imp.listener.replace(Some(bridge.listen(move |_, heard| {
            if let (Some(desk), Heard::Event(event)) = (weak.upgrade(), heard) {
                desk.hear(event.account, &event.kind);
            }
        })));
        for name in [key::CALL_MICROPHONE, key::CALL_SPEAKER, key::CALL_CAMERA] {
            let weak = desk.downgrade();
            settings.connect_changed(Some(name), move |_, _| {
                if let Some(desk) = weak.upgrade() {
                    desk.tell_devices();
                }
            });
        }
        desk.tell_devices();
        glib::spawn_future_local(show_pictures(desk.downgrade(), arriving));
        desk
    }

    /// Calls back whenever there are other calls, or they are otherwise.
    pub fn connect_changed(&self, changed: impl Fn(&Self) + 'static) -> glib::SignalHandlerId {
        self.connect_local("changed", false, move |values| {
            if let Some(desk) = values.first().and_then(|value| value.get::<Self>().ok()) {
                changed(&desk);
            }
            None
        })
    }

    /// Calls somebody.
    pub fn start(&self, conversation: ConversationKey, video: bool) {
        let start = move |desk: &Self, video: bool| {
            let command = AccountCommand::StartCall(conversation.conversation, video);
            desk.bridge().tell(conversation.account, command);
        };
        if video { self.with_camera(start) } else { start(self, false) }
    }

    /// Does something about a call.
    pub fn tell(&self, key: CallKey, command: CallCommand) {
        let tell = move |desk: &Self, command| {
            desk.bridge().tell(key.account, AccountCommand::Call(key.call, command));
        };
        match command {
            CallCommand::Answer { video: true } => {
                self.with_camera(move |desk, video| tell(desk, CallCommand::Answer { video }));
            }
            CallCommand::Send(MediaKind::Video, true) => self.with_camera(move |desk, has_camera| {
                let window = desk.imp().windows.borrow().get(&key).cloned();
                match window {
                    Some(window) if !has_camera => window.fill_buttons(),
                    _ => tell(desk, command),
                }
            }),
            _ => tell(self, command),
        }
    }

    /// Takes a call that rings, with video if it is one with video.
    pub fn accept(&self, key: CallKey) {
        let video = self.imp().calls.borrow().call(key).is_some_and(|call| call.video);
        self.tell(key, CallCommand::Answer { video });
        self.open(key);
    }

    /// Whether the user is in a call, and so cannot begin another.
    pub fn is_in_call(&self) -> bool {
        self.imp().calls.borrow().current().is_some()
    }

    /// The call that has no window to be seen in.
    fn without_window(&self) -> Option<(CallKey, Call, Person)> {
        let imp = self.imp();
        let (calls, windows, people) = (imp.calls.borrow(), imp.windows.borrow(), imp.people.borrow());
        calls
            .all()
            .into_iter()
            .filter(|key| !windows.contains_key(key))
            .find_map(|key| Some((key, calls.call(key)?.clone(), people.get(&key)?.clone())))
    }

    /// Shows the window of a call.
    pub fn open(&self, key: CallKey) {
        let imp = self.imp();
        let call = imp.calls.borrow().call(key).cloned();
        let person = imp.people.borrow().get(&key).cloned();
        let (Some(call), Some(person)) = (call, person) else { return };
        let known = imp.windows.borrow().get(&key).cloned();
        let window = known.unwrap_or_else(|| {
            let window = CallWindow::new(self, key, &person);
            imp.windows.borrow_mut().insert(key, window.clone());
            window
        });
        window.show_call(&call);
        window.present();
        self.emit_by_name::<()>("changed", &[]);
    }

    /// A window was closed. Its call goes on, if it is not over.
    fn window_closed(&self, key: CallKey) {
        self.imp().windows.borrow_mut().remove(&key);
        if self.imp().calls.borrow().call(key).is_some()
            && let Some(app) = self.imp().app.upgrade()
        {
            app.present_window();
        }
        self.emit_by_name::<()>("changed", &[]);
    }

    fn bridge(&self) -> &Bridge {
        self.imp().bridge.get().expect("a desk is made with its bridge")
    }

    fn settings(&self) -> &gio::Settings {
        self.imp().settings.get().expect("a desk is made with its settings")
    }

    fn hear(&self, account: AccountId, kind: &EventKind) {
        match kind {
            EventKind::Call(call) => self.hear_call(account, call),
            EventKind::CallStatistics(call, statistics) => {
                let window = self.imp().windows.borrow().get(&CallKey { account, call: *call }).cloned();
                if let Some(window) = window {
                    window.take_statistics(statistics);
                }
            }
            EventKind::AccountRemoved | EventKind::AccountUnavailable(_) => {
                let gone = self.imp().calls.borrow_mut().forget(account);
                for key in gone {
                    self.imp().people.borrow_mut().remove(&key);
                    let window = self.imp().windows.borrow_mut().remove(&key);
                    if let Some(window) = window {
                        window.destroy();
                    }
                    self.withdraw(key);
                }
                self.settle();
            }
            _ => {}
        }
    }

    fn hear_call(&self, account: AccountId, call: &Call) {
        let imp = self.imp();
        let key = CallKey { account, call: call.id };
        let before = imp.calls.borrow().call(key).cloned();
        self.follow_screen(before.as_ref(), call);
        let told = imp.calls.borrow_mut().hear(account, call);
        let window = imp.windows.borrow().get(&key).cloned();
        match told {
            Told::Began => {
                glib::spawn_future_local(introduce(self.clone(), key, call.clone()));
            }
            Told::Changed | Told::Ended => {
                if let Some(window) = window {
                    window.show_call(call);
                }
                if Stage::of(call) != Stage::Incoming {
                    self.withdraw(key);
                }
                if told == Told::Ended {
                    self.say_missed(key, call);
                    imp.people.borrow_mut().remove(&key);
                }
            }
            Told::Nothing => {}
        }
        self.settle();
    }

    fn say_missed(&self, key: CallKey, call: &Call) {
        let is_missed =
            call.direction == Direction::Incoming && call.state == CallState::Ended(CallOutcome::Unanswered);
        let person = self.imp().people.borrow().get(&key).cloned();
        if let Some(person) = person.filter(|person| is_missed && !person.is_stranger) {
            self.notify_missed(key, call, &person);
        }
    }

    /// Makes everything around calls fit what there is of them.
    fn settle(&self) {
        let imp = self.imp();
        let (sound, current) = {
            let calls = imp.calls.borrow();
            (calls.sound(), calls.current().and_then(|key| calls.call(key).cloned()))
        };
        let heard = imp.ringing.borrow().as_ref().map(|(sound, _)| *sound);
        if heard != sound {
            let ringing = sound.map(|sound| {
                let tone = match sound {
                    Sound::Incoming => Tone::Incoming,
                    Sound::Outgoing => Tone::Outgoing,
                };
                (sound, Ringing::begin(devices(), media::chosen(self.settings()), tone))
            });
            imp.ringing.replace(ringing);
            crate::trace::note(if sound.is_some() { "rings" } else { "silent" });
        }
        self.keep_awake(current.as_ref());
        imp.others.pause(current.is_some());
        self.follow_keys();
        self.emit_by_name::<()>("changed", &[]);
    }
}

/// Finds out who is called or calls, and shows it.
async fn introduce(desk: CallDesk, key: CallKey, call: Call) {
    let bridge = desk.bridge().clone();
    let Some(reader) = bridge.session().reader(key.account) else { return };
    let Ok(Some(summary)) = reader.conversation(call.conversation).await else { return };
    let conversation = summary.conversation;
    let picture = match &conversation.avatar {
        Some(hash) if !conversation.stranger => bridge.pictures().load(&bridge, key.account, hash).await,
        _ => None,
    };
    // It may be over by now.
    let Some(now) = desk.imp().calls.borrow().call(key).cloned() else { return };
    let person = Person {
        name: conversation.name,
        address: conversation.address,
        picture,
        is_stranger: conversation.stranger,
    };
    desk.imp().people.borrow_mut().insert(key, person.clone());
    let is_busy =
        bridge.account(key.account).is_some_and(|account| account.presence().show == Show::DoNotDisturb);
    let is_muted = match conversation.mute {
        Mute::No => false,
        Mute::Until(time) => time > time_words::now(),
        Mute::Always => true,
    };
    // Whom the user has not accepted makes no noise and opens no window: the card in the main window tells of them.
    let is_quiet = now.direction == Direction::Incoming && (conversation.stranger || is_busy || is_muted);
    desk.imp().calls.borrow_mut().set_quiet(key, is_quiet);
    if !is_quiet {
        desk.open(key);
        if Stage::of(&now) == Stage::Incoming {
            desk.notify_incoming(key, &now, &person);
        }
    }
    desk.settle();
}

/// Hands pictures to their windows.
async fn show_pictures(desk: glib::WeakRef<CallDesk>, arriving: Arriving) {
    while let Some(newest) = arriving.next().await {
        let Some(desk) = desk.upgrade() else { break };
        for ((key, view), picture) in newest {
            let window = desk.imp().windows.borrow().get(&key).cloned();
            if let (Some(window), Some(texture)) = (window, pictures::texture(picture)) {
                window.show_picture(view, &texture);
            }
        }
    }
}

/// What a notification carries to name a call.
fn target(key: CallKey) -> glib::Variant {
    (key.account.to_string(), key.call.0.0).to_variant()
}

/// The call that a notification names.
pub fn key_of(target: &glib::Variant) -> Option<CallKey> {
    let (account, call) = target.get::<(String, i64)>()?;
    Some(CallKey { account: AccountId::parse(&account)?, call: CallId(MessageId(call)) })
}
