//! A picture that can be made larger and moved.
//!
//! `zoom` is 1 where the whole picture fits; what is smaller than its place is not made larger by itself. The point of the
//! picture under the pointer stays under it while it grows.

use std::cell::{Cell, RefCell};

use gtk::{gdk, glib, graphene, gsk, prelude::*, subclass::prelude::*};

/// One step by key or button.
const STEP: f64 = 1.4;
/// As large as it becomes.
const MOST: f64 = 12.0;

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct Canvas {
        pub texture: RefCell<Option<gdk::Texture>>,
        pub zoom: Cell<f64>,
        /// How far the middle of the picture is from the middle of the place, in pixels of the screen.
        pub offset: Cell<(f64, f64)>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Canvas {
        const NAME: &'static str = "StarlingPictureCanvas";
        type Type = super::Canvas;
        type ParentType = gtk::Widget;

        fn class_init(class: &mut Self::Class) {
            class.set_accessible_role(gtk::AccessibleRole::Img);
            // Bound here: on its way up to the viewer the space bar is taken by somebody else.
            class.add_binding_action(gdk::Key::space, gdk::ModifierType::empty(), "viewer.play");
        }
    }

    impl ObjectImpl for Canvas {
        fn constructed(&self) {
            self.parent_constructed();
            self.zoom.set(1.0);
            let canvas = self.obj();
            canvas.set_overflow(gtk::Overflow::Hidden);
            canvas.set_focusable(true);
            canvas.set_hexpand(true);
            canvas.set_vexpand(true);
            canvas.install_gestures();
        }
    }

    impl WidgetImpl for Canvas {
        fn measure(&self, _: gtk::Orientation, _: i32) -> (i32, i32, i32, i32) {
            (0, 200, -1, -1)
        }

        fn size_allocate(&self, _: i32, _: i32, _: i32) {
            self.obj().keep_in_place();
        }

        fn snapshot(&self, snapshot: &gtk::Snapshot) {
            let texture = self.texture.borrow();
            let (Some(texture), Some(place)) = (texture.as_ref(), self.obj().place()) else { return };
            let smaller = place.width() < texture.width() as f32;
            let filter = if smaller { gsk::ScalingFilter::Trilinear } else { gsk::ScalingFilter::Linear };
            snapshot.append_scaled_texture(texture, filter, &place);
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct Canvas(ObjectSubclass<imp::Canvas>)
        @extends gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for Canvas {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl Canvas {
    /// Shows a picture, whole.
    pub fn set_texture(&self, texture: Option<&gdk::Texture>) {
        self.imp().texture.replace(texture.cloned());
        self.fit();
    }

    /// The picture that is shown.
    /// Shows the next picture of a film in the place of the one before.
    pub fn show_frame(&self, texture: &gdk::Texture) {
        self.imp().texture.replace(Some(texture.clone()));
        self.queue_draw();
    }

    pub fn texture(&self) -> Option<gdk::Texture> {
        self.imp().texture.borrow().clone()
    }

    pub fn zoom_in(&self) {
        self.zoom_by(STEP, (0.0, 0.0));
    }

    pub fn zoom_out(&self) {
        self.zoom_by(1.0 / STEP, (0.0, 0.0));
    }

    /// Shows the whole picture.
    pub fn fit(&self) {
        self.imp().zoom.set(1.0);
        self.imp().offset.set((0.0, 0.0));
        self.queue_draw();
    }

    /// How large it is, where 1 is the whole picture.
    pub fn zoom(&self) -> f64 {
        self.imp().zoom.get()
    }

    /// Makes it larger or smaller, and keeps a point in its place: the distance from the middle, in pixels of the screen.
    fn zoom_by(&self, factor: f64, (x, y): (f64, f64)) {
        let imp = self.imp();
        let before = imp.zoom.get();
        let zoom = (before * factor).clamp(1.0, MOST);
        let factor = zoom / before;
        let (across, down) = imp.offset.get();
        imp.zoom.set(zoom);
        imp.offset.set((x - (x - across) * factor, y - (y - down) * factor));
        self.keep_in_place();
        self.queue_draw();
    }

    fn size(&self) -> Option<(f64, f64)> {
        let texture = self.imp().texture.borrow();
        let texture = texture.as_ref()?;
        let (width, height) = (f64::from(texture.width().max(1)), f64::from(texture.height().max(1)));
        let fits = (f64::from(self.width()) / width).min(f64::from(self.height()) / height).min(1.0);
        let scale = fits * self.imp().zoom.get();
        Some((width * scale, height * scale))
    }

    /// A picture that is larger than its place leaves nothing of it empty, and one that is not stands in the middle.
    fn keep_in_place(&self) {
        let Some((width, height)) = self.size() else { return };
        let within = |offset: f64, size: f64, room: i32| {
            let most = ((size - f64::from(room)) / 2.0).max(0.0);
            offset.clamp(-most, most)
        };
        let (across, down) = self.imp().offset.get();
        self.imp().offset.set((within(across, width, self.width()), within(down, height, self.height())));
    }

    fn place(&self) -> Option<graphene::Rect> {
        let (width, height) = self.size()?;
        let (across, down) = self.imp().offset.get();
        let x = (f64::from(self.width()) - width) / 2.0 + across;
        let y = (f64::from(self.height()) - height) / 2.0 + down;
        Some(graphene::Rect::new(x as f32, y as f32, width as f32, height as f32))
    }

    fn off_middle(&self, x: f64, y: f64) -> (f64, f64) {
        (x - f64::from(self.width()) / 2.0, y - f64::from(self.height()) / 2.0)
    }

    fn install_gestures(&self) {
        let pointer = std::rc::Rc::new(Cell::new((0.0, 0.0)));
        let motion = gtk::EventControllerMotion::new();
        motion.connect_motion(glib::clone!(
            #[strong]
            pointer,
            move |_, x, y| pointer.set((x, y))
        ));
        self.add_controller(motion);

        let wheel = gtk::EventControllerScroll::new(gtk::EventControllerScrollFlags::VERTICAL);
        wheel.connect_scroll(glib::clone!(
            #[weak(rename_to = canvas)]
            self,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_, _, down| {
                let (x, y) = pointer.get();
                canvas.zoom_by(1.15_f64.powf(-down), canvas.off_middle(x, y));
                glib::Propagation::Stop
            }
        ));
        self.add_controller(wheel);

        let drag = gtk::GestureDrag::new();
        let before = std::rc::Rc::new(Cell::new((0.0, 0.0)));
        drag.connect_drag_begin(glib::clone!(
            #[weak(rename_to = canvas)]
            self,
            #[strong]
            before,
            move |_, _, _| before.set(canvas.imp().offset.get())
        ));
        drag.connect_drag_update(glib::clone!(
            #[weak(rename_to = canvas)]
            self,
            move |_, x, y| {
                let (across, down) = before.get();
                canvas.imp().offset.set((across + x, down + y));
                canvas.keep_in_place();
                canvas.queue_draw();
            }
        ));
        self.add_controller(drag);

        let twice = gtk::GestureClick::new();
        twice.connect_pressed(glib::clone!(
            #[weak(rename_to = canvas)]
            self,
            move |_, count, x, y| {
                if count == 2 && canvas.zoom() > 1.0 {
                    canvas.fit();
                } else if count == 2 {
                    canvas.zoom_by(2.5, canvas.off_middle(x, y));
                }
            }
        ));
        self.add_controller(twice);

        let pinch = gtk::GestureZoom::new();
        let last = std::rc::Rc::new(Cell::new(1.0));
        pinch.connect_begin(glib::clone!(
            #[strong]
            last,
            move |_, _| last.set(1.0)
        ));
        pinch.connect_scale_changed(glib::clone!(
            #[weak(rename_to = canvas)]
            self,
            move |pinch, scale| {
                let (x, y) = pinch.bounding_box_center().unwrap_or_default();
                canvas.zoom_by(scale / last.replace(scale), canvas.off_middle(x, y));
            }
        ));
        self.add_controller(pinch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::on_stage;

    fn texture(width: usize, height: usize) -> gdk::Texture {
        let pixels = glib::Bytes::from_owned(vec![120; width * height * 4]);
        let format = gdk::MemoryFormat::R8g8b8a8;
        gdk::MemoryTexture::new(width as i32, height as i32, format, &pixels, width * 4).upcast()
    }

    /// Which point of the picture, as shares of it, is at a distance from the middle of the place.
    fn under(canvas: &Canvas, (x, y): (f64, f64)) -> (f64, f64) {
        let place = canvas.place().expect("there is a picture");
        let (x, y) = (x + f64::from(canvas.width()) / 2.0, y + f64::from(canvas.height()) / 2.0);
        (
            (x - f64::from(place.x())) / f64::from(place.width()),
            (y - f64::from(place.y())) / f64::from(place.height()),
        )
    }

    #[test]
    fn a_picture_grows_around_the_pointer_and_never_leaves_its_place() {
        on_stage(async |stage| {
            let canvas = Canvas::default();
            stage.put_below(&canvas);
            canvas.set_texture(Some(&texture(1600, 800)));
            stage.frames(3).await;
            let whole = canvas.place().expect("there is a picture");
            assert!(whole.width() <= canvas.width() as f32 && whole.height() <= canvas.height() as f32);
            assert!((whole.width() / whole.height() - 2.0).abs() < 0.01, "in its own proportions");

            let pointer = (120.0, 40.0);
            canvas.zoom_by(4.0, (0.0, 0.0));
            let before = under(&canvas, pointer);
            canvas.zoom_by(1.5, pointer);
            let after = under(&canvas, pointer);
            assert!((before.0 - after.0).abs() < 0.001 && (before.1 - after.1).abs() < 0.001);

            canvas.imp().offset.set((1e6, -1e6));
            canvas.keep_in_place();
            let place = canvas.place().expect("there is a picture");
            assert!(place.x().abs() < 0.5, "its edge stays at the edge");
            assert!((place.y() + place.height() - canvas.height() as f32).abs() < 0.5);
            canvas.zoom_by(1e-6, pointer);
            assert_eq!(canvas.place(), Some(whole), "it never becomes smaller than whole");

            canvas.set_texture(Some(&texture(40, 20)));
            let small = canvas.place().expect("there is a picture");
            assert!((small.width() - 40.0).abs() < 0.01, "nothing is made larger by itself");
        });
    }
}
