//! What the history wants of the rest of the program.

use std::time::Duration;

use model::{AttachmentId, MessageId};

/// A wish. The history goes on at once; the answer, if any, comes through its window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A page of older messages: the person comes near the start of the window.
    Older,
    /// A page of newer messages: the person comes near the end of the window.
    Newer,
    /// A window that ends at the newest message.
    Newest,
    /// A window around a message that is not in this one.
    Around(MessageId),
    /// This is the last message that was on the screen to its end.
    Seen(MessageId),
    /// Answer a message.
    Reply(MessageId),
    /// Put a text, with marks of quotation, into the composer.
    Quote(String),
    /// Change an own message.
    Edit(MessageId),
    /// Take an own message back.
    Retract(MessageId),
    /// Add a reaction, or take the same one back.
    React(MessageId, String),
    /// Show everything about a message.
    Details(MessageId),
    /// Show the devices of the other side, whose keys wait for a decision.
    Devices,
    /// Begin anew with the device whose message cannot be read.
    ResetSession(MessageId),
    /// Show the earlier texts of a message.
    Revisions(MessageId),
    /// Send a refused message again.
    TryAgain(MessageId),
    /// Do something with a file.
    File(AttachmentId, FileWish),
    /// Do something with a sound.
    Sound(AttachmentId, SoundWish),
    /// Go where a link leads: `http`, `https`, `xmpp` or `mailto`, never anything else.
    OpenLink(String),
}

/// What can be wanted of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileWish {
    /// Fetch it.
    Download,
    /// Stop fetching or sending it.
    Cancel,
    /// Try again what failed.
    Retry,
    /// Open it with another program.
    Open,
    /// Write it to a place of the user's.
    SaveAs,
    /// Look at a picture.
    View,
}

/// What can be wanted of a sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundWish {
    /// Play it, or pause it.
    Toggle,
    /// Go on from another place.
    Seek(Duration),
    /// Play faster, or as it was again.
    Tempo,
    /// Find out how long and how loud it is.
    Measure,
}
