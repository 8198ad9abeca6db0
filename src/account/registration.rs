//! Making an account (XEP-0077): a small driver over the stream, without a store. To be written.
