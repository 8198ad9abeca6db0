//! The server's form as rows, one for each field.
//!
//! The password gets a switch of its own: a strong one is made unless the person wants to choose
//! it, and it can be copied, because this is the only time that it is shown.

use std::rc::Rc;

use adw::prelude::*;
use gtk::{gdk, glib};
use model::{FormField, FormFieldKind, RegistrationForm};

use super::password;
use crate::i18n::gettext;

/// The shortest password a person may choose.
const SHORTEST: usize = 6;

/// The rows of a form.
#[derive(Clone, Debug)]
pub struct FormRows {
    form: Rc<RegistrationForm>,
    /// One for each field; nothing for a hidden one.
    inputs: Rc<Vec<Option<Input>>>,
    widgets: Vec<gtk::Widget>,
}

#[derive(Clone, Debug)]
enum Input {
    Line(adw::EntryRow),
    Flag(adw::SwitchRow),
    Choice(adw::ComboRow, Vec<String>),
}

impl FormRows {
    /// Adds the rows of `form` to `group`.
    pub fn new(form: RegistrationForm, group: &adw::PreferencesGroup) -> Self {
        group.set_title(&glib::markup_escape_text(&form.domain));
        group.set_description(form.instructions.as_deref().map(glib::markup_escape_text).as_deref());
        let mut widgets = Vec::new();
        let inputs = form.fields.iter().map(|field| input(field, &mut widgets)).collect();
        for widget in &widgets {
            group.add(widget);
        }
        Self { form: Rc::new(form), inputs: Rc::new(inputs), widgets }
    }

    /// Takes the rows out again.
    pub fn remove_from(&self, group: &adw::PreferencesGroup) {
        for widget in &self.widgets {
            group.remove(widget);
        }
    }

    /// Whether all that must be filled in is.
    pub fn is_complete(&self) -> bool {
        self.form.fields.iter().zip(self.inputs.iter()).all(|(field, input)| {
            let Some(input) = input else { return true };
            let value = input.value();
            match field.kind {
                FormFieldKind::Password => value.chars().count() >= SHORTEST,
                FormFieldKind::Username => !value.trim().is_empty() && !value.contains(['@', '/', ' ']),
                _ => !field.required || !value.is_empty(),
            }
        })
    }

    /// The form with what was entered.
    pub fn filled(&self) -> RegistrationForm {
        let mut form = (*self.form).clone();
        for (field, input) in form.fields.iter_mut().zip(self.inputs.iter()) {
            if let Some(input) = input {
                field.value = input.value();
                if field.kind == FormFieldKind::Username {
                    field.value = field.value.trim().to_owned();
                }
            }
        }
        form
    }

    /// Goes to the first row.
    pub fn grab_focus(&self) {
        if let Some(widget) = self.widgets.iter().find(|widget| widget.is_focusable() || widget.can_focus()) {
            widget.grab_focus();
        }
    }

    pub fn connect_changed(&self, changed: impl Fn() + Clone + 'static) {
        for input in self.inputs.iter().flatten() {
            let changed = changed.clone();
            match input {
                Input::Line(row) => {
                    row.connect_changed(move |_| changed());
                }
                Input::Flag(row) => {
                    row.connect_active_notify(move |_| changed());
                }
                Input::Choice(row, _) => {
                    row.connect_selected_notify(move |_| changed());
                }
            }
        }
    }

    pub fn connect_submitted(&self, submitted: impl Fn() + Clone + 'static) {
        for input in self.inputs.iter().flatten() {
            if let Input::Line(row) = input {
                let submitted = submitted.clone();
                row.connect_entry_activated(move |_| submitted());
            }
        }
    }
}

impl Input {
    fn value(&self) -> String {
        match self {
            Self::Line(row) => row.text().into(),
            Self::Flag(row) => if row.is_active() { "1" } else { "0" }.to_owned(),
            Self::Choice(row, values) => values.get(row.selected() as usize).cloned().unwrap_or_default(),
        }
    }
}

/// The input for a field. What a server calls it is shown as it is, never as markup.
fn input(field: &FormField, widgets: &mut Vec<gtk::Widget>) -> Option<Input> {
    let label = field.label.clone().unwrap_or_else(|| field.name.clone());
    match &field.kind {
        FormFieldKind::Username => {
            let row = adw::EntryRow::builder().title(gettext("User Name")).text(&field.value).build();
            row.set_input_hints(gtk::InputHints::NO_SPELLCHECK | gtk::InputHints::LOWERCASE);
            widgets.push(row.clone().upcast());
            Some(Input::Line(row))
        }
        FormFieldKind::Password => Some(Input::Line(password_rows(widgets))),
        FormFieldKind::Text => {
            let row = adw::EntryRow::builder().title(label).text(&field.value).use_markup(false).build();
            widgets.push(row.clone().upcast());
            Some(Input::Line(row))
        }
        FormFieldKind::Secret => {
            let row =
                adw::PasswordEntryRow::builder().title(label).text(&field.value).use_markup(false).build();
            widgets.push(row.clone().upcast());
            Some(Input::Line(row.upcast()))
        }
        FormFieldKind::Flag => {
            let active = matches!(field.value.as_str(), "1" | "true");
            let row = adw::SwitchRow::builder().title(label).active(active).use_markup(false).build();
            widgets.push(row.clone().upcast());
            Some(Input::Flag(row))
        }
        FormFieldKind::Choice(choices) => {
            let names: Vec<&str> = choices.iter().map(|(_, name)| name.as_str()).collect();
            let row = adw::ComboRow::builder()
                .title(label)
                .model(&gtk::StringList::new(&names))
                .use_markup(false)
                .build();
            if let Some(place) = choices.iter().position(|(value, _)| *value == field.value) {
                row.set_selected(place as u32);
            }
            widgets.push(row.clone().upcast());
            Some(Input::Choice(row, choices.iter().map(|(value, _)| value.clone()).collect()))
        }
        FormFieldKind::Note => {
            let row = adw::ActionRow::builder().title(label).subtitle(&field.value).use_markup(false).build();
            row.set_subtitle_selectable(true);
            widgets.push(row.upcast());
            None
        }
        FormFieldKind::Hidden => None,
    }
}

/// The password, made for the person unless they want their own: a made one can be read, one's own is typed.
fn password_rows(widgets: &mut Vec<gtk::Widget>) -> adw::EntryRow {
    let made = adw::ActionRow::builder()
        .title(gettext("Password"))
        .use_markup(false)
        .subtitle_selectable(true)
        .css_classes(["property", "monospace"])
        .build();
    let row = adw::PasswordEntryRow::builder().title(gettext("Password")).text(password::strong()).build();
    row.bind_property("text", &made, "subtitle").sync_create().build();
    made.bind_property("visible", &row, "visible").invert_boolean().sync_create().build();
    let copy = gtk::Button::builder()
        .icon_name("edit-copy-symbolic")
        .tooltip_text(gettext("Copy Password"))
        .valign(gtk::Align::Center)
        .build();
    copy.add_css_class("flat");
    copy.connect_clicked(glib::clone!(
        #[weak]
        row,
        move |button| {
            let text = row.text().to_value();
            // Marked as a secret, so that clipboard managers do not keep it.
            let content = gdk::ContentProvider::new_union(&[
                gdk::ContentProvider::for_value(&text),
                gdk::ContentProvider::for_bytes(
                    "x-kde-passwordManagerHint",
                    &glib::Bytes::from_static(b"secret"),
                ),
            ]);
            // The clipboard of a closed display is the only thing that refuses.
            let _ = button.clipboard().set_content(Some(&content));
        }
    ));
    made.add_suffix(&copy);

    let own = adw::SwitchRow::builder()
        .title(gettext("Choose My Own Password"))
        .subtitle(gettext("A strong one was made for you. Keep a copy of it."))
        .build();
    own.connect_active_notify(glib::clone!(
        #[weak]
        row,
        #[weak]
        made,
        move |own| {
            made.set_visible(!own.is_active());
            if own.is_active() {
                row.set_text("");
                row.grab_focus();
            } else {
                row.set_text(&password::strong());
            }
        }
    ));
    widgets.extend([made.upcast(), row.clone().upcast(), own.upcast()]);
    row.upcast()
}
