//! The media of a call: finding a way to the other side, capturing and sending, receiving and playing.
//!
//! Signalling says what is wanted with [`MediaCommand`](model::MediaCommand)s and hears
//! [`MediaEvent`](model::MediaEvent)s, plain data both. Each call is one task (`call`) that owns everything of it:
//!
//! ```text
//!   commands ─→ call ─┬─ leg (one for all contents that share a transport, else one each)
//!   events   ←─       │    sdp, candidates, codecs: descriptions ↔ what the library wants
//!                     │    connection: ICE, DTLS, SRTP, RTP (the `webrtc` library), feedback: what it hears of RTCP
//!                     │    sockets: handshakes that survive a bad line
//!                     ├─ sending    microphone, camera ─→ Opus, VP8 ─→ RTP      (GStreamer, on its own threads)
//!                     │                cleaning: of echo, noise, and being too faint
//!                     └─ receiving  RTP ─→ jitter buffer (playout: how long) ─→ decoder ─→ speaker, picture
//! ```
//!
//! Between GStreamer's threads and the tasks of the network stand bounded channels that drop what is too much, as a network
//! would. What travels is never written anywhere.
//!
//! This crate must never know: widgets, XML, SQL, whose call it is, or whether it is wanted.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod background;
mod call;
mod candidates;
mod cleaning;
mod codecs;
mod connection;
mod continuity;
mod counters;
mod devices;
mod engine;
mod feedback;
#[doc(hidden)]
pub mod fuzz;
mod handed;
mod leg;
mod nudge;
mod pictures;
mod pipeline;
mod playout;
mod rate;
mod receiving;
mod ringing;
mod sdp;
mod sending;
mod sockets;
#[cfg(test)]
mod tests;
mod trying;

pub use devices::{DeviceWatch, Devices};
pub use engine::{CallMedia, Config, Engine, Network, Told, Unavailable};
pub use handed::can_take_streams;
pub use pictures::{Picture, View};
pub use ringing::{Ringing, Tone};
pub use trying::{Meter, Preview};
