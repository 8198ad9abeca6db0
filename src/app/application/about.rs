use adw::prelude::*;

use crate::i18n::gettext;

/// Says what this is, and who made it.
pub fn present(parent: &impl IsA<gtk::Widget>) {
    let about = adw::AboutDialog::builder()
        .application_icon(crate::APP_ID)
        .application_name("Starling")
        .version(env!("CARGO_PKG_VERSION"))
        .developer_name(gettext("The Starling contributors"))
        .comments(gettext("Private messaging on an open network"))
        .license_type(gtk::License::Gpl30)
        // Translators: put your names here, one a line. They are shown as the translators.
        .translator_credits(gettext("translator-credits"))
        .build();
    if about.translator_credits() == "translator-credits" {
        about.set_translator_credits("");
    }
    about.present(Some(parent));
}
