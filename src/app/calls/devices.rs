//! Other devices, in the middle of a call.

use adw::prelude::*;
use gtk::gio;

use super::DeviceRows;
use crate::i18n::gettext;

/// Opens the choice of devices over a window.
pub fn present(parent: &impl IsA<gtk::Widget>, settings: &gio::Settings) {
    let page = adw::PreferencesPage::new();
    page.add(&DeviceRows::new(settings));
    let view = adw::ToolbarView::builder().content(&page).build();
    view.add_top_bar(&adw::HeaderBar::new());
    let dialog = adw::Dialog::builder().title(gettext("Devices")).content_width(520).child(&view).build();
    dialog.present(Some(parent));
}
