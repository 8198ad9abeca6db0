//! Every key, in one table.
//!
//! The keys of a widget are installed by the widget (`install`), under the prefix of its
//! actions, and the list that Ctrl+? opens is made from the same table, so the two cannot
//! differ. The shortcuts are global in their window: they work wherever the focus is, and run
//! on the widget that owns the action.

use adw::prelude::*;

use crate::i18n::gettext;

/// One line of the table.
struct Key {
    /// What GTK calls it; several for the same thing are separated by a space.
    accelerators: &'static str,
    /// The action, or `None` where the widget handles the key itself and it is only listed.
    action: Option<&'static str>,
    /// What it does, for people.
    title: &'static str,
    section: Section,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    General,
    Conversations,
    Writing,
}

/// Marks a string for translation; it is translated when the list is made.
const fn gettext_noop(text: &'static str) -> &'static str {
    text
}

const KEYS: &[Key] = &[
    key("<Control>k", "window.switch", gettext_noop("Switch conversation"), Section::General),
    key("<Control>n", "window.new-conversation", gettext_noop("New conversation"), Section::General),
    key("<Control><Shift>f", "window.search", gettext_noop("Search everywhere"), Section::General),
    key("<Control>comma", "window.preferences", gettext_noop("Preferences"), Section::General),
    key("<Control>question", "window.shortcuts", gettext_noop("Keyboard shortcuts"), Section::General),
    key("F10", "window.menu", gettext_noop("Main menu"), Section::General),
    key("<Control>w", "window.close", gettext_noop("Close the window"), Section::General),
    key("<Control>q", "app.quit", gettext_noop("Quit"), Section::General),
    listed("Escape", gettext_noop("Close what is on top"), Section::General),
    key(
        "<Alt>Up <Control><Shift>Tab",
        "window.previous",
        gettext_noop("Previous conversation"),
        Section::Conversations,
    ),
    key("<Alt>Down <Control>Tab", "window.next", gettext_noop("Next conversation"), Section::Conversations),
    key(
        "<Control>f",
        "conversation.search",
        gettext_noop("Search in the conversation"),
        Section::Conversations,
    ),
    key("<Control>i", "conversation.details", gettext_noop("Details"), Section::Conversations),
    listed("Return", gettext_noop("Send, or break the line (see Preferences)"), Section::Writing),
    listed("<Shift>Return", gettext_noop("Break the line, or send"), Section::Writing),
    listed("Up", gettext_noop("Edit the last own message"), Section::Writing),
    key("<Control>period", "composer.emoji", gettext_noop("Insert an emoji"), Section::Writing),
];

const fn key(accelerators: &'static str, action: &'static str, title: &'static str, section: Section) -> Key {
    Key { accelerators, action: Some(action), title, section }
}

const fn listed(accelerators: &'static str, title: &'static str, section: Section) -> Key {
    Key { accelerators, action: None, title, section }
}

/// Gives a widget the keys of its own actions: those that begin with `prefix.`.
pub fn install(widget: &impl IsA<gtk::Widget>, prefix: &str) {
    let controller = gtk::ShortcutController::new();
    controller.set_scope(gtk::ShortcutScope::Global);
    // Before the text that has the focus: Alt+Up would otherwise move its cursor.
    controller.set_propagation_phase(gtk::PropagationPhase::Capture);
    for key in KEYS {
        let Some(action) = key.action.filter(|action| action.split('.').next() == Some(prefix)) else {
            continue;
        };
        for accelerator in key.accelerators.split(' ') {
            controller.add_shortcut(gtk::Shortcut::new(
                gtk::ShortcutTrigger::parse_string(accelerator),
                Some(gtk::NamedAction::new(action)),
            ));
        }
    }
    widget.add_controller(controller);
}

/// The list of all keys.
pub fn present(parent: &impl IsA<gtk::Widget>) {
    let page = adw::PreferencesPage::new();
    let sections = [
        (Section::General, gettext("General")),
        (Section::Conversations, gettext("Conversations")),
        (Section::Writing, gettext("Writing")),
    ];
    for (section, title) in sections {
        let group = adw::PreferencesGroup::builder().title(title).build();
        for key in KEYS.iter().filter(|key| key.section == section) {
            group.add(&row(key));
        }
        page.add(&group);
    }

    let view = adw::ToolbarView::builder().content(&page).build();
    view.add_top_bar(&adw::HeaderBar::new());
    let title = gettext("Keyboard Shortcuts");
    let dialog =
        adw::Dialog::builder().title(title).content_width(460).content_height(640).child(&view).build();
    dialog.present(Some(parent));
}

fn row(key: &Key) -> adw::ActionRow {
    let row = adw::ActionRow::builder().title(gettext(key.title)).use_markup(false).build();
    // The first is the one to learn; the others are for hands that know them from elsewhere.
    let accelerator = key.accelerators.split(' ').next().unwrap_or_default();
    let label = gtk::Label::builder()
        .label(words(accelerator))
        .css_classes(["keys", "numeric"])
        .valign(gtk::Align::Center)
        .build();
    row.add_suffix(&label);
    row
}

/// A key in words.
fn words(accelerator: &str) -> String {
    gtk::accelerator_parse(accelerator).map_or_else(
        || accelerator.to_owned(),
        |(key, modifiers)| gtk::accelerator_get_label(key, modifiers).into(),
    )
}
