//! Where to connect, and whom to trust, for those who know better than the DNS and the system.

use std::{cell::RefCell, path::PathBuf, sync::OnceLock};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::ServerAddress;

use crate::i18n::gettext;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/server_options.ui")]
    pub struct ServerOptions {
        #[template_child]
        pub server: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub port: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub authorities_row: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub clear_button: TemplateChild<gtk::Button>,
        pub authorities: RefCell<Option<PathBuf>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ServerOptions {
        const NAME: &'static str = "StarlingServerOptions";
        type Type = super::ServerOptions;
        type ParentType = adw::ExpanderRow;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for ServerOptions {
        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![glib::subclass::Signal::builder("changed").build()])
        }
    }

    impl WidgetImpl for ServerOptions {}
    impl ListBoxRowImpl for ServerOptions {}
    impl PreferencesRowImpl for ServerOptions {}
    impl ExpanderRowImpl for ServerOptions {}

    #[gtk::template_callbacks]
    impl ServerOptions {
        #[template_callback]
        fn changed(&self) {
            mark(&self.port, self.obj().port().is_err());
            self.obj().emit_by_name::<()>("changed", &[]);
        }

        #[template_callback]
        fn clear_authorities(&self) {
            self.obj().take_authorities(None);
        }

        #[template_callback]
        fn choose_authorities(&self) {
            let options = self.obj().clone();
            glib::spawn_future_local(async move { options.choose_authorities().await });
        }
    }

    fn mark(row: &adw::EntryRow, wrong: bool) {
        if wrong {
            row.add_css_class("error");
        } else {
            row.remove_css_class("error");
        }
    }
}

glib::wrapper! {
    /// The server by hand, and whom to trust besides the system's authorities.
    pub struct ServerOptions(ObjectSubclass<imp::ServerOptions>)
        @extends adw::ExpanderRow, adw::PreferencesRow, gtk::ListBoxRow, gtk::Widget,
        @implements gtk::Accessible, gtk::Actionable, gtk::Buildable, gtk::ConstraintTarget;
}

impl ServerOptions {
    /// The server named by hand. A port alone is for the `domain` itself.
    pub fn server(&self, domain: &str) -> Option<ServerAddress> {
        let host = self.imp().server.text().trim().to_owned();
        let port = self.port().ok().flatten();
        match (host.is_empty(), port) {
            (true, None) => None,
            (true, port) => Some(ServerAddress { host: domain.to_owned(), port }),
            (false, port) => Some(ServerAddress { host, port }),
        }
    }

    /// Calls the host by another name than `Server`.
    pub fn name_host(&self, name: &str) {
        self.imp().server.set_title(name);
    }

    /// The file of the extra authority.
    pub fn authorities(&self) -> Option<PathBuf> {
        self.imp().authorities.borrow().clone()
    }

    /// Whether everything can be understood.
    pub fn is_valid(&self) -> bool {
        self.port().is_ok()
    }

    pub fn connect_changed(&self, changed: impl Fn() + 'static) {
        self.connect_local("changed", false, move |_| {
            changed();
            None
        });
    }

    fn port(&self) -> Result<Option<u16>, ()> {
        let text = self.imp().port.text();
        match text.trim() {
            "" => Ok(None),
            digits => digits.parse().ok().filter(|port| *port != 0).map(Some).ok_or(()),
        }
    }

    async fn choose_authorities(&self) {
        let certificates = gtk::FileFilter::new();
        certificates.set_name(Some(&gettext("Certificates (PEM)")));
        for suffix in ["pem", "crt", "cer"] {
            certificates.add_suffix(suffix);
        }
        let everything = gtk::FileFilter::new();
        everything.set_name(Some(&gettext("All Files")));
        everything.add_pattern("*");
        let filters: gio::ListStore = [certificates, everything].into_iter().collect();
        let dialog =
            gtk::FileDialog::builder().title(gettext("Choose Extra Authority")).filters(&filters).build();
        let window = self.root().and_downcast::<gtk::Window>();
        // An error here means that the person closed the dialog.
        if let Ok(file) = dialog.open_future(window.as_ref()).await {
            self.take_authorities(file.path());
        }
    }

    fn take_authorities(&self, path: Option<PathBuf>) {
        let imp = self.imp();
        let name = path.as_deref().and_then(std::path::Path::file_name).map(|name| name.to_string_lossy());
        imp.authorities_row.set_subtitle(&name.map_or_else(|| gettext("None"), Into::into));
        imp.clear_button.set_visible(path.is_some());
        imp.authorities.replace(path);
        self.emit_by_name::<()>("changed", &[]);
    }
}
