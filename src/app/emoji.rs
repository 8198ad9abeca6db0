use gtk::prelude::*;

use crate::i18n::gettext;

/// What emoji are chosen from. GTK leaves its search without a name.
pub fn chooser() -> gtk::EmojiChooser {
    let chooser = gtk::EmojiChooser::new();
    if let Some(search) = first_search(chooser.upcast_ref()) {
        search.update_property(&[gtk::accessible::Property::Label(&gettext("Search emoji"))]);
    }
    chooser
}

fn first_search(widget: &gtk::Widget) -> Option<gtk::SearchEntry> {
    let mut child = widget.first_child();
    while let Some(widget) = child {
        if let Some(found) = widget.downcast_ref().cloned().or_else(|| first_search(&widget)) {
            return Some(found);
        }
        child = widget.next_sibling();
    }
    None
}
