//! Being sure of keys by QR code: one's own is shown, another's is read from the camera, the clipboard or a picture.

use std::cell::OnceCell;

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::{AccountCommand, AccountId, BareJid, Trust};

use super::{code, link::Link};
use crate::{
    bridge::Bridge,
    i18n::{gettext, gettext_f, ngettext_f},
    scanner,
};

/// Larger files are no pictures of codes.
const LARGEST_FILE: i64 = 32 * 1024 * 1024;

const SCAN: &str = "codes.scan";

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Codes {
        pub about: OnceCell<(Bridge, AccountId, BareJid)>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Codes {
        const NAME: &'static str = "StarlingCodes";
        type Type = super::Codes;
        type ParentType = adw::PreferencesGroup;

        fn class_init(class: &mut Self::Class) {
            class.install_action("codes.show", None, |codes, _, _| {
                if let Some((bridge, account, _)) = codes.imp().about.get() {
                    code::present(codes, bridge, *account);
                }
            });
            class.install_action_async(SCAN, None, |codes, _, _| async move {
                let refusal = gettext("This code names no keys.");
                if let Some(link) = scanner::scan(&codes, &refusal, Link::read).await {
                    codes.verify(link).await;
                }
            });
            class.install_action_async("codes.paste", None, |codes, _, _| async move {
                codes.paste().await;
            });
            class.install_action_async("codes.open", None, |codes, _, _| async move {
                codes.open().await;
            });
        }
    }

    impl ObjectImpl for Codes {}
    impl WidgetImpl for Codes {}
    impl PreferencesGroupImpl for Codes {}
}

glib::wrapper! {
    /// The group of buttons about QR codes.
    pub struct Codes(ObjectSubclass<imp::Codes>)
        @extends adw::PreferencesGroup, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Codes {
    /// For the keys of `owner`, as `account` knows them.
    pub fn new(bridge: &Bridge, account: AccountId, owner: &BareJid) -> Self {
        let codes: Self = glib::Object::new();
        let _ = codes.imp().about.set((bridge.clone(), account, owner.clone()));
        codes.set_title(&gettext("QR Codes"));
        codes.set_description(Some(&gettext(
            "A code names an address and its keys. Take it from the other's screen, or over a way you trust.",
        )));
        for (title, icon, action) in [
            (gettext("Show QR Code"), "view-app-grid-symbolic", "codes.show"),
            (gettext("Scan with Camera"), "camera-photo-symbolic", SCAN),
            (gettext("Verify with Link from Clipboard"), "edit-paste-symbolic", "codes.paste"),
            (gettext("Verify with Picture of QR Code…"), "image-x-generic-symbolic", "codes.open"),
        ] {
            let row = adw::ButtonRow::builder().title(title).start_icon_name(icon).build();
            row.set_action_name(Some(action));
            codes.add(&row);
            if action == SCAN {
                scanner::offer(&row, &codes);
            }
        }
        codes
    }

    async fn paste(&self) {
        let text = self.clipboard().read_text_future().await.ok().flatten();
        match text.as_deref().and_then(Link::read) {
            Some(link) => self.verify(link).await,
            None => self.say(
                &gettext("No Keys in the Clipboard"),
                &gettext("Copy the link that the other app shows with its code; it begins with xmpp: and names keys."),
            ),
        }
    }

    async fn open(&self) {
        let filter = gtk::FileFilter::new();
        filter.set_name(Some(&gettext("Pictures")));
        filter.add_mime_type("image/*");
        let filters = gio::ListStore::new::<gtk::FileFilter>();
        filters.append(&filter);
        let chooser =
            gtk::FileDialog::builder().title(gettext("Picture of a QR Code")).filters(&filters).build();
        let window = self.root().and_downcast::<gtk::Window>();
        let Ok(file) = chooser.open_future(window.as_ref()).await else { return };
        let texts = match load(&file).await {
            Some(bytes) => code::read(bytes).await,
            None => Vec::new(),
        };
        match texts.iter().find_map(|text| Link::read(text)) {
            Some(link) => self.verify(link).await,
            None => self.say(
                &gettext("No Keys in This Picture"),
                &gettext("The picture must show a whole QR code that names keys, sharp and not too small."),
            ),
        }
    }

    /// Believes what a link says.
    async fn verify(&self, link: Link) {
        let Some((bridge, account, owner)) = self.imp().about.get() else { return };
        if link.address != *owner {
            self.say(
                &gettext("A Code of Somebody Else"),
                &gettext_f(
                    "The code is of {other}, and these are the devices of {owner}.",
                    &[("other", link.address.as_str()), ("owner", owner.as_str())],
                ),
            );
            return;
        }
        let Some(reader) = bridge.session().reader(*account) else { return };
        let Ok(devices) = reader.devices(owner.clone()).await else { return };
        let verdict = link.judge(&devices);
        let tell = |keys: &[model::Fingerprint], trust| {
            for key in keys {
                bridge.tell(*account, AccountCommand::SetTrust(owner.clone(), *key, trust));
            }
        };
        tell(&verdict.right, Trust::Verified);
        tell(&verdict.wrong, Trust::Untrusted);
        if !verdict.wrong.is_empty() {
            self.say(
                &gettext("Keys Differ"),
                &gettext_f(
                    "A device that claims to belong to {owner} has another key than the code says. Somebody may be in between. It is no longer trusted.",
                    &[("owner", owner.as_str())],
                ),
            );
        } else if verdict.right.is_empty() {
            self.say(
                &gettext("No Such Devices Here"),
                &gettext("The code names none of the devices that are known here. Try again when both of you are online."),
            );
        } else {
            let count = verdict.right.len() as u32;
            self.say(
                &gettext("Keys Match"),
                &ngettext_f("{n} device is verified.", "{n} devices are verified.", count, &[]),
            );
        }
    }

    fn say(&self, heading: &str, body: &str) {
        let dialog = adw::AlertDialog::new(Some(heading), Some(body));
        dialog.add_response("close", &gettext("_Close"));
        dialog.present(Some(self));
    }
}

async fn load(file: &gio::File) -> Option<Vec<u8>> {
    let info = file
        .query_info_future("standard::size", gio::FileQueryInfoFlags::NONE, glib::Priority::DEFAULT)
        .await
        .ok()?;
    if info.size() > LARGEST_FILE {
        return None;
    }
    Some(file.load_contents_future().await.ok()?.0.to_vec())
}
