//! One account: how others see the user, whether it is online, whom it blocks, and its end.

use std::cell::{Cell, OnceCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::{AccountCommand, Availability, Command};

use super::blocked::Blocked;
use crate::{
    bridge::Bridge,
    i18n::{gettext, gettext_f},
    objects::AccountObject,
    pictures,
};

/// Larger files are no pictures of faces.
const LARGEST_FILE: i64 = 32 * 1024 * 1024;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/account_page.ui")]
    pub struct AccountPage {
        #[template_child]
        pub avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub remove_picture: TemplateChild<gtk::Button>,
        #[template_child]
        pub address_row: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub name_row: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub status_row: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub enabled_row: TemplateChild<adw::SwitchRow>,
        #[template_child]
        pub blocked: TemplateChild<Blocked>,
        pub bridge: OnceCell<Bridge>,
        pub account: OnceCell<AccountObject>,
        /// The switch is being set by us.
        pub filling: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for AccountPage {
        const NAME: &'static str = "StarlingAccountPage";
        type Type = super::AccountPage;
        type ParentType = adw::NavigationPage;

        fn class_init(class: &mut Self::Class) {
            Blocked::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
            class.install_action_async("account.choose-picture", None, |page, _, _| async move {
                page.choose_picture().await;
            });
            class.install_action("account.remove-picture", None, |page, _, _| {
                page.tell(AccountCommand::SetAvatar(None));
            });
            class.install_action_async("account.remove", None, |page, _, _| async move {
                page.remove().await;
            });
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for AccountPage {}
    impl WidgetImpl for AccountPage {}
    impl NavigationPageImpl for AccountPage {}

    #[gtk::template_callbacks]
    impl AccountPage {
        #[template_callback]
        fn name_applied(&self) {
            let name = self.name_row.text().trim().to_owned();
            self.obj().tell(AccountCommand::SetNickname(Some(name).filter(|name| !name.is_empty())));
        }

        #[template_callback]
        fn status_applied(&self) {
            self.obj().apply_status();
        }

        #[template_callback]
        fn enabled_toggled(&self) {
            if !self.filling.get() {
                let on = self.enabled_row.is_active();
                self.obj().tell(if on { AccountCommand::Connect } else { AccountCommand::Disconnect });
            }
        }
    }
}

glib::wrapper! {
    /// The page of one account.
    pub struct AccountPage(ObjectSubclass<imp::AccountPage>)
        @extends adw::NavigationPage, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl AccountPage {
    pub fn new(bridge: &Bridge, account: &AccountObject) -> Self {
        let page: Self = glib::Object::new();
        let imp = page.imp();
        let _ = imp.bridge.set(bridge.clone());
        let _ = imp.account.set(account.clone());
        account.bind_property("address", &page, "title").sync_create().build();
        account.bind_property("name", &imp.avatar.get(), "text").sync_create().build();
        account.bind_property("picture", &imp.avatar.get(), "custom-image").sync_create().build();
        account.bind_property("address", &imp.address_row.get(), "subtitle").sync_create().build();
        account.bind_property("status", &imp.enabled_row.get(), "subtitle").sync_create().build();
        account
            .bind_property("picture", &imp.remove_picture.get(), "visible")
            .transform_to(|_, picture: Option<gtk::gdk::Texture>| Some(picture.is_some()))
            .sync_create()
            .build();
        fill(&imp.name_row, &account.nickname().unwrap_or_default());
        fill(&imp.status_row, &account.presence().status.unwrap_or_default());
        page.show_enabled();
        account.connect_status_notify(glib::clone!(
            #[weak]
            page,
            move |_| page.show_enabled()
        ));
        imp.blocked.set_account(bridge, account);
        page
    }

    fn account(&self) -> &AccountObject {
        self.imp().account.get().expect("a page is made with its account")
    }

    fn bridge(&self) -> &Bridge {
        self.imp().bridge.get().expect("a page is made with its bridge")
    }

    fn tell(&self, command: AccountCommand) {
        self.bridge().tell(self.account().id(), command);
    }

    fn show_enabled(&self) {
        let imp = self.imp();
        imp.filling.set(true);
        imp.enabled_row.set_active(self.account().is_wanted_online());
        imp.filling.set(false);
    }

    fn apply_status(&self) {
        let text = self.imp().status_row.text().trim().to_owned();
        let status = Some(text).filter(|text| !text.is_empty());
        let account = self.account();
        let show = account.presence().show;
        self.tell(AccountCommand::SetAvailability(Availability { show, status }));
    }

    async fn choose_picture(&self) {
        let pictures = gtk::FileFilter::new();
        pictures.set_name(Some(&gettext("Pictures")));
        pictures.add_mime_type("image/png");
        pictures.add_mime_type("image/jpeg");
        pictures.add_mime_type("image/webp");
        pictures.add_mime_type("image/gif");
        let dialog = gtk::FileDialog::builder()
            .title(gettext("Choose Picture"))
            .filters(&[pictures].into_iter().collect::<gio::ListStore>())
            .build();
        let window = self.root().and_downcast::<gtk::Window>();
        // An error here means that the person closed the dialog.
        let Ok(file) = dialog.open_future(window.as_ref()).await else { return };
        match read_picture(&file).await {
            Some(picture) => self.tell(AccountCommand::SetAvatar(Some(picture))),
            None => self.say(&gettext("This file is no picture that can be used.")),
        }
    }

    async fn remove(&self) {
        let dialog = adw::AlertDialog::new(
            Some(&gettext("Remove Account from This Device?")),
            Some(&gettext_f(
                "All messages of {address} on this device are deleted. The account itself stays, with what the server keeps.",
                &[("address", &self.account().address())],
            )),
        );
        dialog.add_responses(&[("cancel", &gettext("_Cancel")), ("remove", &gettext("_Remove"))]);
        dialog.set_response_appearance("remove", adw::ResponseAppearance::Destructive);
        dialog.set_default_response(Some("cancel"));
        dialog.set_close_response("cancel");
        if dialog.choose_future(Some(self)).await == "remove" {
            self.bridge().send(Command::RemoveAccount(self.account().id()));
        }
    }

    fn say(&self, words: &str) {
        let dialog = self.ancestor(adw::PreferencesDialog::static_type());
        if let Some(dialog) = dialog.and_downcast::<adw::PreferencesDialog>() {
            dialog.add_toast(adw::Toast::new(words));
        }
    }
}

async fn read_picture(file: &gio::File) -> Option<(Vec<u8>, u32, u32)> {
    let info = file
        .query_info_future("standard::size", gio::FileQueryInfoFlags::NONE, glib::Priority::DEFAULT)
        .await
        .ok()?;
    if info.size() > LARGEST_FILE {
        return None;
    }
    let (bytes, _) = file.load_contents_future().await.ok()?;
    pictures::publishable(bytes.to_vec()).await
}

/// Sets the text without an offer to apply it.
fn fill(row: &adw::EntryRow, text: &str) {
    row.set_show_apply_button(false);
    row.set_text(text);
    row.set_show_apply_button(true);
}
