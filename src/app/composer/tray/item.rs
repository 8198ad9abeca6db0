//! One file that is to be sent.

use std::{io::Read as _, path::PathBuf, sync::Arc};

use gtk::{gdk, gio, glib, pango, prelude::*};
use model::{FileKind, FileSource};
use view::Telling;

use crate::{
    decoder::{self, Fit, LARGEST_FILE, Wish},
    files,
    i18n::gettext_f,
};

/// The side of a small picture, in pixels of the screen.
const SIDE: i32 = 72;

/// See the top of the file.
#[derive(Debug)]
pub struct Item {
    pub source: FileSource,
    pub name: String,
    pub size: u64,
    pub is_picture: bool,
    pub is_film: bool,
    /// Whether it tells where and with what it was made.
    pub telling: Telling,
    icon: &'static str,
    picture: Option<gdk::Texture>,
}

impl Item {
    /// A file of the user's. What cannot be sent is told in words.
    pub async fn of_file(file: &gio::File) -> Result<Self, String> {
        let attributes =
            "standard::name,standard::display-name,standard::size,standard::type,standard::content-type";
        let info =
            file.query_info_future(attributes, gio::FileQueryInfoFlags::NONE, glib::Priority::DEFAULT).await;
        let shown = file.basename().unwrap_or_default().to_string_lossy().into_owned();
        let name = [("name", shown.as_str())];
        let info = info.map_err(|_| gettext_f("“{name}” cannot be read.", &name))?;
        if info.file_type() != gio::FileType::Regular {
            return Err(gettext_f("“{name}” is no file. Put a folder into an archive to send it.", &name));
        }
        let path = file
            .path()
            .ok_or_else(|| gettext_f("“{name}” is not on this device. Copy it here to send it.", &name))?;
        let media_type = info.content_type().and_then(|kind| gio::content_type_get_mime_type(&kind));
        let media_type = media_type.unwrap_or_default();
        let is_picture = FileKind::of(&media_type) == FileKind::Picture;
        let size = u64::try_from(info.size()).unwrap_or_default();
        let picture = if is_picture { small_picture(path.clone()).await } else { None };
        let looked_at = path.clone();
        let telling = gio::spawn_blocking(move || view::telling(&looked_at));
        let telling = telling.await.ok().and_then(Result::ok);
        let telling = telling.ok_or_else(|| gettext_f("“{name}” cannot be read.", &name))?;
        Ok(Self {
            source: FileSource::Path(path),
            name: info.display_name().into(),
            size,
            is_picture,
            is_film: FileKind::of(&media_type) == FileKind::Video,
            telling,
            icon: files::icon_of(FileKind::of(&media_type), &media_type),
            picture,
        })
    }

    /// A picture that was pasted or dropped without a file.
    pub async fn of_picture(texture: &gdk::Texture) -> Option<Self> {
        let pixels = texture.clone();
        let bytes = gio::spawn_blocking(move || pixels.save_to_png_bytes()).await.ok()?;
        let bytes: Arc<[u8]> = Arc::from(&*bytes);
        let now = glib::DateTime::now_local().ok()?.format("%Y-%m-%d %H-%M-%S").ok()?;
        Some(Self {
            size: bytes.len() as u64,
            source: FileSource::Bytes(bytes),
            name: format!("{now}.png"),
            is_picture: true,
            is_film: false,
            telling: Telling::CanBeTakenOut,
            icon: files::icon_of(FileKind::Picture, "image/png"),
            picture: Some(texture.clone()),
        })
    }

    /// Whether it can be made smaller.
    pub fn can_be_smaller(&self) -> bool {
        self.is_picture || self.is_film
    }

    /// How it is shown, with the button that takes it out. What the server refuses is pointed out.
    pub fn card(&self, is_refused: bool, remove: &gtk::Button) -> gtk::Widget {
        let look: gtk::Widget = if let Some(picture) = &self.picture {
            gtk::Picture::builder()
                .paintable(picture)
                .content_fit(gtk::ContentFit::Cover)
                .can_shrink(true)
                .build()
                .upcast()
        } else {
            gtk::Image::builder().icon_name(self.icon).pixel_size(28).build().upcast()
        };
        look.set_accessible_role(gtk::AccessibleRole::Presentation);
        look.set_size_request(SIDE, SIDE);
        look.set_overflow(gtk::Overflow::Hidden);
        look.add_css_class("look");
        let look = gtk::Overlay::builder().child(&look).halign(gtk::Align::Center).build();
        look.add_overlay(remove);
        let line = |text: &str, class: &str| {
            gtk::Label::builder()
                .label(text)
                .ellipsize(pango::EllipsizeMode::Middle)
                .max_width_chars(12)
                .css_classes([class])
                .build()
        };
        let card = gtk::Box::builder()
            .orientation(gtk::Orientation::Vertical)
            .spacing(2)
            .tooltip_text(&self.name)
            .accessible_role(gtk::AccessibleRole::ListItem)
            .build();
        let size = files::size(self.size);
        card.update_property(&[gtk::accessible::Property::Label(&format!("{}, {size}", self.name))]);
        card.append(&look);
        card.append(&line(&self.name, "caption"));
        let size = line(&size, "caption");
        size.add_css_class(if is_refused { "error" } else { "dimmed" });
        card.append(&size);
        card.upcast()
    }
}

async fn small_picture(path: PathBuf) -> Option<gdk::Texture> {
    let wish = Wish { fit: Fit::Square, side: SIDE as u32 * 2 };
    let decoded = gio::spawn_blocking(move || {
        let mut bytes = Vec::new();
        std::fs::File::open(path).ok()?.take(LARGEST_FILE).read_to_end(&mut bytes).ok()?;
        decoder::decode_now(&bytes, wish)
    });
    Some(decoded.await.ok()??.into_texture())
}
