//! One connection: a socket, secured or not yet, with what waits to be written.
//!
//! The link is owned whole and polled in one place, reading and writing at once; there are no
//! halves that could forget to wake each other. What is queued goes out in as few writes as the
//! socket takes. Reading stops at 256 KiB a time, so what a server sends never piles up here.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use account::TlsFacts;
use model::Failure;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};
use tokio_rustls::client::TlsStream;

use crate::tls::Trust;

/// As much as one input may hold: a page of an archive, so that its end is seen as soon as it has come.
const BATCH: usize = 256 * 1024;
/// How long the other side may take nothing while we have something to say.
const STALL: Duration = Duration::from_secs(60);
/// How long the last words may take.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What happened on a link.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LinkEvent {
    /// These bytes came.
    Bytes(Vec<u8>),
    /// It is over, with the reason if it was not the orderly end.
    Closed(Option<Failure>),
}

/// A connection to a server.
pub(crate) struct Link {
    socket: Socket,
    /// How to secure it, for when the stream asks.
    trust: Trust,
    incoming: Box<[u8]>,
    outgoing: Vec<u8>,
    /// How much of `outgoing` is written.
    written: usize,
    /// Something was written that may still lie in the TLS layer.
    unflushed: bool,
    closing: bool,
    deadline: Pin<Box<Sleep>>,
    /// Whether `deadline` counts.
    waiting: bool,
}

enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Link {
    pub(crate) fn plain(socket: TcpStream, trust: Trust) -> Self {
        Self::new(Socket::Plain(socket), trust)
    }

    pub(crate) fn secured(socket: TlsStream<TcpStream>, trust: Trust) -> Self {
        Self::new(Socket::Tls(Box::new(socket)), trust)
    }

    fn new(socket: Socket, trust: Trust) -> Self {
        Self {
            socket,
            trust,
            incoming: vec![0; BATCH].into_boxed_slice(),
            outgoing: Vec::new(),
            written: 0,
            unflushed: false,
            closing: false,
            deadline: Box::pin(sleep_until(Instant::now())),
            waiting: false,
        }
    }

    /// Queues bytes. They leave with the next [`flush`](Self::flush) or [`next`](Self::next).
    pub(crate) fn write(&mut self, bytes: Vec<u8>) {
        if self.outgoing.is_empty() {
            self.outgoing = bytes;
        } else {
            self.outgoing.extend_from_slice(&bytes);
        }
    }

    /// Lets what was queued out, says goodbye to TLS, and closes.
    pub(crate) fn close(&mut self) {
        self.closing = true;
        self.deadline.as_mut().reset(Instant::now() + LAST_WORDS);
        self.waiting = true;
    }

    /// Writes what the socket takes at once, without waiting.
    pub(crate) async fn flush(&mut self) {
        // A failure is met again, and told, by `next`.
        poll_fn(|context| {
            let _ = self.poll_write(context);
            Poll::Ready(())
        })
        .await;
    }

    /// Waits for the next thing to happen, writing meanwhile. May be dropped at any time.
    pub(crate) async fn next(&mut self) -> LinkEvent {
        poll_fn(|context| self.poll(context)).await
    }

    /// Secures a link that began in the clear.
    pub(crate) async fn start_tls(self) -> Result<(Self, TlsFacts), Failure> {
        let Socket::Plain(socket) = self.socket else { return Err(Failure::Protocol) };
        let (socket, facts) = self.trust.secure(socket, false).await?;
        Ok((Self::secured(socket, self.trust), facts))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<LinkEvent> {
        match self.poll_write(context) {
            Poll::Ready(Err(_)) => return Poll::Ready(LinkEvent::Closed(Some(Failure::ConnectionLost))),
            Poll::Ready(Ok(())) if self.closing => {
                // A server that does not answer the goodbye is left alone after a while.
                if self.socket.write_half().poll_shutdown(context).is_ready() {
                    return Poll::Ready(LinkEvent::Closed(None));
                }
            }
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        if !self.closing
            && let Poll::Ready(event) = self.poll_read(context)
        {
            return Poll::Ready(event);
        }
        if self.waiting && self.deadline.as_mut().poll(context).is_ready() {
            let failure = (!self.closing).then_some(Failure::TimedOut);
            return Poll::Ready(LinkEvent::Closed(failure));
        }
        Poll::Pending
    }

    /// Ready when there is nothing left to write.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.outgoing.get(self.written..)
            && !rest.is_empty()
        {
            match self.socket.write_half().poll_write(context, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(taken)) => {
                    self.written += taken;
                    self.unflushed = true;
                    self.moved();
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.stalled();
                    return Poll::Pending;
                }
            }
        }
        self.outgoing = Vec::new();
        self.written = 0;
        if self.unflushed {
            match self.socket.write_half().poll_flush(context) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.stalled();
                    return Poll::Pending;
                }
            }
        }
        self.moved();
        Poll::Ready(Ok(()))
    }

    /// Reads what there is, up to a batch.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<LinkEvent> {
        let mut buffer = ReadBuf::new(&mut self.incoming);
        let mut end = None;
        while buffer.remaining() > 0 {
            let before = buffer.filled().len();
            match self.socket.read_half().poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if buffer.filled().len() > before => {}
                Poll::Ready(Ok(())) => {
                    end = Some(None);
                    break;
                }
                Poll::Ready(Err(error)) => {
                    // Servers that hang up without a word to TLS are many; the stream knows whether
                    // it had ended.
                    let orderly = error.kind() == io::ErrorKind::UnexpectedEof;
                    end = Some((!orderly).then_some(Failure::ConnectionLost));
                    break;
                }
                Poll::Pending => break,
            }
        }
        // The end is met again at the next poll, after these bytes are handled.
        if !buffer.filled().is_empty() {
            return Poll::Ready(LinkEvent::Bytes(buffer.filled().to_vec()));
        }
        match end {
            Some(failure) => Poll::Ready(LinkEvent::Closed(failure)),
            None => Poll::Pending,
        }
    }

    fn stalled(&mut self) {
        if !self.waiting {
            self.waiting = true;
            self.deadline.as_mut().reset(Instant::now() + STALL);
        }
    }

    fn moved(&mut self) {
        if !self.closing {
            self.waiting = false;
        }
    }
}

impl Socket {
    fn read_half(&mut self) -> Pin<&mut (dyn AsyncRead + Unpin)> {
        match self {
            Self::Plain(socket) => Pin::new(socket),
            Self::Tls(socket) => Pin::new(socket.as_mut()),
        }
    }

    fn write_half(&mut self) -> Pin<&mut (dyn AsyncWrite + Unpin)> {
        match self {
            Self::Plain(socket) => Pin::new(socket),
            Self::Tls(socket) => Pin::new(socket.as_mut()),
        }
    }
}

#[cfg(test)]
mod tests;
