//! The application: starts the service and the window, and ends both.
//!
//! `--profile NAME` makes an instance of its own, with its own id on the bus, folder and
//! settings. If the service cannot start (another instance has the folder, the disk is full),
//! the window opens all the same and says so.

mod about;
mod desktop;

use std::cell::{OnceCell, RefCell};
use std::time::Duration;

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::{AccountId, ConversationId, Failure};
use session::{Config, Session};
use view::ConversationKey;

use crate::{
    RESOURCES,
    bridge::Bridge,
    calls::{self, CallDesk},
    files,
    i18n::gettext,
    notifications::Notifications,
    player,
    profile::Profile,
    settings, trace,
    window::Window,
};

/// How long the service may take to say goodbye and to close its databases. Nobody looks any more, and a slow disk is given
/// time: who exits while a database is open leaves it to be recovered.
const GOODBYE: Duration = Duration::from_secs(10);

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Application {
        pub profile: OnceCell<Profile>,
        pub settings: OnceCell<gio::Settings>,
        pub bridge: RefCell<Option<Bridge>>,
        pub notifications: RefCell<Option<Notifications>>,
        pub calls: RefCell<Option<CallDesk>>,
        pub desktop: RefCell<Option<desktop::Watch>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Application {
        const NAME: &'static str = "StarlingApplication";
        type Type = super::Application;
        type ParentType = adw::Application;
    }

    impl ObjectImpl for Application {
        fn constructed(&self) {
            self.parent_constructed();
            let app = self.obj();
            app.add_main_option(
                "profile",
                glib::Char::from(b'p'),
                glib::OptionFlags::NONE,
                glib::OptionArg::String,
                &gettext("Use another, independent profile"),
                Some(&gettext("NAME")),
            );
            app.add_main_option(
                "version",
                glib::Char::from(b'v'),
                glib::OptionFlags::NONE,
                glib::OptionArg::None,
                &gettext("Print the version and exit"),
                None,
            );
        }
    }

    impl ApplicationImpl for Application {
        fn handle_local_options(&self, options: &glib::VariantDict) -> std::ops::ControlFlow<glib::ExitCode> {
            use std::ops::ControlFlow::{Break, Continue};
            if options.contains("version") {
                println!("Starling {}", env!("CARGO_PKG_VERSION"));
                return Break(glib::ExitCode::SUCCESS);
            }
            let profile = match options.lookup::<String>("profile") {
                Ok(Some(name)) => Profile::named(&name),
                _ => Some(Profile::default()),
            };
            let Some(profile) = profile else {
                eprintln!("{}", gettext("The name of a profile is made of letters, digits, - and _."));
                return Break(glib::ExitCode::FAILURE);
            };
            self.obj().set_application_id(Some(&profile.application_id()));
            let _ = self.profile.set(profile);
            Continue(())
        }

        fn startup(&self) {
            self.parent_startup();
            files::remove_copies();
            gtk::Window::set_default_icon_name(crate::APP_ID);
            // A key that is shown is not selected because the keyboard comes by.
            if let Some(settings) = gtk::Settings::default() {
                settings.set_property("gtk-label-select-on-focus", false);
            }
            self.obj().install_actions();
        }

        fn activate(&self) {
            self.parent_activate();
            self.obj().present_window();
        }

        /// Another program, such as a file manager, hands over files to be sent.
        fn open(&self, files: &[gio::File], _: &str) {
            self.obj().present_window().send_files(files.to_vec());
        }

        fn shutdown(&self) {
            self.desktop.take();
            self.notifications.take();
            self.calls.take();
            if let Some(bridge) = self.bridge.take()
                && !bridge.session().end(GOODBYE)
            {
                tracing::warn!("the service did not end in time");
            }
            // The last words of the window may still be on their way to the disk.
            gio::Settings::sync();
            files::remove_copies();
            self.parent_shutdown();
        }
    }

    impl GtkApplicationImpl for Application {}
    impl AdwApplicationImpl for Application {}
}

glib::wrapper! {
    /// The application.
    pub struct Application(ObjectSubclass<imp::Application>)
        @extends adw::Application, gtk::Application, gio::Application,
        @implements gio::ActionGroup, gio::ActionMap;
}

impl Application {
    pub fn new() -> Self {
        glib::Object::builder()
            .property("application-id", crate::APP_ID)
            .property("resource-base-path", RESOURCES)
            .property("flags", gio::ApplicationFlags::HANDLES_OPEN)
            .build()
    }

    fn profile(&self) -> &Profile {
        self.imp().profile.get_or_init(Profile::default)
    }

    /// The settings are opened with the first window: a failure is one more thing it can say.
    fn settings(&self) -> &gio::Settings {
        self.imp().settings.get_or_init(|| {
            let profile = self.profile();
            let folder = (!profile.is_default()).then(|| profile.data_folder());
            // The schema is part of the program: if it cannot be read, the build is broken.
            settings::open(folder.as_deref()).expect("the carried schema can be read")
        })
    }

    /// Brings the main window to the front.
    pub fn present_window(&self) -> Window {
        let known = self.windows().into_iter().find_map(|window| window.downcast::<Window>().ok());
        let window = known.unwrap_or_else(|| self.make_window());
        window.present();
        window
    }

    fn make_window(&self) -> Window {
        let window = Window::new(self, self.settings());
        trace::watch(&window);
        self.connect_window(&window);
        window
    }

    /// Gives a window what there is to show, or the reason why there is nothing.
    fn connect_window(&self, window: &Window) {
        match self.start_service() {
            Ok(bridge) => {
                if let Some(calls) = self.calls() {
                    window.set_calls(&calls);
                }
                window.set_bridge(&bridge);
            }
            Err(failure) => window.show_failure(&failure),
        }
    }

    /// The calls of all accounts, once the service runs.
    pub fn calls(&self) -> Option<CallDesk> {
        self.imp().calls.borrow().clone()
    }

    /// The service outlives windows: it is started once.
    fn start_service(&self) -> Result<Bridge, Failure> {
        let imp = self.imp();
        if let Some(bridge) = imp.bridge.borrow().as_ref() {
            return Ok(bridge.clone());
        }
        let (pictures, arriving) = calls::way();
        let config = Config {
            calls: Some(calls::config(pictures)),
            films: Some(player::film_maker()),
            language: language(),
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Config::new(self.profile().data_folder())
        };
        let bridge = Bridge::new(Session::start(config)?);
        imp.bridge.replace(Some(bridge.clone()));
        imp.calls.replace(Some(CallDesk::new(self, &bridge, self.settings(), arriving)));
        imp.notifications.replace(Some(Notifications::new(self, &bridge, self.settings())));
        imp.desktop.replace(Some(desktop::Watch::new(&bridge)));
        Ok(bridge)
    }

    /// Tries once more to start a service that could not start.
    pub fn restart(&self, window: &Window) {
        self.connect_window(window);
    }

    fn install_actions(&self) {
        let quit = gio::ActionEntry::builder("quit")
            .activate(|app: &Self, _, _| {
                for window in app.windows() {
                    window.close();
                }
                app.quit();
            })
            .build();
        let about = gio::ActionEntry::builder("about")
            .activate(|app: &Self, _, _| {
                if let Some(window) = app.active_window() {
                    about::present(&window);
                }
            })
            .build();
        let open = gio::ActionEntry::builder("open-conversation")
            .parameter_type(Some(glib::VariantTy::new("(sx)").expect("the type is well formed")))
            .activate(|app: &Self, _, target| {
                let window = app.present_window();
                if let Some(key) = target.and_then(conversation_key) {
                    window.open_conversation(key);
                }
            })
            .build();
        let on_call = |name: &str, act: fn(&CallDesk, view::CallKey)| {
            gio::ActionEntry::builder(name)
                .parameter_type(Some(glib::VariantTy::new("(sx)").expect("the type is well formed")))
                .activate(move |app: &Self, _, target| {
                    if let (Some(calls), Some(key)) = (app.calls(), target.and_then(calls::key_of)) {
                        act(&calls, key);
                    }
                })
                .build()
        };
        let show_call = on_call("show-call", CallDesk::open);
        let accept_call = on_call("accept-call", CallDesk::accept);
        let decline_call = on_call("decline-call", |calls, key| calls.tell(key, model::CallCommand::HangUp));
        self.add_action_entries([quit, about, open, show_call, accept_call, decline_call]);
    }
}

/// What a notification carries to name its conversation.
pub fn conversation_target(key: ConversationKey) -> glib::Variant {
    (key.account.to_string(), key.conversation.0).to_variant()
}

fn conversation_key(target: &glib::Variant) -> Option<ConversationKey> {
    let (account, conversation) = target.get::<(String, i64)>()?;
    Some(ConversationKey { account: AccountId::parse(&account)?, conversation: ConversationId(conversation) })
}

/// The user's language as servers want it: `de-AT` for `de_AT.UTF-8`.
fn language() -> String {
    let names = glib::language_names();
    let name = names.first().map_or("en", |name| name.as_str());
    let name = name.split(['.', '@']).next().unwrap_or("en");
    if name == "C" || name == "POSIX" { "en".to_owned() } else { name.replace('_', "-") }
}
