//! A picture at its true proportions.
//!
//! Its place is known before anything of it is decoded: what the sender says of width and height decides it, and a
//! picture that turns out otherwise is cut to it, so nothing jumps. Until it is there, a ThumbHash stands for it: some
//! thirty pixels a side, which GTK blurs by making them large.

use std::cell::{Cell, RefCell};

use gtk::{gdk, glib, graphene, gsk, prelude::*, subclass::prelude::*};
use model::{Attachment, AttachmentId};

use super::Animation;
use crate::decoder::Moving;

/// No side of a picture in the history is longer.
const LONGEST: f64 = 340.0;
/// No side is shorter: what is very long or tall is cut.
const SHORTEST: f64 = 56.0;
/// How round its corners are.
const RADIUS: f32 = 11.0;
/// A ThumbHash of a picture has at most so many bytes.
const LONGEST_HASH: usize = 32;

/// Told whether what is shown moves, if it can.
type Told = Box<dyn Fn(Option<bool>)>;

mod imp {
    use super::*;

    #[derive(Default)]
    pub struct PictureView {
        pub size: Cell<(f64, f64)>,
        /// The side of the square it is cut to, where many stand in lines.
        pub square: Cell<Option<f64>>,
        pub showing: Cell<Option<AttachmentId>>,
        pub hash: RefCell<Vec<u8>>,
        pub blurred: RefCell<Option<gdk::Texture>>,
        pub texture: RefCell<Option<gdk::Texture>>,
        pub animation: RefCell<Option<Animation>>,
        /// Told when there is something that moves, or stands still.
        pub on_motion: RefCell<Option<Told>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for PictureView {
        const NAME: &'static str = "StarlingPictureView";
        type Type = super::PictureView;
        type ParentType = gtk::Widget;

        fn class_init(class: &mut Self::Class) {
            class.set_css_name("picture");
            // Whatever holds it says what it is.
            class.set_accessible_role(gtk::AccessibleRole::Presentation);
        }
    }

    impl ObjectImpl for PictureView {}

    impl WidgetImpl for PictureView {
        fn request_mode(&self) -> gtk::SizeRequestMode {
            gtk::SizeRequestMode::HeightForWidth
        }

        fn measure(&self, orientation: gtk::Orientation, for_size: i32) -> (i32, i32, i32, i32) {
            let (width, height) = self.size.get();
            if orientation == gtk::Orientation::Horizontal {
                return (0, width.round() as i32, -1, -1);
            }
            let share =
                if for_size < 0 || width <= 0.0 { 1.0 } else { (f64::from(for_size) / width).min(1.0) };
            let height = (height * share).round().max(SHORTEST.min(height)) as i32;
            (height, height, -1, -1)
        }

        fn snapshot(&self, snapshot: &gtk::Snapshot) {
            let view = self.obj();
            let place = graphene::Rect::new(0.0, 0.0, view.width() as f32, view.height() as f32);
            snapshot.push_rounded_clip(&gsk::RoundedRect::from_rect(place, RADIUS));
            let color = view.color();
            snapshot.append_color(&gdk::RGBA::new(color.red(), color.green(), color.blue(), 0.08), &place);
            let moving = self.animation.borrow().as_ref().and_then(Animation::frame);
            let texture = self.texture.borrow();
            let texture = moving.as_ref().or(texture.as_ref());
            let blurred = self.blurred.borrow();
            if let Some(texture) = texture.or(blurred.as_ref()) {
                let covered = cover(texture.width(), texture.height(), &place);
                // What is shown smaller than it is needs all its pixels for that.
                let filter = if (texture.width() as f32) > covered.width() * 2.0 {
                    gsk::ScalingFilter::Trilinear
                } else {
                    gsk::ScalingFilter::Linear
                };
                snapshot.append_scaled_texture(texture, filter, &covered);
            }
            snapshot.pop();
        }
    }
}

glib::wrapper! {
    /// See the top of the file.
    pub struct PictureView(ObjectSubclass<imp::PictureView>)
        @extends gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for PictureView {
    fn default() -> Self {
        let view: Self = glib::Object::new();
        view.set_overflow(gtk::Overflow::Hidden);
        view
    }
}

impl PictureView {
    /// Cuts every picture to a square of this side.
    pub fn set_square(&self, side: f64) {
        self.imp().square.set(Some(side));
    }

    /// Makes place for a picture, and shows the blurred one. Whether another one was shown before: then the picture itself
    /// has to be set.
    pub fn expect(&self, file: &Attachment) -> bool {
        let imp = self.imp();
        let size = match self.imp().square.get() {
            Some(side) => (side, side),
            None => file.dimensions.map_or((LONGEST, LONGEST), place),
        };
        if imp.size.replace(size) != size {
            self.queue_resize();
        }
        let hash = file.thumbhash.as_deref().unwrap_or_default();
        if *imp.hash.borrow() != hash {
            imp.hash.replace(hash.to_vec());
            imp.blurred.replace(blurred(hash));
            self.queue_draw();
        }
        let is_other = imp.showing.replace(Some(file.id)) != Some(file.id);
        if is_other {
            imp.texture.replace(None);
            self.drop_animation();
            self.queue_draw();
        }
        is_other || imp.texture.borrow().is_none()
    }

    /// Which picture it shows or waits for.
    pub fn showing(&self) -> Option<AttachmentId> {
        self.imp().showing.get()
    }

    /// Shows nothing any more.
    pub fn forget(&self) {
        self.imp().showing.set(None);
        self.imp().texture.replace(None);
        self.drop_animation();
    }

    /// Tells whether what is shown moves, stands still and could move, or is a picture like others (`None`).
    pub fn connect_motion(&self, told: impl Fn(Option<bool>) + 'static) {
        self.imp().on_motion.replace(Some(Box::new(told)));
    }

    /// The frames of a picture that moves came. It moves unless the person wants things to stand still.
    pub fn set_animation(&self, id: AttachmentId, moving: Moving) {
        if self.showing() != Some(id) {
            return;
        }
        let animation = Animation::new(moving, self);
        animation.set_moving(self.settings().is_gtk_enable_animations());
        self.imp().animation.replace(Some(animation));
        self.tell_motion();
    }

    /// Lets the picture move, or stand still.
    pub fn toggle_motion(&self) {
        if let Some(animation) = &*self.imp().animation.borrow() {
            animation.set_moving(!animation.is_moving());
        }
        self.tell_motion();
    }

    fn drop_animation(&self) {
        if self.imp().animation.take().is_some() {
            self.tell_motion();
        }
    }

    fn tell_motion(&self) {
        let moves = self.imp().animation.borrow().as_ref().map(Animation::is_moving);
        if let Some(told) = &*self.imp().on_motion.borrow() {
            told(moves);
        }
    }

    /// The picture came. It is shown only if it is still the one that is waited for.
    pub fn set_picture(&self, id: AttachmentId, texture: &gdk::Texture) {
        if self.showing() == Some(id) {
            self.imp().texture.replace(Some(texture.clone()));
            self.queue_draw();
        }
    }
}

/// How large a picture of these pixels is shown.
fn place((width, height): (u32, u32)) -> (f64, f64) {
    let (width, height) = (f64::from(width.max(1)), f64::from(height.max(1)));
    let share = (LONGEST / width.max(height)).min(1.0);
    ((width * share).round().max(SHORTEST), (height * share).round().max(SHORTEST))
}

/// Where a picture stands so that it covers a place, as little beyond it as can be.
fn cover(width: i32, height: i32, place: &graphene::Rect) -> graphene::Rect {
    let (width, height) = (width.max(1) as f32, height.max(1) as f32);
    let share = (place.width() / width).max(place.height() / height);
    let (width, height) = (width * share, height * share);
    graphene::Rect::new((place.width() - width) / 2.0, (place.height() - height) / 2.0, width, height)
}

/// The blurred picture. Anybody may have made the hash: what is none is nothing.
fn blurred(hash: &[u8]) -> Option<gdk::Texture> {
    if hash.is_empty() || hash.len() > LONGEST_HASH {
        return None;
    }
    let (width, height, pixels) = thumbhash::thumb_hash_to_rgba(hash).ok()?;
    let (columns, rows) = (i32::try_from(width).ok()?, i32::try_from(height).ok()?);
    if columns == 0 || rows == 0 || pixels.len() != width * height * 4 {
        return None;
    }
    let pixels = glib::Bytes::from_owned(pixels);
    let texture = gdk::MemoryTexture::new(columns, rows, gdk::MemoryFormat::R8g8b8a8, &pixels, width * 4);
    Some(texture.upcast())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pictures_keep_their_proportions_within_bounds() {
        assert_eq!(place((4000, 3000)), (340.0, 255.0));
        assert_eq!(place((3000, 4000)), (255.0, 340.0));
        assert_eq!(place((100, 80)), (100.0, 80.0), "small ones are not made large");
        assert_eq!(place((10_000, 10)), (340.0, SHORTEST));
        assert_eq!(place((0, 0)), (SHORTEST, SHORTEST));
        assert_eq!(place((u32::MAX, u32::MAX)), (LONGEST, LONGEST));
    }

    proptest! {
        #[test]
        fn no_hash_of_others_does_harm(hash in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = blurred(&hash);
        }
    }
}
