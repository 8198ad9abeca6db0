//! The edge of the sidebar, which can be dragged.
//!
//! `AdwNavigationSplitView` has no handle of its own, so one lies over the edge: narrow, unseen
//! but for the cursor. It only tells how wide the sidebar should be; the window decides, and
//! remembers it. With the keyboard there is nothing to do here that needs doing.

use std::{cell::Cell, sync::OnceLock};

use adw::{prelude::*, subclass::prelude::*};
use gtk::glib;

/// How wide the part that can be gripped is.
const WIDTH: i32 = 8;

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct SidebarHandle {
        pub width_before: Cell<f64>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for SidebarHandle {
        const NAME: &'static str = "StarlingSidebarHandle";
        type Type = super::SidebarHandle;
        type ParentType = adw::Bin;
    }

    impl ObjectImpl for SidebarHandle {
        fn signals() -> &'static [glib::subclass::Signal] {
            static SIGNALS: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                vec![glib::subclass::Signal::builder("dragged").param_types([f64::static_type()]).build()]
            })
        }

        fn constructed(&self) {
            self.parent_constructed();
            let handle = self.obj();
            handle.set_width_request(WIDTH);
            handle.set_halign(gtk::Align::End);
            handle.set_cursor_from_name(Some("col-resize"));
            let drag = gtk::GestureDrag::new();
            drag.connect_drag_begin(glib::clone!(
                #[weak]
                handle,
                move |drag, _, _| {
                    drag.set_state(gtk::EventSequenceState::Claimed);
                    let sidebar = handle.parent().map_or(0, |sidebar| sidebar.width());
                    handle.imp().width_before.set(f64::from(sidebar));
                }
            ));
            drag.connect_drag_update(glib::clone!(
                #[weak]
                handle,
                move |drag, _, _| handle.dragged(drag)
            ));
            handle.add_controller(drag);
        }
    }

    impl WidgetImpl for SidebarHandle {}
    impl BinImpl for SidebarHandle {}
}

glib::wrapper! {
    /// The handle.
    pub struct SidebarHandle(ObjectSubclass<imp::SidebarHandle>)
        @extends gtk::Widget, adw::Bin,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl SidebarHandle {
    /// Calls `dragged` with the width that the person wants.
    pub fn connect_dragged(&self, dragged: impl Fn(f64) + 'static) {
        self.connect_local("dragged", false, move |values| {
            if let Some(Ok(width)) = values.get(1).map(glib::Value::get) {
                dragged(width);
            }
            None
        });
    }

    /// The handle moves with the edge, so the offset is taken from where the pointer began on the
    /// sidebar, not on the handle.
    fn dragged(&self, drag: &gtk::GestureDrag) {
        let (Some(sidebar), Some((begin, _)), Some((offset, _))) =
            (self.parent(), drag.start_point(), drag.offset())
        else {
            return;
        };
        let at = gtk::graphene::Point::new((begin + offset) as f32, 0.0);
        let Some(point) = self.compute_point(&sidebar, &at) else { return };
        let x = f64::from(point.x());
        let width =
            if self.direction() == gtk::TextDirection::Rtl { f64::from(sidebar.width()) - x } else { x };
        if width > 0.0 && (width - self.imp().width_before.replace(width)).abs() >= 1.0 {
            self.emit_by_name::<()>("dragged", &[&width]);
        }
    }
}
