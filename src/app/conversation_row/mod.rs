use std::cell::RefCell;

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;

use crate::objects::ConversationObject;

/// From here on the exact number says nothing.
const MANY: u32 = 999;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/conversation_row.ui")]
    pub struct ConversationRow {
        #[template_child]
        pub avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub dot: TemplateChild<adw::Bin>,
        #[template_child]
        pub name_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub attention_icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub muted_icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub pinned_icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub time_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub prefix_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub preview_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub failed_icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub unread_label: TemplateChild<gtk::Label>,
        pub bound: RefCell<Option<(ConversationObject, Vec<glib::SignalHandlerId>)>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ConversationRow {
        const NAME: &'static str = "StarlingConversationRow";
        type Type = super::ConversationRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for ConversationRow {}
    impl WidgetImpl for ConversationRow {}
    impl BoxImpl for ConversationRow {}
}

glib::wrapper! {
    /// One row of the list of conversations. It is used again for another as the list scrolls.
    pub struct ConversationRow(ObjectSubclass<imp::ConversationRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl ConversationRow {
    pub fn new() -> Self {
        glib::Object::new()
    }

    /// The conversation it shows.
    pub fn object(&self) -> Option<ConversationObject> {
        self.imp().bound.borrow().as_ref().map(|(object, _)| object.clone())
    }

    /// Shows a conversation, and follows it.
    pub fn bind(&self, object: &ConversationObject) {
        self.unbind();
        let handlers = vec![
            object.connect_revision_notify(glib::clone!(
                #[weak(rename_to = row)]
                self,
                move |object| row.show_object(object)
            )),
            object.connect_picture_notify(glib::clone!(
                #[weak(rename_to = row)]
                self,
                move |object| row.imp().avatar.set_custom_image(object.picture().as_ref())
            )),
        ];
        self.show_object(object);
        self.imp().avatar.set_custom_image(object.picture().as_ref());
        self.imp().bound.replace(Some((object.clone(), handlers)));
    }

    pub fn unbind(&self) {
        if let Some((object, handlers)) = self.imp().bound.take() {
            for handler in handlers {
                object.disconnect(handler);
            }
        }
    }

    fn show_object(&self, object: &ConversationObject) {
        let imp = self.imp();
        let unread = object.unread();
        imp.avatar.set_text(Some(&object.name()));
        imp.name_label.set_label(&object.name());
        imp.time_label.set_label(&object.time());
        imp.prefix_label.set_label(&object.prefix());
        imp.prefix_label.set_visible(!object.prefix().is_empty());
        imp.preview_label.set_label(&object.preview());
        imp.attention_icon.set_visible(object.keys_wait());
        imp.muted_icon.set_visible(object.muted());
        imp.pinned_icon.set_visible(object.pinned());
        imp.failed_icon.set_visible(object.failed());
        imp.unread_label.set_label(&if unread > MANY { format!("{MANY}+") } else { unread.to_string() });
        imp.unread_label.set_visible(unread > 0);
        imp.dot.set_visible(!object.presence().is_empty());
        let presence = object.presence();
        imp.dot.set_css_classes(&["presence", presence.as_str()]);
        set_class(self, "has-unread", unread > 0);
        set_class(self, "is-muted", object.muted());
        set_class(self, "is-lively", object.lively());
    }
}

fn set_class(widget: &impl IsA<gtk::Widget>, class: &str, on: bool) {
    if on {
        widget.add_css_class(class);
    } else {
        widget.remove_css_class(class);
    }
}
