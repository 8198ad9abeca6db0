//! Signing in to an account that exists.
//!
//! Nothing is added before it worked once: until then all that exists is a question to the
//! service, and going back or `Cancel` drops it. What is happening is told by the connection
//! events of an account that is not in the list yet.

use std::{
    cell::{OnceCell, RefCell},
    sync::OnceLock,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{ConnectionState, Event, EventKind, Failure, Request};
use session::Heard;

use crate::{
    address::{self, Typed},
    bridge::{Bridge, Listener},
    connection_words, failure,
    failure_card::FailureCard,
    i18n::gettext,
    server_options::ServerOptions,
};

mod asking;

pub use asking::ask_with_questions;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/sign_in.ui")]
    pub struct SignIn {
        #[template_child]
        pub form: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub advanced: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub address: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub password: TemplateChild<adw::PasswordEntryRow>,
        #[template_child]
        pub options: TemplateChild<ServerOptions>,
        #[template_child]
        pub failure: TemplateChild<FailureCard>,
        #[template_child]
        pub progress: TemplateChild<gtk::Box>,
        #[template_child]
        pub progress_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub submit_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub cancel_button: TemplateChild<gtk::Button>,
        pub bridge: OnceCell<Bridge>,
        pub running: RefCell<Option<glib::JoinHandle<()>>>,
        pub listener: RefCell<Option<Listener>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for SignIn {
        const NAME: &'static str = "StarlingSignIn";
        type Type = super::SignIn;
        type ParentType = adw::NavigationPage;

        fn class_init(class: &mut Self::Class) {
            ServerOptions::ensure_type();
            FailureCard::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for SignIn {
        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![glib::subclass::Signal::builder("done").build()])
        }

        fn constructed(&self) {
            self.parent_constructed();
            let page = self.obj();
            self.options.connect_changed(glib::clone!(
                #[weak]
                page,
                move || page.imp().form_changed()
            ));
        }

        fn dispose(&self) {
            self.cancel();
        }
    }

    impl WidgetImpl for SignIn {}

    impl NavigationPageImpl for SignIn {
        fn shown(&self) {
            self.parent_shown();
            self.address.grab_focus();
        }

        fn hidden(&self) {
            self.parent_hidden();
            self.cancel();
            self.failure.hide();
        }
    }

    #[gtk::template_callbacks]
    impl SignIn {
        #[template_callback]
        pub fn form_changed(&self) {
            let typed = address::read(&self.address.text());
            if typed == Typed::Wrong {
                self.address.add_css_class("error");
            } else {
                self.address.remove_css_class("error");
            }
            self.submit_button.set_sensitive(self.obj().form().is_some());
        }

        #[template_callback]
        fn submit(&self) {
            let Some(form) = self.obj().form() else { return };
            if self.running.borrow().is_some() {
                return;
            }
            let page = self.obj().clone();
            let running = glib::spawn_future_local(async move { page.sign_in(form).await });
            self.running.replace(Some(running));
        }

        #[template_callback]
        pub fn cancel(&self) {
            if let Some(running) = self.running.take() {
                running.abort();
            }
            self.listener.take();
            self.obj().set_busy(false);
        }
    }
}

glib::wrapper! {
    /// The page that signs in.
    pub struct SignIn(ObjectSubclass<imp::SignIn>)
        @extends adw::NavigationPage, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl SignIn {
    pub fn set_bridge(&self, bridge: &Bridge) {
        let _ = self.imp().bridge.set(bridge.clone());
    }

    /// Calls `done` when the account was added.
    pub fn connect_done(&self, done: impl Fn() + 'static) {
        self.connect_local("done", false, move |_| {
            done();
            None
        });
    }

    /// What was entered, if it is complete.
    fn form(&self) -> Option<model::SignIn> {
        let imp = self.imp();
        let Typed::Person(address) = address::read(&imp.address.text()) else { return None };
        let password = imp.password.text().to_string();
        if password.is_empty() || !imp.options.is_valid() {
            return None;
        }
        Some(model::SignIn {
            server: imp.options.server(address.domain().as_str()),
            extra_authorities: imp.options.authorities(),
            allow_plain: false,
            passphrase: None,
            address,
            password,
        })
    }

    async fn sign_in(&self, form: model::SignIn) {
        let imp = self.imp();
        let Some(bridge) = imp.bridge.get() else { return };
        let server = form.address.domain().to_string();
        imp.failure.hide();
        self.set_busy(true);
        self.say(&connection_words::step(model::ConnectionStep::Finding, &server));
        imp.listener.replace(Some(self.tell_steps(bridge, server.clone())));

        let answer = ask_with_questions(bridge, self.upcast_ref(), Request::SignIn(form)).await;

        imp.listener.take();
        imp.running.take();
        self.set_busy(false);
        match answer {
            Some(Ok(_)) => {
                imp.password.set_text("");
                imp.address.set_text("");
                self.emit_by_name::<()>("done", &[]);
            }
            Some(Err(failure)) => self.show_failure(&failure, &server),
            None => {}
        }
    }

    /// Says what is being done, as the service tells it.
    fn tell_steps(&self, bridge: &Bridge, server: String) -> Listener {
        let page = self.downgrade();
        bridge.listen(move |bridge, heard| {
            let Heard::Event(Event { account, kind: EventKind::Connection(state) }) = heard else { return };
            if let (Some(page), ConnectionState::Connecting(step)) = (page.upgrade(), state)
                && bridge.account(*account).is_none()
            {
                page.say(&connection_words::step(*step, &server));
            }
        })
    }

    fn show_failure(&self, failure: &Failure, server: &str) {
        self.imp().failure.show_explanation(&failure::explain(failure, server));
        if *failure == Failure::WrongPassword {
            self.imp().password.grab_focus();
        }
    }

    fn say(&self, words: &str) {
        self.imp().progress_label.set_label(words);
    }

    fn set_busy(&self, busy: bool) {
        let imp = self.imp();
        imp.form.set_sensitive(!busy);
        imp.advanced.set_sensitive(!busy);
        imp.progress.set_visible(busy);
        imp.submit_button.set_visible(!busy);
        imp.cancel_button.set_visible(busy);
        if busy {
            imp.cancel_button.grab_focus();
        } else {
            self.say(&gettext("Not connected"));
        }
    }
}
