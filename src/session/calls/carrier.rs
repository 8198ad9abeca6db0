//! Relays that are reached by TCP or TLS, for an engine that knows them by datagrams only.
//!
//! What the engine sends to a socket on this machine is carried to the relay over a connection, and back. Messages of a
//! relay tell their length themselves (RFC 8656 §12.5), so nothing has to be added; only the data of channels, which in a
//! stream stands on multiples of four bytes, is padded.
//!
//! ```text
//!   engine ─ datagrams → 127.0.0.1 ─ carrier ─ TCP, or TLS with a certificate that is checked → relay
//! ```
//!
//! Each socket of the engine has a connection of its own: the relay tells them apart by that.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use model::{IceServer, IceServerKind, IceServerTransport};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
    runtime::Handle,
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::timeout,
};

use crate::tls::Trust;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// An engine has a socket for each of the machine's addresses; more than this are not its own.
const MAX_CONNECTIONS: usize = 32;
/// Datagrams that wait for a connection.
const MAX_WAITING: usize = 256;
/// The longest message: a header of 20 bytes and what 16 bits can tell.
const LONGEST: usize = 20 + 0xFFFF + 3;

/// Carries to one relay for as long as it is kept.
pub(super) struct Carrier {
    relay: IceServer,
    address: SocketAddr,
    task: AbortHandle,
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Carrier {
    /// Begins to carry, if the relay is one that is reached by a connection.
    fn begin(runtime: &Handle, relay: &IceServer, authorities: Option<PathBuf>) -> Option<Self> {
        let begun = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| {
            socket.set_nonblocking(true)?;
            let _inside = runtime.enter();
            let socket = UdpSocket::from_std(socket)?;
            Ok((socket.local_addr()?, socket))
        });
        match begun {
            Ok((address, socket)) => {
                let task = runtime.spawn(carry(Arc::new(socket), relay.clone(), authorities)).abort_handle();
                Some(Self { relay: relay.clone(), address, task })
            }
            Err(error) => {
                tracing::warn!(%error, "a relay cannot be reached");
                None
            }
        }
    }

    fn leads_to(&self, relay: &IceServer) -> bool {
        (&self.relay.host, self.relay.port, self.relay.transport)
            == (&relay.host, relay.port, relay.transport)
    }
}

/// The servers as an engine can use them: where one is reached by a connection, a carrier stands in for it.
pub(super) fn by_datagrams(
    runtime: &Handle,
    carriers: &mut Vec<Carrier>,
    servers: Vec<IceServer>,
    authorities: Option<&PathBuf>,
) -> Vec<IceServer> {
    let mut usable = Vec::new();
    for server in servers {
        if server.kind != IceServerKind::Turn || server.transport == IceServerTransport::Udp {
            usable.push(server);
            continue;
        }
        if !carriers.iter().any(|carrier| carrier.leads_to(&server)) {
            carriers.extend(Carrier::begin(runtime, &server, authorities.cloned()));
        }
        if let Some(carrier) = carriers.iter().find(|carrier| carrier.leads_to(&server)) {
            let (host, port) = (carrier.address.ip().to_string(), carrier.address.port());
            usable.push(IceServer { host, port, transport: IceServerTransport::Udp, ..server });
        }
    }
    usable
}

async fn carry(socket: Arc<UdpSocket>, relay: IceServer, authorities: Option<PathBuf>) {
    let mut connections: HashMap<SocketAddr, mpsc::Sender<Vec<u8>>> = HashMap::new();
    let mut tasks = JoinSet::new();
    let mut buffer = vec![0; LONGEST];
    loop {
        // A refusal of an earlier datagram may be told here: it means nothing.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        connections.retain(|_, connection| !connection.is_closed());
        if !connections.contains_key(&from) && connections.len() >= MAX_CONNECTIONS {
            continue;
        }
        let connection = connections.entry(from).or_insert_with(|| {
            let (connection, datagrams) = mpsc::channel(MAX_WAITING);
            let (socket, relay, authorities) = (socket.clone(), relay.clone(), authorities.clone());
            tasks.spawn(async move {
                if let Err(error) = connect(&socket, from, &relay, authorities, datagrams).await {
                    tracing::info!(%error, "the way to a relay ended");
                }
            });
            connection
        });
        if let Some(datagram) = buffer.get(..length) {
            // Full: lost, as a datagram may be.
            let _ = connection.try_send(padded(datagram));
        }
        while tasks.try_join_next().is_some() {}
    }
}

async fn connect(
    socket: &UdpSocket,
    engine: SocketAddr,
    relay: &IceServer,
    authorities: Option<PathBuf>,
    datagrams: mpsc::Receiver<Vec<u8>>,
) -> io::Result<()> {
    let connecting = TcpStream::connect((relay.host.as_str(), relay.port));
    let stream = timeout(CONNECT, connecting).await.map_err(io::Error::other)??;
    stream.set_nodelay(true)?;
    if relay.transport == IceServerTransport::Tcp {
        return pump(stream, socket, engine, datagrams).await;
    }
    let host = relay.host.clone();
    // It reads files.
    let trust = tokio::task::spawn_blocking(move || Trust::load(&host, authorities.as_deref())).await?;
    let trust = trust.map_err(|failure| io::Error::other(failure.to_string()))?;
    let secured = trust.secure(stream, false).await;
    let (stream, _) = secured.map_err(|refused| io::Error::other(refused.failure.to_string()))?;
    pump(stream, socket, engine, datagrams).await
}

async fn pump(
    stream: impl AsyncRead + AsyncWrite,
    socket: &UdpSocket,
    engine: SocketAddr,
    mut datagrams: mpsc::Receiver<Vec<u8>>,
) -> io::Result<()> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let there = async {
        while let Some(datagram) = datagrams.recv().await {
            writer.write_all(&datagram).await?;
            writer.flush().await?;
        }
        Ok(())
    };
    let back = async {
        loop {
            let mut message = vec![0; 4];
            reader.read_exact(&mut message).await?;
            let lengths = lengths(&message).ok_or(io::ErrorKind::InvalidData)?;
            message.resize(lengths.in_stream, 0);
            reader.read_exact(message.get_mut(4..).unwrap_or_default()).await?;
            message.truncate(lengths.itself);
            // The engine has closed its socket, or does not keep up.
            let _ = socket.send_to(&message, engine).await;
        }
    };
    tokio::select! {
        done = there => done,
        done = back => done,
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Lengths {
    itself: usize,
    in_stream: usize,
}

/// How long a message is, by its first four bytes. `None`: it is of no kind that a relay sends.
fn lengths(head: &[u8]) -> Option<Lengths> {
    let [kind, _, high, low] = *head else { return None };
    let length = usize::from(u16::from_be_bytes([high, low]));
    match kind >> 6 {
        0 => Some(Lengths { itself: 20 + length, in_stream: 20 + length }),
        1 => Some(Lengths { itself: 4 + length, in_stream: (4 + length).next_multiple_of(4) }),
        _ => None,
    }
}

/// A datagram as it stands in a stream.
fn padded(datagram: &[u8]) -> Vec<u8> {
    let mut message = datagram.to_vec();
    if message.first().is_some_and(|kind| kind >> 6 == 1) {
        message.resize(message.len().next_multiple_of(4), 0);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_tell_their_length() {
        let both = |length| Some(Lengths { itself: length, in_stream: length });
        assert_eq!(lengths(&[0, 1, 0, 8]), both(28));
        assert_eq!(lengths(&[0x40, 0, 0, 4]), both(8));
        assert_eq!(lengths(&[0x4F, 0xFF, 0, 5]), Some(Lengths { itself: 9, in_stream: 12 }));
        assert!(lengths(&[0x40, 0, 0xFF, 0xFF]).unwrap().in_stream <= LONGEST);
        assert_eq!(lengths(&[0x80, 0, 0, 4]), None, "this is RTP");
        assert_eq!(lengths(&[0, 1]), None);
    }

    #[test]
    fn only_the_data_of_channels_is_padded() {
        assert_eq!(padded(&[0x40, 0, 0, 1, 7]), [0x40, 0, 0, 1, 7, 0, 0, 0]);
        assert_eq!(padded(&[0, 1, 0, 0, 7]), [0, 1, 0, 0, 7]);
        assert!(padded(&[]).is_empty());
    }
}
