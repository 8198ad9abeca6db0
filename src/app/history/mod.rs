//! The history of a conversation.

pub mod geometry;
