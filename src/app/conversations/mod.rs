//! The sidebar: every conversation, what needs the person's attention, and the way to everything
//! else.
//!
//! The rows belong to `rows.rs`, the list that shows them to `list.rs`; what is done with one of them (pin, mute, delete) is in
//! `menu.rs`; the banner that says what is wrong with a connection is in `trouble.rs`. This file
//! ties the list to what is open: choosing a row opens it, and a row that moves stays chosen.

mod accounts_menu;
mod list;
mod menu;
mod own;
mod rows;
mod screens;
mod trouble;

use std::{
    cell::{Cell, OnceCell, RefCell},
    sync::OnceLock,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;
use model::{AccountCommand, Availability, Show};
use view::ConversationKey;

use crate::{
    bridge::{Bridge, Listener},
    contact_requests::ContactRequests,
    objects::ConversationObject,
    search::Search,
    sidebar_handle::SidebarHandle,
};
pub use menu::{confirm_delete, mute_choices, mute_for};
pub use rows::ConversationsModel;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate, glib::Properties)]
    #[properties(wrapper_type = super::Conversations)]
    #[template(resource = "/im/starling/Starling/ui/conversations.ui")]
    pub struct Conversations {
        /// What others see of the user: `available`, `away` or `busy`.
        #[property(get, set = Self::choose_availability)]
        pub availability: RefCell<String>,
        #[template_child]
        pub accounts_button: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub accounts_avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub accounts_menu: TemplateChild<gtk::gio::Menu>,
        #[template_child]
        pub menu_button: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub main_menu: TemplateChild<gtk::gio::Menu>,
        #[template_child]
        pub search_button: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub banner: TemplateChild<adw::Banner>,
        #[template_child]
        pub requests: TemplateChild<ContactRequests>,
        #[template_child]
        pub filter_bar: TemplateChild<gtk::Box>,
        #[template_child]
        pub filter: TemplateChild<adw::ToggleGroup>,
        #[template_child]
        pub archive_bar: TemplateChild<gtk::Box>,
        #[template_child]
        pub stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub list: TemplateChild<gtk::ListView>,
        #[template_child]
        pub empty_page: TemplateChild<adw::StatusPage>,
        #[template_child]
        pub empty_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub search_place: TemplateChild<adw::Bin>,
        #[template_child]
        pub handle: TemplateChild<SidebarHandle>,
        pub bridge: OnceCell<Bridge>,
        pub model: OnceCell<ConversationsModel>,
        pub selection: OnceCell<gtk::SingleSelection>,
        /// What is open in the window.
        pub open: Cell<Option<ConversationKey>>,
        /// What the context menu was opened for.
        pub menu_for: RefCell<Option<ConversationObject>>,
        pub menu: RefCell<Option<gtk::PopoverMenu>>,
        pub search: OnceCell<Search>,
        pub is_read: Cell<bool>,
        pub listener: RefCell<Option<Listener>>,
        pub countdown: RefCell<Option<glib::SourceId>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Conversations {
        const NAME: &'static str = "StarlingConversations";
        type Type = super::Conversations;
        type ParentType = adw::NavigationPage;

        fn class_init(class: &mut Self::Class) {
            ContactRequests::ensure_type();
            SidebarHandle::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
            menu::install_actions(class);
            class.install_property_action("conversations.availability", "availability");
            class.install_action("conversations.archived", None, |page, _, _| page.enter_archive());
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    #[glib::derived_properties]
    impl ObjectImpl for Conversations {
        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                vec![
                    // Chosen: show it. The flag says whether the person goes there.
                    glib::subclass::Signal::builder("chosen")
                        .param_types([ConversationObject::static_type(), bool::static_type()])
                        .build(),
                ]
            })
        }

        fn constructed(&self) {
            self.parent_constructed();
            let page = self.obj();
            page.set_up_list();
            page.set_up_search();
            page.set_up_menus();
        }

        fn dispose(&self) {
            if let Some(menu) = self.menu.take() {
                menu.unparent();
            }
            if let Some(countdown) = self.countdown.take() {
                countdown.remove();
            }
        }
    }

    impl WidgetImpl for Conversations {}
    impl NavigationPageImpl for Conversations {}

    impl Conversations {
        /// Tells every account. The menu shows the choice once it is on disk.
        fn choose_availability(&self, availability: &str) {
            let show = match availability {
                "away" => Show::Away,
                "busy" => Show::DoNotDisturb,
                _ => Show::Available,
            };
            let Some(bridge) = self.bridge.get() else { return };
            for account in bridge.account_objects() {
                let availability = Availability { show, ..account.presence() };
                bridge.tell(account.id(), AccountCommand::SetAvailability(availability));
            }
        }
    }

    #[gtk::template_callbacks]
    impl Conversations {
        #[template_callback]
        fn filter_changed(&self) {
            self.obj().apply_filter();
        }

        #[template_callback]
        fn leave_archive(&self) {
            self.archive_bar.set_visible(false);
            self.filter_bar.set_visible(true);
            self.obj().apply_filter();
        }

        #[template_callback]
        fn banner_clicked(&self) {
            self.obj().mend_trouble();
        }
    }
}

glib::wrapper! {
    /// The sidebar.
    pub struct Conversations(ObjectSubclass<imp::Conversations>)
        @extends adw::NavigationPage, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Conversations {
    pub fn set_bridge(&self, bridge: &Bridge) {
        let imp = self.imp();
        if imp.bridge.set(bridge.clone()).is_err() {
            return;
        }
        let model = ConversationsModel::new(bridge);
        imp.requests.set_bridge(bridge);
        model.connect_changed(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move || {
                page.imp().is_read.set(true);
                page.follow();
            }
        ));
        self.selection().set_model(Some(model.rows()));
        let _ = imp.model.set(model);
        self.watch_trouble(bridge);
        self.watch_own(bridge);
    }

    fn bridge(&self) -> &Bridge {
        self.imp().bridge.get().expect("nothing can be chosen before there is a service")
    }

    pub fn model(&self) -> Option<&ConversationsModel> {
        self.imp().model.get()
    }

    /// Calls `chosen` with a conversation that was chosen, and whether the person goes there:
    /// arrow keys only look.
    pub fn connect_chosen(&self, chosen: impl Fn(&ConversationObject, bool) + 'static) {
        self.connect_local("chosen", false, move |values| {
            if let (Some(Ok(object)), Some(Ok(goes))) =
                (values.get(1).map(glib::Value::get), values.get(2).map(glib::Value::get))
            {
                let object: ConversationObject = object;
                chosen(&object, goes);
            }
            None
        });
    }

    /// Marks what is open.
    pub fn set_open(&self, key: Option<ConversationKey>) {
        self.imp().open.set(key);
        self.follow();
    }

    /// The conversation above or below the open one, with unread ones or without.
    pub fn neighbour(&self, step: i32) -> Option<ConversationObject> {
        let rows = self.model()?.rows();
        let count = rows.n_items() as i32;
        let place = match self.place_of(self.imp().open.get()) {
            Some(place) => place as i32 + step,
            None if step > 0 => 0,
            None => count - 1,
        };
        (count > 0).then(|| rows.item(place.rem_euclid(count) as u32).and_downcast())?
    }

    /// Opens the search in everything.
    pub fn start_search(&self) {
        self.imp().search_button.set_active(true);
        self.search().start();
    }

    /// Ends the search. Says whether there was one.
    pub fn end_search(&self) -> bool {
        self.imp().search_button.is_active() && {
            self.imp().search_button.set_active(false);
            true
        }
    }

    /// The edge that can be dragged.
    pub fn handle(&self) -> &SidebarHandle {
        &self.imp().handle
    }

    pub fn open_menu(&self) {
        self.imp().menu_button.popup();
    }
}
