//! What every server for tests can do, whoever wrote it.

use std::path::PathBuf;

/// A server of its own on free ports, with the host `localhost`, that ends with the test.
pub trait Server {
    /// Whether what comes while a stream is resumed is handed over in the order it was sent.
    const RESUMES_IN_ORDER: bool = true;

    /// Starts one, and returns when it takes connections.
    fn start() -> Self
    where
        Self: Sized;

    /// Starts it again after [`Self::stop`], on the same ports with the same data.
    fn resume(&mut self);

    /// Ends it in good order.
    fn stop(&mut self);

    /// Makes an account at `localhost` and returns its password.
    fn register(&self, name: &str) -> String;

    /// The certificate of its authority, to be trusted by clients.
    fn authority(&self) -> PathBuf;

    /// The port where TLS is asked for with STARTTLS.
    fn starttls_port(&self) -> u16;

    /// The port where TLS begins at once.
    fn direct_tls_port(&self) -> u16;
}
