//! A new account on a server that lets people make one.
//!
//! The server is asked for its form, the form is shown, and what was filled in is sent back. A
//! server may refuse and send another form, so the form stays until an account was made.

mod form;
mod password;

use std::{
    cell::{OnceCell, RefCell},
    sync::OnceLock,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{Answer, Failure, RegistrationForm, Request};

use crate::{
    address,
    bridge::Bridge,
    failure,
    failure_card::FailureCard,
    i18n::{gettext, gettext_f},
    server_options::ServerOptions,
    sign_in::ask_with_questions,
};
use form::FormRows;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/create_account.ui")]
    pub struct CreateAccount {
        #[template_child]
        pub server_group: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub server: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub advanced: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub options: TemplateChild<ServerOptions>,
        #[template_child]
        pub form_group: TemplateChild<adw::PreferencesGroup>,
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
        pub form: RefCell<Option<FormRows>>,
        pub bridge: OnceCell<Bridge>,
        pub running: RefCell<Option<glib::JoinHandle<()>>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for CreateAccount {
        const NAME: &'static str = "StarlingCreateAccount";
        type Type = super::CreateAccount;
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

    impl ObjectImpl for CreateAccount {
        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![glib::subclass::Signal::builder("done").build()])
        }

        fn constructed(&self) {
            self.parent_constructed();
            let page = self.obj();
            // The server itself is named above.
            self.options.name_host(&gettext("Connect To"));
            self.options.connect_changed(glib::clone!(
                #[weak]
                page,
                move || page.imp().server_changed()
            ));
        }

        fn dispose(&self) {
            self.cancel();
        }
    }

    impl WidgetImpl for CreateAccount {}

    impl NavigationPageImpl for CreateAccount {
        fn shown(&self) {
            self.parent_shown();
            self.server.grab_focus();
        }

        fn hidden(&self) {
            self.parent_hidden();
            self.cancel();
            self.failure.hide();
            self.obj().forget_form();
        }
    }

    #[gtk::template_callbacks]
    impl CreateAccount {
        #[template_callback]
        pub fn server_changed(&self) {
            // Another server has another form.
            self.obj().forget_form();
            self.obj().check();
        }

        #[template_callback]
        pub fn submit(&self) {
            if self.running.borrow().is_some() || !self.obj().is_complete() {
                return;
            }
            let page = self.obj().clone();
            let running = glib::spawn_future_local(async move {
                page.go_on().await;
                page.imp().running.take();
            });
            self.running.replace(Some(running));
        }

        #[template_callback]
        pub fn cancel(&self) {
            if let Some(running) = self.running.take() {
                running.abort();
            }
            self.obj().set_busy(None);
        }
    }
}

glib::wrapper! {
    /// The page that makes an account.
    pub struct CreateAccount(ObjectSubclass<imp::CreateAccount>)
        @extends adw::NavigationPage, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl CreateAccount {
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

    /// One step: get the form, or send it.
    async fn go_on(&self) {
        let imp = self.imp();
        let (Some(bridge), Some(domain)) = (imp.bridge.get(), address::read_domain(&imp.server.text()))
        else {
            return;
        };
        imp.failure.hide();
        let filled = imp.form.borrow().as_ref().map(FormRows::filled);
        let outcome = match filled {
            None => {
                self.set_busy(Some(&gettext_f("Asking {server}…", &[("server", &domain)])));
                bridge.ask(self.form_request(&domain)).await
            }
            Some(form) => {
                self.set_busy(Some(&gettext("Creating the account…")));
                let request = self.register_request(form, &domain);
                match ask_with_questions(bridge, self.upcast_ref(), request).await {
                    Some(answer) => answer,
                    None => return self.set_busy(None),
                }
            }
        };
        self.set_busy(None);
        match outcome {
            Ok(Answer::RegistrationForm(form)) => self.show_form(form),
            Ok(_) => self.finish(),
            Err(failure) => self.show_failure(&failure, &domain),
        }
    }

    fn form_request(&self, domain: &str) -> Request {
        let options = &self.imp().options;
        Request::RegistrationForm {
            domain: domain.to_owned(),
            server: options.server(domain),
            extra_authorities: options.authorities(),
        }
    }

    fn register_request(&self, form: RegistrationForm, domain: &str) -> Request {
        let options = &self.imp().options;
        Request::Register {
            form,
            server: options.server(domain),
            extra_authorities: options.authorities(),
            passphrase: None,
        }
    }

    fn show_form(&self, form: RegistrationForm) {
        let imp = self.imp();
        self.forget_form();
        let rows = FormRows::new(form, &imp.form_group);
        rows.connect_changed(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move || page.check()
        ));
        rows.connect_submitted(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move || page.imp().submit()
        ));
        rows.grab_focus();
        imp.form.replace(Some(rows));
        imp.form_group.set_visible(true);
        imp.advanced.set_visible(false);
        imp.submit_button.set_label(&gettext("Create Account"));
        self.check();
    }

    fn forget_form(&self) {
        let imp = self.imp();
        if let Some(rows) = imp.form.take() {
            rows.remove_from(&imp.form_group);
        }
        imp.form_group.set_visible(false);
        imp.advanced.set_visible(true);
        imp.submit_button.set_label(&gettext("Continue"));
    }

    fn is_complete(&self) -> bool {
        let imp = self.imp();
        address::read_domain(&imp.server.text()).is_some()
            && imp.options.is_valid()
            && imp.form.borrow().as_ref().is_none_or(FormRows::is_complete)
    }

    fn check(&self) {
        self.imp().submit_button.set_sensitive(self.is_complete());
    }

    fn show_failure(&self, failure: &Failure, domain: &str) {
        self.imp().failure.show_explanation(&failure::explain(failure, domain));
    }

    fn finish(&self) {
        self.imp().server.set_text("");
        self.emit_by_name::<()>("done", &[]);
    }

    fn set_busy(&self, words: Option<&str>) {
        let imp = self.imp();
        let busy = words.is_some();
        imp.progress_label.set_label(words.unwrap_or_default());
        imp.progress.set_visible(busy);
        imp.server_group.set_sensitive(!busy);
        imp.advanced.set_sensitive(!busy);
        imp.form_group.set_sensitive(!busy);
        imp.submit_button.set_visible(!busy);
        imp.cancel_button.set_visible(busy);
    }
}
