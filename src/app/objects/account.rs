use std::cell::{OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gdk, glib};
use model::{AccountId, AccountSettings, Availability, BareJid, ConnectionState, Show};
use session::Condition;

mod imp {
    use super::*;

    #[derive(Default, glib::Properties)]
    #[properties(wrapper_type = super::AccountObject)]
    pub struct AccountObject {
        pub id: OnceCell<AccountId>,
        pub condition: RefCell<Option<Condition>>,
        pub nickname: RefCell<Option<String>>,
        /// What others see: the state, and the words beside it.
        pub presence: RefCell<Option<Availability>>,
        /// The state as menus name it: `available`, `away` or `busy`.
        #[property(get)]
        pub availability: RefCell<String>,
        /// The address, or nothing while it was never opened.
        #[property(get)]
        pub address: RefCell<String>,
        /// What to call the account: the nickname, else the address.
        #[property(get)]
        pub name: RefCell<String>,
        /// The user's own picture.
        #[property(get, set, nullable)]
        pub picture: RefCell<Option<gdk::Texture>>,
        /// How it stands with its server, in a few words.
        #[property(get)]
        pub status: RefCell<String>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for AccountObject {
        const NAME: &'static str = "StarlingAccountObject";
        type Type = super::AccountObject;
    }

    #[glib::derived_properties]
    impl ObjectImpl for AccountObject {}
}

glib::wrapper! {
    /// An account on this device.
    pub struct AccountObject(ObjectSubclass<imp::AccountObject>);
}

impl AccountObject {
    pub fn new(id: AccountId) -> Self {
        let account: Self = glib::Object::new();
        let _ = account.imp().id.set(id);
        account
    }

    pub fn id(&self) -> AccountId {
        *self.imp().id.get().expect("an account object is made with its id")
    }

    /// The domain of the account: its server, for people.
    pub fn server(&self) -> String {
        let address = self.address();
        address.split_once('@').map_or(address.clone(), |(_, domain)| domain.to_owned())
    }

    pub fn condition(&self) -> Condition {
        self.imp().condition.borrow().clone().unwrap_or(Condition::Opening)
    }

    pub fn is_online(&self) -> bool {
        self.condition() == Condition::Open(ConnectionState::Online)
    }

    /// Whether the user wants it online, whether it is or not.
    pub fn is_wanted_online(&self) -> bool {
        self.condition() != Condition::Open(ConnectionState::Offline)
    }

    /// What other people call the user, if they chose a name.
    pub fn nickname(&self) -> Option<String> {
        self.imp().nickname.borrow().clone()
    }

    /// What others see of the user.
    pub fn presence(&self) -> Availability {
        let presence = self.imp().presence.borrow().clone();
        presence.unwrap_or(Availability { show: Show::Available, status: None })
    }

    pub fn set_condition(&self, condition: Condition) {
        if self.imp().condition.borrow().as_ref() == Some(&condition) {
            return;
        }
        self.imp().status.replace(crate::connection_words::status(&condition));
        self.imp().condition.replace(Some(condition));
        self.notify_status();
    }

    pub fn take_address(&self, address: &BareJid) {
        if self.imp().address.borrow().as_str() != address.as_str() {
            self.imp().address.replace(address.to_string());
            self.notify_address();
            self.update_name();
        }
    }

    pub fn take_profile(&self, nickname: Option<String>, settings: &AccountSettings, presence: Availability) {
        self.take_address(&settings.address);
        self.imp().nickname.replace(nickname);
        self.update_name();
        let availability = match presence.show {
            Show::Away | Show::ExtendedAway => "away",
            Show::DoNotDisturb => "busy",
            Show::Available | Show::FreeForChat | Show::Offline => "available",
        };
        self.imp().presence.replace(Some(presence));
        if self.availability() != availability {
            self.imp().availability.replace(availability.to_owned());
            self.notify_availability();
        }
    }

    fn update_name(&self) {
        let name = self.nickname().filter(|name| !name.is_empty()).unwrap_or_else(|| self.address());
        if self.name() != name {
            self.imp().name.replace(name);
            self.notify_name();
        }
    }
}
