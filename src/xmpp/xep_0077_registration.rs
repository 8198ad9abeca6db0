//! XEP-0077: in-band registration: the form a server wants filled in for a new account, and a new password.
//!
//! A server asks in two ways: by the fields of 2001, one element each, or by a data form (XEP-0004), which then
//! counts (§4). [`form`] makes one kind of form of both, and [`submission`] answers in the way that was asked.

use minidom::Element;
use model::{FormField, FormFieldKind, RegistrationForm};

use crate::{
    payload::{clamp, parent_tag, tag, text_tag},
    stanza::words_for_people,
    xep_0004_data_forms::{Field, Form, NS as NS_DATA},
};

/// The namespace.
pub const NS: &str = "jabber:iq:register";
/// The stream feature of a server that registers (§8).
pub const NS_FEATURE: &str = "http://jabber.org/features/iq-register";

/// The fields of 2001 (§14.1) that a person fills in.
const FIELDS: [&str; 16] = [
    "username", "nick", "password", "name", "first", "last", "email", "address", "city", "state", "zip",
    "phone", "url", "date", "misc", "text",
];

/// More than this is nothing a person fills in.
const MAX_OPTIONS: usize = 128;
const MAX_VALUE: usize = 4096;

/// Asks for the form, in an IQ of type `get` (§3.1.1).
#[must_use]
pub fn query() -> Element {
    tag("query", NS, &[])
}

/// Whether the server says that this account exists already (§3.1.1).
#[must_use]
pub fn is_registered(query: &Element) -> bool {
    query.has_child("registered", NS)
}

/// The form in the server's answer; `None` when there is nothing to fill in here, such as when a web page does it.
#[must_use]
pub fn form(domain: &str, query: &Element) -> Option<RegistrationForm> {
    let instructions = query.get_child("instructions", NS).and_then(|child| words_for_people(&child.text()));
    if let Some(form) = query.get_child("x", NS_DATA).and_then(Form::read) {
        let words = words_for_people(&form.instructions.join("\n"));
        return Some(RegistrationForm {
            domain: domain.to_owned(),
            instructions: words.or(instructions),
            fields: form.fields.into_iter().filter_map(data_field).collect(),
        });
    }
    let mut fields: Vec<FormField> = Vec::new();
    for child in query.children().filter(|child| child.has_ns(NS)) {
        let name = child.name();
        // `key` is an old protection against forgery that has to come back as it was (§14.1).
        if (FIELDS.contains(&name) || name == "key") && !fields.iter().any(|field| field.name == name) {
            fields.push(FormField {
                name: name.to_owned(),
                label: None,
                kind: legacy_kind(name),
                required: name != "key",
                value: clamp(child.text(), MAX_VALUE),
            });
        }
    }
    let useful = fields.iter().any(|field| field.kind != FormFieldKind::Hidden);
    useful.then(|| RegistrationForm { domain: domain.to_owned(), instructions, fields })
}

fn legacy_kind(name: &str) -> FormFieldKind {
    match name {
        "username" => FormFieldKind::Username,
        "password" => FormFieldKind::Password,
        "key" => FormFieldKind::Hidden,
        _ => FormFieldKind::Text,
    }
}

fn data_field(field: Field) -> Option<FormField> {
    let value = clamp(field.value().unwrap_or_default().to_owned(), MAX_VALUE);
    let label = field.label.as_deref().and_then(words_for_people);
    if field.kind == "fixed" {
        let words = words_for_people(&field.values.join("\n"))?;
        let name = field.var.unwrap_or_default();
        return Some(FormField { name, label, kind: FormFieldKind::Note, required: false, value: words });
    }
    let name = field.var.filter(|name| !name.is_empty())?;
    let kind = match (field.kind.as_str(), name.as_str()) {
        ("hidden", _) => FormFieldKind::Hidden,
        ("boolean", _) => FormFieldKind::Flag,
        ("list-single" | "list-multi", _) => FormFieldKind::Choice(choices(&field.options)),
        (_, "username") => FormFieldKind::Username,
        (_, "password") => FormFieldKind::Password,
        ("text-private", _) => FormFieldKind::Secret,
        _ => FormFieldKind::Text,
    };
    let value = match (&kind, value.as_str()) {
        (FormFieldKind::Flag, "1" | "true") => "1".to_owned(),
        (FormFieldKind::Flag, _) => "0".to_owned(),
        _ => value,
    };
    Some(FormField { name, label, kind, required: field.required, value })
}

fn choices(options: &[(Option<String>, String)]) -> Vec<(String, String)> {
    let label = |label: &Option<String>, value: &String| {
        label.as_deref().and_then(words_for_people).or_else(|| words_for_people(value)).unwrap_or_default()
    };
    options.iter().take(MAX_OPTIONS).map(|(name, value)| (value.clone(), label(name, value))).collect()
}

/// The filled-in form, in an IQ of type `set` (§3.1.1). `as_data_form` says how the server asked:
/// by a data form ([`asks_by_data_form`]) or by the fields of 2001.
#[must_use]
pub fn submission(form: &RegistrationForm, as_data_form: bool) -> Element {
    let filled = form.fields.iter().filter(|field| field.kind != FormFieldKind::Note);
    if as_data_form {
        let fields = filled.map(|field| Field::text(&field.name, &field.value));
        return parent_tag("query", NS, &[], [Form::submit(None, fields.collect()).element()]);
    }
    let known = filled.filter(|field| FIELDS.contains(&field.name.as_str()) || field.name == "key");
    parent_tag("query", NS, &[], known.map(|field| text_tag(&field.name, NS, &field.value)))
}

/// Whether the server's answer asks by a data form.
#[must_use]
pub fn asks_by_data_form(query: &Element) -> bool {
    query.has_child("x", NS_DATA)
}

/// Changes the password, in an IQ of type `set` (§3.3).
#[must_use]
pub fn password_change(username: &str, password: &str) -> Element {
    parent_tag("query", NS, &[], [text_tag("username", NS, username), text_tag("password", NS, password)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(inner: &str) -> Element {
        format!("<query xmlns='{NS}'>{inner}</query>").parse().unwrap()
    }

    #[test]
    fn the_fields_of_2001_are_read_and_answered() {
        let query = parse(
            "<instructions>Choose\u{202e} a name.</instructions><username/><password/><email/><key>k</key><evil/>\
             <username/>",
        );
        assert!(!asks_by_data_form(&query) && !is_registered(&query));
        let mut form = form("example.org", &query).unwrap();
        assert_eq!(form.instructions.as_deref(), Some("Choose a name."));
        let kinds: Vec<_> = form.fields.iter().map(|field| field.kind.clone()).collect();
        assert_eq!(
            kinds,
            [FormFieldKind::Username, FormFieldKind::Password, FormFieldKind::Text, FormFieldKind::Hidden]
        );
        for field in &mut form.fields {
            if field.kind != FormFieldKind::Hidden {
                field.value = format!("my {}", field.name);
            }
        }
        let answer = submission(&form, false);
        assert_eq!(answer.get_child("username", NS).unwrap().text(), "my username");
        assert_eq!(answer.get_child("key", NS).unwrap().text(), "k");
    }

    #[test]
    fn a_data_form_counts_more() {
        let query = parse(
            "<username/><password/><x xmlns='jabber:x:data' type='form'><instructions>Please</instructions>\
             <field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field>\
             <field type='fixed'><value>Rules</value></field>\
             <field type='text-single' var='username' label='Name'><required/></field>\
             <field type='text-private' var='password'/><field type='boolean' var='agree'><value>true</value></field>\
             <field type='list-single' var='from'><option label='Here'><value>h</value></option></field>\
             <field type='text-single'/></x>",
        );
        assert!(asks_by_data_form(&query));
        let form = form("example.org", &query).unwrap();
        assert_eq!(form.fields.len(), 6);
        assert_eq!(form.fields[2].label.as_deref(), Some("Name"));
        assert!(form.fields[2].required);
        assert_eq!(form.fields[4].value, "1");
        assert_eq!(form.fields[5].kind, FormFieldKind::Choice(vec![("h".to_owned(), "Here".to_owned())]));
        let answer = submission(&form, true);
        let sent = Form::read(answer.get_child("x", NS_DATA).unwrap()).unwrap();
        assert_eq!(sent.form_type(), Some(NS));
        assert_eq!(sent.value("agree"), Some("1"));
        assert_eq!(sent.fields.len(), 5);
    }

    #[test]
    fn nothing_to_fill_in_is_no_form() {
        assert_eq!(form("example.org", &parse("<instructions>See the web page</instructions>")), None);
        assert!(is_registered(&parse("<registered/>")));
    }

    #[test]
    fn a_password_change_names_the_user() {
        let change = password_change("juliet", "new<pass");
        assert_eq!(change.get_child("username", NS).unwrap().text(), "juliet");
        assert_eq!(change.get_child("password", NS).unwrap().text(), "new<pass");
    }
}
