use std::cell::Cell;

use adw::subclass::prelude::*;
use gtk::{glib, pango};
use model::{Content, Direction, MessageId};
use view::SearchResult;

use super::snippet;
use crate::{
    i18n::{gettext, gettext_f},
    time_words,
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/result_row.ui")]
    pub struct ResultRow {
        #[template_child]
        pub title_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub time_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub text_label: TemplateChild<gtk::Label>,
        pub message: Cell<Option<MessageId>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ResultRow {
        const NAME: &'static str = "StarlingResultRow";
        type Type = super::ResultRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for ResultRow {}
    impl WidgetImpl for ResultRow {}
    impl BoxImpl for ResultRow {}
}

glib::wrapper! {
    /// A message that was found.
    pub struct ResultRow(ObjectSubclass<imp::ResultRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl ResultRow {
    pub fn new() -> Self {
        glib::Object::new()
    }

    /// Shows a result; answers with what a screen reader says for it.
    pub fn show_result(&self, result: &SearchResult, in_one: bool) -> String {
        let imp = self.imp();
        let message = &result.message;
        let own = message.direction == Direction::Outgoing;
        let sender = if own { gettext("You") } else { message.sender_name.clone() };
        let text = match &message.content {
            Content::Text(text) => text.as_str(),
            Content::Retracted | Content::Call(_) | Content::Unreadable(_) => "",
        };
        let snippet = snippet::around(text, &result.highlights);
        let time = time_words::short(message.time);

        imp.message.set(Some(message.id));
        imp.title_label.set_label(&sender);
        imp.time_label.set_label(&time);
        // Beside the name of a conversation it must be said who spoke.
        let lead = if in_one || !own { String::new() } else { format!("{} ", gettext("You:")) };
        imp.text_label.set_label(&format!("{lead}{}", snippet.text));
        let bold = pango::AttrList::new();
        for range in snippet.matches {
            let mut weight = pango::AttrInt::new_weight(pango::Weight::Bold);
            weight.set_start_index((lead.len() + range.start) as u32);
            weight.set_end_index((lead.len() + range.end) as u32);
            bold.insert(weight);
        }
        imp.text_label.set_attributes(Some(&bold));
        gettext_f(
            "{sender}, {time}: {text}",
            &[("sender", &sender), ("time", &time), ("text", &snippet.text)],
        )
    }

    /// The name of the conversation, if the row still shows that message.
    pub fn set_conversation(&self, message: MessageId, name: &str) {
        if self.imp().message.get() == Some(message) {
            self.imp().title_label.set_label(name);
        }
    }
}
