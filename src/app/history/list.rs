//! The rows of a history, in a scrolled window.
//!
//! Not a `GtkListView`: that one places rows from the top, so whatever grows above pushes what is
//! read out of sight, and it makes up to it only a frame later. This list asks [`Geometry`] where
//! rows stand, makes widgets only for those on the screen and, when there is time, a little beyond,
//! and takes them back when they leave.
//!
//! Nothing is moved when rows come, go or change: the geometry is told, and the next layout,
//! which GTK does before it draws, finds everything in its place. So there is no frame in which
//! anything is where it should not be.
//!
//! - `layout.rs`: rows are made, measured, placed, taken back
//! - `changes.rs`: rows come and go in the window
//! - `travel.rs`: to the end, to a message, to a position, by the scrollbar
//! - `keyboard.rs`: focus and keys
//! - `pointer.rs`: hovering
//! - `selecting.rs`: selecting text

mod changes;
mod keyboard;
mod layout;
mod pointer;
mod selecting;
mod travel;

use std::rc::Rc;

use gtk::{glib, subclass::prelude::*};
use model::AttachmentId;

use super::{context::Context, files::Done, message_object::MessageObject, row::MessageRow};
pub use travel::Target;

/// A row of the window, and its widget while it has one.
#[derive(Debug)]
pub struct Slot {
    object: MessageObject,
    row: Option<MessageRow>,
}

mod imp {
    use std::{
        cell::{Cell, OnceCell, RefCell},
        rc::Rc,
        sync::OnceLock,
    };

    use gtk::{glib, prelude::*, subclass::prelude::*};
    use model::MessageId;

    use super::{Context, Slot, Target, selecting::Drag};
    use crate::{
        history::{
            geometry::Geometry, row_pool::RowPool, selection::Selection, toolbar::Toolbar,
            window::HistoryWindow,
        },
        i18n::gettext,
    };

    #[derive(glib::Properties)]
    #[properties(wrapper_type = super::HistoryList)]
    pub struct HistoryList {
        #[property(get, set, override_interface = gtk::Scrollable, nullable)]
        hadjustment: RefCell<Option<gtk::Adjustment>>,
        #[property(get, set = Self::set_vadjustment, override_interface = gtk::Scrollable, nullable)]
        pub vadjustment: RefCell<Option<gtk::Adjustment>>,
        #[property(get, set, override_interface = gtk::Scrollable, builder(gtk::ScrollablePolicy::Minimum))]
        hscroll_policy: Cell<gtk::ScrollablePolicy>,
        #[property(get, set, override_interface = gtk::Scrollable, builder(gtk::ScrollablePolicy::Minimum))]
        vscroll_policy: Cell<gtk::ScrollablePolicy>,
        pub value_handler: RefCell<Option<glib::SignalHandlerId>>,
        /// We are writing the adjustment ourselves.
        pub writing: Cell<bool>,

        pub context: OnceCell<Rc<Context>>,
        pub window: RefCell<Option<(HistoryWindow, Vec<glib::SignalHandlerId>)>>,
        pub geometry: RefCell<Geometry>,
        pub slots: RefCell<Vec<Slot>>,
        pub pool: RowPool,
        /// Where to go once it is there.
        pub target: Cell<Option<Target>>,
        /// A report of the last layout is on its way.
        pub reporting: Cell<bool>,
        /// Rows are being made ready.
        pub preparing: Cell<bool>,

        /// The message whose row had the focus last.
        pub focused: Cell<Option<MessageId>>,
        /// The row with the focus went: another must take it.
        pub refocus: Cell<bool>,
        pub toolbar: Toolbar,
        /// The message that the toolbar is for.
        pub hovered: Cell<Option<MessageId>>,
        pub selection: Selection,
        pub drag: RefCell<Option<Drag>>,
        /// Where the pointer was last.
        pub pointer: Cell<(f64, f64)>,
    }

    impl Default for HistoryList {
        fn default() -> Self {
            Self {
                hadjustment: RefCell::default(),
                vadjustment: RefCell::default(),
                hscroll_policy: Cell::new(gtk::ScrollablePolicy::Minimum),
                vscroll_policy: Cell::new(gtk::ScrollablePolicy::Minimum),
                value_handler: RefCell::default(),
                writing: Cell::default(),
                context: OnceCell::default(),
                window: RefCell::default(),
                geometry: RefCell::default(),
                slots: RefCell::default(),
                pool: RowPool::default(),
                target: Cell::default(),
                reporting: Cell::default(),
                preparing: Cell::default(),
                focused: Cell::default(),
                refocus: Cell::default(),
                toolbar: Toolbar::default(),
                hovered: Cell::default(),
                selection: Selection::default(),
                drag: RefCell::default(),
                pointer: Cell::default(),
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for HistoryList {
        const NAME: &'static str = "StarlingHistoryList";
        type Type = super::HistoryList;
        type ParentType = gtk::Widget;
        type Interfaces = (gtk::Scrollable,);

        fn class_init(class: &mut Self::Class) {
            class.set_css_name("history");
            class.set_accessible_role(gtk::AccessibleRole::List);
        }
    }

    #[glib::derived_properties]
    impl ObjectImpl for HistoryList {
        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                vec![
                    // Rows found their places. Comes outside of layout, once for several.
                    glib::subclass::Signal::builder("settled").build(),
                    // Another message is meant by actions.
                    glib::subclass::Signal::builder("current-changed").build(),
                ]
            })
        }

        fn constructed(&self) {
            self.parent_constructed();
            let list = self.obj();
            list.set_overflow(gtk::Overflow::Hidden);
            list.update_property(&[gtk::accessible::Property::Label(&gettext("Messages"))]);
            self.toolbar.set_parent(&*list);
            self.toolbar.set_visible(false);
            list.install_keys();
            list.install_pointer();
            list.install_selecting();
        }

        fn dispose(&self) {
            self.release_window();
            while let Some(child) = self.obj().first_child() {
                child.unparent();
            }
        }
    }

    impl ScrollableImpl for HistoryList {}

    impl WidgetImpl for HistoryList {
        fn request_mode(&self) -> gtk::SizeRequestMode {
            gtk::SizeRequestMode::ConstantSize
        }

        fn measure(&self, orientation: gtk::Orientation, _: i32) -> (i32, i32, i32, i32) {
            // Whatever it shows: it scrolls.
            match orientation {
                gtk::Orientation::Horizontal => (280, 600, -1, -1),
                _ => (0, 400, -1, -1),
            }
        }

        fn size_allocate(&self, width: i32, height: i32, _baseline: i32) {
            self.lay_out(width, height);
        }

        fn snapshot(&self, snapshot: &gtk::Snapshot) {
            let slots = self.slots.borrow();
            for (index, ..) in self.geometry.borrow().visible() {
                if let Some(row) = slots.get(index).and_then(|slot| slot.row.as_ref()) {
                    self.obj().snapshot_child(row, snapshot);
                }
            }
            if self.toolbar.is_visible() {
                self.obj().snapshot_child(&self.toolbar, snapshot);
            }
        }

        fn focus(&self, direction: gtk::DirectionType) -> bool {
            self.move_focus_within(direction)
        }

        fn grab_focus(&self) -> bool {
            self.focus_some_row()
        }

        fn set_focus_child(&self, child: Option<&gtk::Widget>) {
            self.parent_set_focus_child(child);
            self.focus_came(child);
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct HistoryList(ObjectSubclass<imp::HistoryList>)
        @extends gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget, gtk::Scrollable;
}

impl HistoryList {
    /// A list without rows.
    pub fn new(context: &Rc<Context>) -> Self {
        let list: Self = glib::Object::new();
        // Set here and nowhere else.
        let _ = list.imp().context.set(context.clone());
        list
    }

    /// Something is played, paused or over: rows with sounds say so.
    pub fn show_sounding(&self) {
        for row in self.imp().slots.borrow().iter().filter_map(|slot| slot.row.as_ref()) {
            row.show_sounding();
        }
    }

    /// A file came further: a row that shows it says so.
    pub fn set_progress(&self, file: AttachmentId, done: Done) {
        let slots = self.imp().slots.borrow();
        let _ = slots.iter().filter_map(|slot| slot.row.as_ref()).any(|row| row.set_progress(file, done));
    }
}
