use std::sync::OnceLock;

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;

use crate::{bridge::Bridge, create_account::CreateAccount, sign_in::SignIn};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/welcome.ui")]
    pub struct Welcome {
        #[template_child]
        pub navigation: TemplateChild<adw::NavigationView>,
        #[template_child]
        pub sign_in: TemplateChild<SignIn>,
        #[template_child]
        pub create_account: TemplateChild<CreateAccount>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Welcome {
        const NAME: &'static str = "StarlingWelcome";
        type Type = super::Welcome;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            SignIn::ensure_type();
            CreateAccount::ensure_type();
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Welcome {
        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![glib::subclass::Signal::builder("done").build()])
        }

        fn constructed(&self) {
            self.parent_constructed();
            let welcome = self.obj();
            self.sign_in.connect_done(glib::clone!(
                #[weak]
                welcome,
                move || welcome.finish()
            ));
            self.create_account.connect_done(glib::clone!(
                #[weak]
                welcome,
                move || welcome.finish()
            ));
        }
    }

    impl WidgetImpl for Welcome {}
    impl BinImpl for Welcome {}
}

glib::wrapper! {
    /// How an account comes to this device: the first screen, and the dialog that adds another.
    pub struct Welcome(ObjectSubclass<imp::Welcome>)
        @extends gtk::Widget, adw::Bin,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Welcome {
    pub fn set_bridge(&self, bridge: &Bridge) {
        self.imp().sign_in.set_bridge(bridge);
        self.imp().create_account.set_bridge(bridge);
    }

    /// Calls `done` when an account was added.
    pub fn connect_done(&self, done: impl Fn() + 'static) {
        self.connect_local("done", false, move |_| {
            done();
            None
        });
    }

    /// Shows the screen again as it was at first.
    pub fn start_over(&self) {
        self.imp().navigation.pop_to_tag("welcome");
    }

    fn finish(&self) {
        self.start_over();
        self.emit_by_name::<()>("done", &[]);
    }
}

/// Asks for one more account, in a dialog over `parent`.
pub fn present(parent: &impl IsA<gtk::Widget>, bridge: &Bridge) {
    let welcome: Welcome = glib::Object::new();
    welcome.set_bridge(bridge);
    let dialog = adw::Dialog::builder()
        .title(crate::i18n::gettext("Add Account"))
        .content_width(480)
        .content_height(560)
        .child(&welcome)
        .build();
    let done = dialog.downgrade();
    welcome.connect_done(move || {
        if let Some(dialog) = done.upgrade() {
            dialog.force_close();
        }
    });
    dialog.present(Some(parent));
}
