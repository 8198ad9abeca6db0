//! Transcripts: what the server says, what the stream answers, what it tells its caller.

mod hostile;
mod keeping_alive;
mod old_servers;
mod registering;
mod script;
mod sessions;
mod signing_in;
