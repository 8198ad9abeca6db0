//! Encryption from device to device, as people meet it.
//!
//! The lock in the composer says whether the next message is encrypted (`lock.rs`); the devices of a person, or
//! one's own, are listed with their keys (`devices.rs`), looked at one by one (`device_page.rs`), and compared by
//! eye (`compare.rs`) or by QR code (`codes.rs`, `code.rs`, over the links of `link.rs`). Every sentence about how
//! far something is protected stands in `words.rs`; why a message waits or cannot be read in `failure.rs`.

mod code;
mod codes;
mod compare;
mod device_page;
mod device_row;
mod devices;
mod dialog;
mod key;
mod link;
mod lock;
pub mod words;

pub use code::codes_in;
pub use codes::Codes;
pub use devices::{Devices, concerns};
pub use dialog::present as present_devices;
pub use key::{key_label, key_row};
pub use lock::Lock;

use gtk::prelude::*;

/// Whether the keyboard is in a widget.
fn has_focus(widget: &impl IsA<gtk::Widget>) -> bool {
    let focus = widget.root().and_then(|root| root.focus());
    focus.is_some_and(|focus| {
        focus.is_mapped() && (focus == *widget.upcast_ref() || focus.is_ancestor(widget))
    })
}
