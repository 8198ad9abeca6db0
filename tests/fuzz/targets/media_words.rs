//! What the media of a call reads: descriptions, candidates, and packets of RTP and RTCP.

pub use media::fuzz::{candidate, describe, packets};
