//! Search in messages: in everything, beside the list, or in one conversation, beside its
//! history.
//!
//! Words are searched while they are typed; a search that was overtaken by another letter is
//! dropped. Results come newest first and in portions, the next when the end is reached.

mod result_row;
mod snippet;

use std::{
    cell::{Cell, OnceCell, RefCell},
    sync::OnceLock,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib};
use model::{AccountId, ConversationId, MessageId};
use view::{ConversationKey, ReaderHandle, Scope, SearchResult};

use crate::bridge::Bridge;
use result_row::ResultRow;

/// How many results come at once.
const PORTION: usize = 50;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(resource = "/im/starling/Starling/ui/search.ui")]
    pub struct Search {
        #[template_child]
        pub entry: TemplateChild<gtk::SearchEntry>,
        #[template_child]
        pub stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub list: TemplateChild<gtk::ListView>,
        pub bridge: OnceCell<Bridge>,
        /// The conversation to search, or everything.
        pub scope: Cell<Option<ConversationKey>>,
        pub results: OnceCell<gio::ListStore>,
        pub running: RefCell<Option<glib::JoinHandle<()>>>,
        /// The search, while it may find more.
        pub source: RefCell<Option<view::Search>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Search {
        const NAME: &'static str = "StarlingSearch";
        type Type = super::Search;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
            class.add_binding_signal(gtk::gdk::Key::Escape, gtk::gdk::ModifierType::empty(), "stopped");
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Search {
        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                vec![
                    // Account, conversation and message of a result that was chosen.
                    glib::subclass::Signal::builder("found")
                        .param_types([String::static_type(), i64::static_type(), i64::static_type()])
                        .build(),
                    glib::subclass::Signal::builder("stopped").action().build(),
                ]
            })
        }

        fn constructed(&self) {
            self.parent_constructed();
            self.obj().set_up_list();
        }

        fn dispose(&self) {
            self.obj().stop_running();
        }
    }

    impl WidgetImpl for Search {}
    impl BoxImpl for Search {}

    #[gtk::template_callbacks]
    impl Search {
        #[template_callback]
        fn search_changed(&self) {
            self.obj().search();
        }

        #[template_callback]
        fn stop(&self) {
            self.obj().emit_by_name::<()>("stopped", &[]);
        }

        #[template_callback]
        fn activate_first(&self) {
            self.obj().choose(0);
        }

        #[template_callback]
        fn result_activated(&self, place: u32) {
            self.obj().choose(place);
        }

        #[template_callback]
        fn edge_reached(&self, edge: gtk::PositionType) {
            if edge == gtk::PositionType::Bottom && self.running.borrow().is_none() {
                self.obj().read_more(false);
            }
        }
    }
}

glib::wrapper! {
    /// A search, and what it found.
    pub struct Search(ObjectSubclass<imp::Search>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Search {
    pub fn set_bridge(&self, bridge: &Bridge) {
        let _ = self.imp().bridge.set(bridge.clone());
    }

    /// Searches one conversation, or with `None` everything.
    pub fn set_scope(&self, scope: Option<ConversationKey>) {
        if self.imp().scope.replace(scope) != scope {
            self.clear();
        }
    }

    /// Puts the cursor into the field.
    pub fn start(&self) {
        self.imp().entry.grab_focus();
    }

    pub fn clear(&self) {
        self.imp().entry.set_text("");
        self.search();
    }

    /// Calls `found` with a result that was chosen.
    pub fn connect_found(&self, found: impl Fn(ConversationKey, MessageId) + 'static) {
        self.connect_local("found", false, move |values| {
            let account = AccountId::parse(&values.get(1)?.get::<String>().ok()?)?;
            let conversation = ConversationId(values.get(2)?.get().ok()?);
            let message = MessageId(values.get(3)?.get().ok()?);
            found(ConversationKey { account, conversation }, message);
            None
        });
    }

    /// Calls `stopped` when the person wants no search any more.
    pub fn connect_stopped(&self, stopped: impl Fn() + 'static) {
        self.connect_local("stopped", false, move |_| {
            stopped();
            None
        });
    }

    fn results(&self) -> &gio::ListStore {
        self.imp().results.get_or_init(gio::ListStore::new::<glib::BoxedAnyObject>)
    }

    fn set_up_list(&self) {
        let factory = gtk::SignalListItemFactory::new();
        factory.connect_setup(|_, item| {
            if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
                item.set_child(Some(&ResultRow::new()));
            }
        });
        factory.connect_bind(glib::clone!(
            #[weak(rename_to = search)]
            self,
            move |_, item| {
                let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
                if let (Some(row), Some(result)) = (
                    item.child().and_downcast::<ResultRow>(),
                    item.item().and_downcast::<glib::BoxedAnyObject>(),
                ) {
                    let result = result.borrow::<SearchResult>();
                    let in_one = search.imp().scope.get().is_some();
                    item.set_accessible_label(&row.show_result(&result, in_one));
                    search.name_conversation(&row, &result, in_one);
                }
            }
        ));
        let list = &self.imp().list;
        list.set_factory(Some(&factory));
        list.set_model(Some(&gtk::NoSelection::new(Some(self.results().clone()))));
    }

    fn words(&self) -> String {
        self.imp().entry.text().trim().to_owned()
    }

    /// Starts a search. One that runs is dropped.
    fn search(&self) {
        let imp = self.imp();
        self.stop_running();
        let words = self.words();
        let Some(bridge) = imp.bridge.get().filter(|_| !words.is_empty()) else {
            imp.source.take();
            self.results().remove_all();
            imp.stack.set_visible_child_name("hint");
            return;
        };
        let readers: Vec<(AccountId, ReaderHandle)> = bridge
            .account_objects()
            .filter_map(|account| Some((account.id(), bridge.session().reader(account.id())?)))
            .collect();
        let scope = imp.scope.get().map_or(Scope::Everywhere, Scope::Conversation);
        imp.source.replace(Some(view::Search::new(&readers, &words, scope)));
        self.read_more(true);
    }

    /// Reads the next portion.
    fn read_more(&self, anew: bool) {
        let Some(mut search) = self.imp().source.take() else { return };
        let this = self.clone();
        let running = glib::spawn_future_local(async move {
            let found = search.more(PORTION).await;
            let imp = this.imp();
            imp.running.take();
            match found {
                Ok(found) => {
                    if found.len() == PORTION {
                        imp.source.replace(Some(search));
                    }
                    let objects: Vec<_> = found.into_iter().map(glib::BoxedAnyObject::new).collect();
                    let kept = if anew { 0 } else { this.results().n_items() };
                    this.results().splice(kept, this.results().n_items() - kept, &objects);
                    let page = if this.results().n_items() == 0 { "none" } else { "results" };
                    imp.stack.set_visible_child_name(page);
                }
                Err(error) => tracing::warn!(%error, "the search failed"),
            }
        });
        self.imp().running.replace(Some(running));
    }

    fn stop_running(&self) {
        if let Some(running) = self.imp().running.take() {
            running.abort();
        }
    }

    fn result(&self, place: u32) -> Option<SearchResult> {
        let object = self.results().item(place).and_downcast::<glib::BoxedAnyObject>()?;
        let result = object.borrow::<SearchResult>().clone();
        Some(result)
    }

    fn choose(&self, place: u32) {
        if let Some(SearchResult { key, message, .. }) = self.result(place) {
            let account = key.account.to_string();
            self.emit_by_name::<()>("found", &[&account, &key.conversation.0, &message.id.0]);
        }
    }

    /// Everywhere, a row is headed by the conversation; its name is read when the row is shown.
    fn name_conversation(&self, row: &ResultRow, result: &SearchResult, in_one: bool) {
        let reader = self.imp().bridge.get().and_then(|bridge| bridge.session().reader(result.key.account));
        if let (false, Some(reader)) = (in_one, reader) {
            let row = row.clone();
            let key = result.key;
            let message = result.message.id;
            glib::spawn_future_local(async move {
                if let Ok(Some(summary)) = reader.conversation(key.conversation).await {
                    row.set_conversation(message, &summary.conversation.name);
                }
            });
        }
    }
}
