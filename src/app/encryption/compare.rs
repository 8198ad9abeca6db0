//! Comparing by eye or by voice: both keys, large, and one question.

use std::rc::Rc;

use adw::prelude::*;
use gtk::glib;
use model::{Fingerprint, Trust};

use super::key_row;
use crate::i18n::{gettext, gettext_f};

/// A page that asks whether the key of a device is as its owner reads it, and decides once.
pub fn page(
    name: &str,
    key: Fingerprint,
    own: Option<Fingerprint>,
    decide: impl Fn(Trust) + 'static,
) -> adw::NavigationPage {
    let theirs = adw::PreferencesGroup::builder()
        .title(gettext_f("Key of {device}", &[("device", &glib::markup_escape_text(name))]))
        .description(gettext(
            "Look at the other device, or have its owner read the key to you. Every group must be the same.",
        ))
        .build();
    theirs.add(&key_row(key));
    let content = adw::PreferencesPage::new();
    content.add(&theirs);
    if let Some(own) = own {
        let ours = adw::PreferencesGroup::builder()
            .title(gettext("Key of This Device"))
            .description(gettext("The other side compares this one in turn."))
            .build();
        ours.add(&key_row(own));
        content.add(&ours);
    }

    let answers = adw::WrapBox::builder()
        .child_spacing(12)
        .line_spacing(12)
        .align(0.5)
        .margin_start(12)
        .margin_end(12)
        .margin_top(12)
        .margin_bottom(12)
        .build();
    let view = adw::ToolbarView::builder().content(&content).build();
    view.add_top_bar(&adw::HeaderBar::new());
    view.add_bottom_bar(&answers);
    let page = adw::NavigationPage::builder().title(gettext("Compare Keys")).child(&view).build();
    let decide = Rc::new(decide);
    for (label, class, trust) in [
        (gettext("They Differ"), "destructive-action", Trust::Untrusted),
        (gettext("They Match"), "suggested-action", Trust::Verified),
    ] {
        let button = gtk::Button::builder().label(label).css_classes(["pill", class]).build();
        let decide = Rc::clone(&decide);
        button.connect_clicked(move |button| {
            decide(trust);
            // Back to the device, which says what was decided.
            let _ = button.activate_action("navigation.pop", None);
        });
        answers.append(&button);
    }
    page
}
