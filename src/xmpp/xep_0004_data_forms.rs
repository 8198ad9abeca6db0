//! XEP-0004: data forms.
//!
//! Used to ask archives, to set the options of nodes, to register, and inside the hash of XEP-0115.
//! Values are kept as they came: who shows them cleans them.

use minidom::Element;

use crate::payload::{clamp, parent_tag, tag, text_tag};

/// The namespace.
pub const NS: &str = "jabber:x:data";

/// More fields, values or options than this make no form that a person fills in.
const MAX_PARTS: usize = 256;
/// The longest value that is kept.
const MAX_VALUE: usize = 16 * 1024;

/// A form (§3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// `form`, `submit`, `cancel` or `result`.
    pub kind: String,
    /// What it is called.
    pub title: Option<String>,
    /// What to do, a line each.
    pub instructions: Vec<String>,
    /// The fields, in order.
    pub fields: Vec<Field>,
}

/// A field (§3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// Its name; notes may have none.
    pub var: Option<String>,
    /// Its type as written (§3.3); `text-single` when it does not say.
    pub kind: String,
    /// What to call it.
    pub label: Option<String>,
    /// Whether it must be filled in.
    pub required: bool,
    /// Its values.
    pub values: Vec<String>,
    /// What may be chosen, as label and value.
    pub options: Vec<(Option<String>, String)>,
}

impl Field {
    /// A field with one value, for a form that is sent.
    #[must_use]
    pub fn text(var: &str, value: &str) -> Self {
        Self { var: Some(var.to_owned()), values: vec![value.to_owned()], ..Self::default() }
    }

    /// The first value.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.values.first().map(String::as_str)
    }

    fn read(field: &Element) -> Self {
        let value = |element: &Element| clamp(element.text(), MAX_VALUE);
        Self {
            var: field.attr("var").map(str::to_owned),
            kind: field.attr("type").unwrap_or("text-single").to_owned(),
            label: field.attr("label").map(str::to_owned),
            required: field.has_child("required", NS),
            values: children(field, "value").map(value).collect(),
            options: children(field, "option")
                .filter_map(|option| {
                    Some((option.attr("label").map(str::to_owned), value(option.get_child("value", NS)?)))
                })
                .collect(),
        }
    }

    /// As sent with a form of type `submit`: type only where it matters, never label nor options.
    fn element(&self) -> Element {
        let var = self.var.as_deref().map(|var| ("var", var));
        let kind = (self.kind == "hidden").then_some(("type", "hidden"));
        let attributes: Vec<_> = var.into_iter().chain(kind).collect();
        parent_tag("field", NS, &attributes, self.values.iter().map(|value| text_tag("value", NS, value)))
    }
}

impl Form {
    /// A form that is sent, of a type (XEP-0068) if one is given.
    #[must_use]
    pub fn submit(form_type: Option<&str>, fields: Vec<Field>) -> Self {
        let form_type =
            form_type.map(|value| Field { kind: "hidden".to_owned(), ..Field::text("FORM_TYPE", value) });
        Self {
            kind: "submit".to_owned(),
            fields: form_type.into_iter().chain(fields).collect(),
            ..Self::default()
        }
    }

    /// Reads a form from its element.
    #[must_use]
    pub fn read(element: &Element) -> Option<Self> {
        element.is("x", NS).then(|| Self {
            kind: element.attr("type").unwrap_or_default().to_owned(),
            title: element.get_child("title", NS).map(Element::text),
            instructions: children(element, "instructions").map(Element::text).collect(),
            fields: children(element, "field").map(Field::read).collect(),
        })
    }

    /// Writes a form that is sent.
    #[must_use]
    pub fn element(&self) -> Element {
        if self.kind == "cancel" {
            return tag("x", NS, &[("type", "cancel")]);
        }
        parent_tag("x", NS, &[("type", &self.kind)], self.fields.iter().map(Field::element))
    }

    /// The field with a name.
    #[must_use]
    pub fn field(&self, var: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.var.as_deref() == Some(var))
    }

    /// The first value of the field with a name.
    #[must_use]
    pub fn value(&self, var: &str) -> Option<&str> {
        self.field(var)?.value()
    }

    /// The type of the form (XEP-0068).
    #[must_use]
    pub fn form_type(&self) -> Option<&str> {
        self.value("FORM_TYPE")
    }
}

fn children<'a>(parent: &'a Element, name: &'static str) -> impl Iterator<Item = &'a Element> {
    parent.children().filter(move |child| child.is(name, NS)).take(MAX_PARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_reads_what_it_writes() {
        let form = Form::submit(Some("urn:x"), vec![Field::text("a", "1 < 2"), Field::text("b", "")]);
        let again = Form::read(&form.element()).unwrap();
        assert_eq!(again.kind, "submit");
        assert_eq!(again.form_type(), Some("urn:x"));
        assert_eq!(again.field("FORM_TYPE").unwrap().kind, "hidden");
        assert_eq!((again.value("a"), again.value("b"), again.value("c")), (Some("1 < 2"), Some(""), None));
    }

    #[test]
    fn a_form_of_a_server_is_read() {
        let element: Element = "<x xmlns='jabber:x:data' type='form'><title>Join</title>\
            <instructions>One</instructions><instructions>Two</instructions>\
            <field type='text-single' var='name' label='Your name'><required/></field>\
            <field type='list-single' var='colour'><value>red</value>\
            <option label='Red'><value>red</value></option><option><value>blue</value></option><option/></field>\
            <field type='fixed'><value>Hello</value></field><reported/></x>"
            .parse()
            .unwrap();
        let form = Form::read(&element).unwrap();
        assert_eq!(form.instructions, ["One", "Two"]);
        assert!(form.field("name").unwrap().required);
        assert_eq!(
            form.field("colour").unwrap().options,
            [(Some("Red".to_owned()), "red".to_owned()), (None, "blue".to_owned())]
        );
        assert_eq!(form.fields.len(), 3);
    }

    #[test]
    fn strange_forms_are_bounded() {
        assert_eq!(Form::read(&Element::bare("x", "jabber:x:oob")), None);
        let fields = "<field/>".repeat(1000);
        let element: Element = format!("<x xmlns='jabber:x:data'>{fields}</x>").parse().unwrap();
        assert_eq!(Form::read(&element).unwrap().fields.len(), MAX_PARTS);
    }
}
