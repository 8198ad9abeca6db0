//! What every server for tests can do, whoever wrote it.

use std::path::{Path, PathBuf};

use crate::LinkCutter;

/// A server of its own on free ports, with the host `localhost`, that ends with the test.
pub trait Server {
    /// Whether what comes while a stream is resumed is handed over in the order it was sent.
    const RESUMES_IN_ORDER: bool = true;

    /// Whether it gives what is missing of a file to whoever has its beginning (RFC 9110 §14).
    const GIVES_PARTS_OF_FILES: bool = true;

    /// Starts one, and returns when it takes connections.
    fn start() -> Self
    where
        Self: Sized;

    /// Starts one whose files are behind a link that can be cut.
    fn start_with_files_behind_a_cutter() -> (Self, LinkCutter)
    where
        Self: Sized;

    /// Starts it again after [`Self::stop`], on the same ports with the same data.
    fn resume(&mut self);

    /// Ends it in good order.
    fn stop(&mut self);

    /// Makes an account at `localhost` and returns its password.
    fn register(&self, name: &str) -> String;

    /// Its folder, which goes away with it.
    fn folder(&self) -> &Path;

    /// Where it keeps files: in folders below this one, each as a file of its own.
    fn files(&self) -> PathBuf;

    /// The certificate of its authority, to be trusted by clients.
    fn authority(&self) -> PathBuf;

    /// The port where TLS is asked for with STARTTLS.
    fn starttls_port(&self) -> u16;

    /// The port where TLS begins at once.
    fn direct_tls_port(&self) -> u16;
}
