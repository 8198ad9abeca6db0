//! Sockets that say everything of a key agreement several times.
//!
//! The library repeats what was lost of a DTLS handshake only after a second, and not at all once a part of an answer has
//! come: over a bad line both sides end up waiting for each other. So each datagram of a handshake is sent again shortly
//! after, as it is. Whoever has it already takes a copy for one that the network made (RFC 6347 §4.1.2.6). It is known by its
//! first byte, also inside what a relay is to hand on.

use std::{
    future::Future,
    io::{self, IoSliceMut},
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, RecvMeta, Runtime,
    TokioRuntime, Transmit,
};

/// How long after it was sent a datagram is sent again.
const AGAIN: [Duration; 3] =
    [Duration::from_millis(60), Duration::from_millis(180), Duration::from_millis(450)];

/// What the library runs on: tokio, with such sockets.
#[derive(Debug)]
pub struct Surroundings;

impl Runtime for Surroundings {
    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) -> Box<dyn JoinHandle> {
        TokioRuntime.spawn(future)
    }

    fn spawn_reactor(
        &self,
        size: usize,
        future: Pin<Box<dyn Future<Output = ()> + Send>>,
    ) -> Box<dyn JoinHandle> {
        TokioRuntime.spawn_reactor(size, future)
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        Ok(Arc::new(Repeating { socket: TokioRuntime.wrap_udp_socket(socket)? }))
    }

    fn wrap_tcp_listener(&self, listener: std::net::TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        TokioRuntime.wrap_tcp_listener(listener)
    }

    fn connect_tcp<'a>(
        &'a self,
        remote: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = io::Result<Arc<dyn AsyncTcpStream>>> + Send + 'a>> {
        TokioRuntime.connect_tcp(remote)
    }

    fn resolve_host<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        TokioRuntime.resolve_host(host)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        TokioRuntime.sleep(duration)
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        TokioRuntime.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        TokioRuntime.block_on(future);
    }
}

#[derive(Debug)]
struct Repeating {
    socket: Arc<dyn AsyncUdpSocket>,
}

impl AsyncUdpSocket for Repeating {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn poll_send(&self, context: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let sent = self.socket.poll_send(context, transmit);
        if matches!(sent, Poll::Ready(Ok(_))) && is_of_handshake(transmit.contents) {
            let size = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
            let datagrams: Vec<Vec<u8>> = transmit.contents.chunks(size).map(<[u8]>::to_vec).collect();
            tokio::spawn(repeat(self.socket.clone(), transmit.destination, datagrams));
        }
        sent
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        self.socket.poll_recv(context, buffers, meta)
    }

    fn max_gso_segments(&self) -> usize {
        self.socket.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.socket.max_gro_segments()
    }
}

async fn repeat(socket: Arc<dyn AsyncUdpSocket>, to: SocketAddr, datagrams: Vec<Vec<u8>>) {
    let begun = tokio::time::Instant::now();
    for pause in AGAIN {
        tokio::time::sleep_until(begun + pause).await;
        for datagram in &datagrams {
            // What cannot be sent is lost, as it would be on the way.
            let _ = socket.send_to(datagram, to).await;
        }
    }
}

/// Whether a datagram is of a handshake: its records are changes of ciphers, alerts and handshake messages (RFC 7983 §7), by
/// itself or in what a relay hands on.
fn is_of_handshake(datagram: &[u8]) -> bool {
    let inside = match datagram.first() {
        // The data of a channel (RFC 8656 §12.4).
        Some(0x40..=0x4F) => datagram.get(4..),
        // An indication to send (RFC 8656 §11.1).
        Some(0) if datagram.get(1) == Some(&0x16) => data_of(datagram),
        _ => Some(datagram),
    };
    matches!(inside.and_then(<[u8]>::first), Some(20..=22))
}

/// The data in a message to a relay (RFC 8489 §14, RFC 8656 §18.4).
fn data_of(message: &[u8]) -> Option<&[u8]> {
    const DATA: [u8; 2] = [0x00, 0x13];
    let mut attributes = message.get(20..)?;
    loop {
        let length = usize::from(u16::from_be_bytes([*attributes.get(2)?, *attributes.get(3)?]));
        let value = attributes.get(4..)?.get(..length)?;
        if attributes.get(..2)? == DATA {
            return Some(value);
        }
        attributes = attributes.get(4 + length.next_multiple_of(4)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_handshake_is_known_wherever_it_travels() {
        let handshake = [22, 0xFE, 0xFD, 0, 0];
        let mut indication = vec![0x00, 0x16, 0, 24, 0x21, 0x12, 0xA4, 0x42];
        indication.extend([0; 12]);
        indication.extend([0x00, 0x12, 0, 3, 1, 2, 3, 0]);
        indication.extend([0x00, 0x13, 0, 5]);
        indication.extend(handshake);
        let channel = [&[0x40, 1, 0, 5][..], &handshake].concat();
        for datagram in [&handshake[..], &indication, &channel] {
            assert!(is_of_handshake(datagram), "{datagram:?}");
        }
        let media = [0x80, 111, 0, 1, 22];
        let check = [0x00, 0x01, 0, 0, 0x21, 0x12, 0xA4, 0x42];
        for datagram in
            [&media[..], &check, &[], &[0x40, 1, 0, 5, 0x80], &indication[..30], &[23, 0xFE, 0xFD]]
        {
            assert!(!is_of_handshake(datagram), "{datagram:?}");
        }
    }
}
