//! The message that is answered, above the answer. Pressing it goes to the original.

use std::{cell::Cell, rc::Rc};

use gtk::{glib, pango, prelude::*, subclass::prelude::*};
use model::{MessageId, Quote};

use super::{context::Context, text, words};
use crate::{
    files::summary,
    i18n::{gettext, gettext_f},
};

mod imp {
    use std::cell::OnceCell;

    use super::{Cell, Context, MessageId, glib, pango};
    use gtk::{prelude::*, subclass::prelude::*};

    #[derive(Default)]
    pub struct QuoteButton {
        pub name: gtk::Label,
        pub text: gtk::Label,
        pub original: Cell<Option<MessageId>>,
        pub context: OnceCell<std::rc::Weak<Context>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for QuoteButton {
        const NAME: &'static str = "StarlingQuoteButton";
        type Type = super::QuoteButton;
        type ParentType = gtk::Button;
    }

    impl ObjectImpl for QuoteButton {
        fn constructed(&self) {
            self.parent_constructed();
            for (label, class) in [(&self.name, "sender"), (&self.text, "text")] {
                label.add_css_class(class);
                label.set_xalign(0.0);
                label.set_ellipsize(pango::EllipsizeMode::End);
            }
            let lines = gtk::Box::new(gtk::Orientation::Vertical, 1);
            lines.append(&self.name);
            lines.append(&self.text);
            self.obj().set_child(Some(&lines));
            self.obj().set_css_classes(&["flat", "quote"]);
        }
    }

    impl WidgetImpl for QuoteButton {}

    impl ButtonImpl for QuoteButton {
        fn clicked(&self) {
            let context = self.context.get().and_then(std::rc::Weak::upgrade);
            if let (Some(context), Some(original)) = (context, self.original.get()) {
                context.jump_to(original);
            }
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct QuoteButton(ObjectSubclass<imp::QuoteButton>)
        @extends gtk::Button, gtk::Widget,
        @implements gtk::Accessible, gtk::Actionable, gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for QuoteButton {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl QuoteButton {
    /// Shows what is answered.
    pub fn show(&self, quote: &Quote, context: &Rc<Context>) {
        let imp = self.imp();
        let _ = imp.context.set(Rc::downgrade(context));
        imp.original.set(quote.message);
        let text = match (text::clean(&quote.text), &quote.files) {
            (text, Some(files)) if text.is_empty() => summary(files),
            (text, None) if text.is_empty() => gettext("This message was retracted"),
            // One line, whatever it was.
            (text, _) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        let text = match text::action(&text) {
            Some(action) => format!("{} {action}", quote.sender_name),
            None => text,
        };
        let sender = words::quoted(quote);
        imp.name.set_label(&sender);
        imp.text.set_label(&text);
        let name = gettext_f("In reply to {name}: {text}", &[("name", &sender), ("text", &text)]);
        self.update_property(&[gtk::accessible::Property::Label(&name)]);
    }
}
