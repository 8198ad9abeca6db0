//! QR codes: drawing one, and reading one from a picture.
//!
//! A stranger may have made the picture, so another process decodes it (`decoder`), and a reader that
//! stumbles over it is the same as one that finds nothing.

use adw::prelude::*;
use gtk::{gdk, gio, glib};
use model::AccountId;
use qrcode::{Color, EcLevel, QrCode};
use session::Picture;

use super::link::Link;
use crate::{
    bridge::Bridge,
    decoder::{self, Fit, Wish},
    i18n::{gettext, gettext_f},
};

/// Pixels of one square of a code.
const SQUARE: usize = 6;
/// Empty squares around it, which readers need.
const MARGIN: usize = 4;
/// A code is found in a picture of this size as well as in a larger one.
const LARGEST_SIDE: u32 = 2000;

/// Shows the code with one's own address and keys.
pub fn present(parent: &impl IsA<gtk::Widget>, bridge: &Bridge, account: AccountId) {
    let Some(reader) = bridge.session().reader(account) else { return };
    let parent = parent.clone().upcast::<gtk::Widget>();
    glib::spawn_future_local(async move {
        let Ok(Some(profile)) = reader.account().await else { return };
        let address = profile.settings.address;
        let Ok(devices) = reader.devices(address.clone()).await else { return };
        let link = Link::of(&address, &devices);
        if let Some(picture) = draw(&link.to_string()) {
            show(&parent, &link, &picture);
        } else {
            tracing::warn!("too much for one code");
        }
    });
}

fn show(parent: &gtk::Widget, link: &Link, texture: &gdk::Texture) {
    let address = link.address.as_str();
    let picture = gtk::Picture::for_paintable(texture);
    let name = gettext_f("QR code of {address}", &[("address", address)]);
    picture.set_alternative_text(Some(&name));
    picture.update_property(&[gtk::accessible::Property::Label(&name)]);
    picture.add_css_class("qr-code");
    picture.set_size_request(240, 240);
    let clamp = adw::Clamp::builder().maximum_size(300).child(&picture).build();

    let label = |text: &str, classes: &[&str]| {
        gtk::Label::builder()
            .label(text)
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .justify(gtk::Justification::Center)
            .css_classes(classes.to_vec())
            .build()
    };
    let explanation = if link.keys.is_empty() {
        gettext("Whoever scans this finds you. Your keys are not ready yet.")
    } else {
        gettext("Whoever scans this from your screen knows that your keys are yours.")
    };
    let copy = gtk::Button::builder().label(gettext("Copy Link")).halign(gtk::Align::Center).build();
    copy.add_css_class("pill");
    let text = link.to_string();
    copy.connect_clicked(move |button| button.clipboard().set_text(&text));

    let content = gtk::Box::builder()
        .orientation(gtk::Orientation::Vertical)
        .spacing(18)
        .margin_start(18)
        .margin_end(18)
        .margin_top(12)
        .margin_bottom(24)
        .build();
    content.append(&clamp);
    content.append(&label(address, &["title-4"]));
    content.append(&label(&explanation, &["dimmed"]));
    content.append(&copy);
    let scrolled = gtk::ScrolledWindow::builder()
        .hscrollbar_policy(gtk::PolicyType::Never)
        .propagate_natural_height(true)
        .child(&content)
        .build();
    let view = adw::ToolbarView::builder().content(&scrolled).build();
    view.add_top_bar(&adw::HeaderBar::new());
    adw::Dialog::builder()
        .title(gettext("QR Code"))
        .content_width(360)
        .child(&view)
        .build()
        .present(Some(parent));
}

/// A code as black squares on white, whatever the style of the window: readers want it so.
fn draw(text: &str) -> Option<gdk::Texture> {
    let (pixels, side) = pixels(text)?;
    let bytes = glib::Bytes::from_owned(pixels);
    Some(gdk::MemoryTexture::new(side as i32, side as i32, gdk::MemoryFormat::G8, &bytes, side).upcast())
}

/// A byte for each pixel, and how many are in a row.
fn pixels(text: &str) -> Option<(Vec<u8>, usize)> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let colors = code.to_colors();
    let side = (width + 2 * MARGIN) * SQUARE;
    let mut pixels = vec![255; side * side];
    for (row, line) in pixels.chunks_mut(side).enumerate() {
        let Some(row) = (row / SQUARE).checked_sub(MARGIN).filter(|row| *row < width) else { continue };
        for (column, color) in colors[row * width..(row + 1) * width].iter().enumerate() {
            if *color == Color::Dark {
                let start = (column + MARGIN) * SQUARE;
                line[start..start + SQUARE].fill(0);
            }
        }
    }
    Some((pixels, side))
}

/// The texts of the codes in a picture, which is that of a file.
pub async fn read(bytes: Vec<u8>) -> Vec<String> {
    gio::spawn_blocking(move || find(&bytes)).await.unwrap_or_default()
}

fn find(bytes: &[u8]) -> Vec<String> {
    let whole = Wish { fit: Fit::Whole, side: LARGEST_SIDE };
    let Some(image) = decoder::decode_now(bytes, whole) else { return Vec::new() };
    find_in((image.width, image.height), image.width * 4, &image.pixels)
}

/// The texts of the codes in a picture of a camera.
pub fn codes_in(picture: &Picture) -> Vec<String> {
    find_in((picture.width, picture.height), picture.stride, &picture.pixels)
}

/// Looks through pixels of four bytes, whose rows begin so many bytes after each other.
fn find_in((width, height): (u32, u32), stride: u32, pixels: &[u8]) -> Vec<String> {
    let (width, height, stride) = (width as usize, height as usize, stride as usize);
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        let place = y * stride + x * 4;
        pixels.get(place..place + 3).map_or(255, grey)
    });
    prepared.detect_grids().into_iter().filter_map(|grid| Some(grid.decode().ok()?.1)).collect()
}

/// How bright red, green and blue are together (ITU-R BT.709).
fn grey(color: &[u8]) -> u8 {
    let parts = color.iter().zip([2126, 7152, 722]);
    (parts.map(|(value, weight)| u32::from(*value) * weight).sum::<u32>() / 10_000) as u8
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, GrayImage, ImageFormat};

    use super::*;

    fn png(text: &str) -> Vec<u8> {
        let (pixels, side) = pixels(text).expect("it fits");
        let image = GrayImage::from_raw(side as u32, side as u32, pixels).expect("as many as it should be");
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageLuma8(image).write_to(&mut bytes, ImageFormat::Png).expect("it is written");
        bytes.into_inner()
    }

    #[test]
    fn a_code_is_read_as_it_was_drawn() {
        let key = "0123456789abcdef".repeat(4);
        let devices: Vec<_> = (1..=10).map(|id| format!("omemo-sid-{}={key}", id * 214_748_364)).collect();
        for text in ["xmpp:bob@example.org".to_owned(), format!("xmpp:bob@example.org?{}", devices.join(";"))]
        {
            assert_eq!(find(&png(&text)), [text]);
        }
    }

    #[test]
    fn a_picture_without_a_code_says_nothing() {
        let mut blank = Cursor::new(Vec::new());
        DynamicImage::new_luma8(300, 200).write_to(&mut blank, ImageFormat::Png).expect("it is written");
        assert!(find(&blank.into_inner()).is_empty());
        assert!(find(b"no picture").is_empty());
    }

    #[test]
    fn more_than_fits_is_not_drawn() {
        assert!(pixels(&"x".repeat(5000)).is_none());
    }
}
