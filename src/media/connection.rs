//! How a connection of the library is made, and what it tells.
//!
//! The library's own defaults are for servers; what differs here was measured: a relay is taken after 200 ms instead of two
//! seconds, lost packets are asked for every 20 ms, and nothing is offered that is not used.

use std::{sync::Arc, time::Duration};

use model::{IceServer, IceServerKind, IceServerTransport, MediaSetup};
use rtc::interceptor::{NackGeneratorBuilder, NackResponderBuilder, Slot};
use tokio::sync::mpsc;
use webrtc::{
    media_stream::track_remote::TrackRemote,
    peer_connection::{
        PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfiguration,
        RTCConfigurationBuilder, RTCIceCandidate, RTCIceConnectionState, RTCIceServer, RTCIceTransportPolicy,
        RTCPeerConnectionIceEvent, RTCPeerConnectionState, Registry, SettingEngineBuilder,
        configure_rtcp_reports,
    },
};

use crate::{Network, codecs, feedback, sockets::Surroundings};

/// How long a better way than a relay is waited for.
const RELAY_WAIT: Duration = Duration::from_millis(200);
/// How often lost packets are asked for.
const NACK_INTERVAL: Duration = Duration::from_millis(20);
/// Where the listener for feedback stands: next to the application, behind whatever the library has.
const NEXT_TO_APPLICATION: usize = 14_000;

/// What a connection tells.
pub enum Told {
    /// A way to this device.
    Candidate(RTCIceCandidate),
    /// How it is.
    State(RTCPeerConnectionState),
    /// How its way is.
    Way(RTCIceConnectionState),
    /// Something comes.
    Track(Arc<dyn TrackRemote>),
}

/// A connection: told what it tells is told with the number of its leg.
pub struct Made {
    /// The connection.
    pub connection: Arc<dyn PeerConnection>,
    /// What the other side tells of what it receives.
    pub feedback: mpsc::Receiver<feedback::Feedback>,
}

/// Makes a connection.
pub async fn make(
    network: Network,
    setup: &MediaSetup,
    leg: usize,
    tell: mpsc::Sender<(usize, Told)>,
) -> Result<Made, webrtc::error::Error> {
    let engine = codecs::engine()?;
    let (listener, feedback) = feedback::listen();
    let registry = configure_rtcp_reports(Registry::new())
        .with(Slot::NackResponder, NackResponderBuilder::new().build())
        .with(Slot::NackGenerator, NackGeneratorBuilder::new().with_interval(NACK_INTERVAL).build())
        .with(Slot::from(NEXT_TO_APPLICATION), listener);
    let settings = SettingEngineBuilder::new()
        .with_include_loopback_candidate(network == Network::Loopback)
        .with_relay_acceptance_min_wait(Some(RELAY_WAIT))
        .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
        // New ways are looked for when the old ones are lost: perhaps because the device is in another network now, where its
        // sockets lead nowhere. It gets new ones.
        .with_discard_local_candidates_during_ice_restart(true)
        .build();
    let addresses = match network {
        Network::All => vec!["0.0.0.0:0".to_owned(), "[::]:0".to_owned()],
        Network::Loopback => vec!["127.0.0.1:0".to_owned()],
    };
    let builder = PeerConnectionBuilder::new()
        .with_configuration(configuration(setup))
        .with_media_engine(engine)
        .with_interceptor_registry(registry)
        .with_setting_engine(settings)
        .with_runtime(Arc::new(Surroundings))
        .with_handler(Arc::new(Handler { leg, tell }))
        .with_udp_addrs(addresses);
    let connection = Box::pin(builder.build()).await?;
    Ok(Made { connection: Arc::new(connection), feedback })
}

/// Puts other servers in place of those it has, for whatever is gathered from now on.
pub async fn set_servers(connection: &Arc<dyn PeerConnection>, setup: &MediaSetup) {
    if let Err(error) = connection.set_configuration(configuration(setup)).await {
        tracing::debug!(%error, "servers were not taken");
    }
}

fn configuration(setup: &MediaSetup) -> RTCConfiguration {
    let policy = if setup.relay_only { RTCIceTransportPolicy::Relay } else { RTCIceTransportPolicy::All };
    RTCConfigurationBuilder::new()
        .with_ice_servers(servers(&setup.servers))
        .with_ice_transport_policy(policy)
        .build()
}

/// Whether there is a relay the library can use.
pub fn has_relay(all: &[IceServer]) -> bool {
    servers(all).iter().any(|server| server.urls.iter().any(|url| url.starts_with("turn:")))
}

/// The servers the library can use: it knows no relay by TCP or TLS.
fn servers(servers: &[IceServer]) -> Vec<RTCIceServer> {
    let usable = servers.iter().filter(|server| server.transport == IceServerTransport::Udp);
    let usable = usable.map(|server| {
        let host = if server.host.contains(':') { format!("[{}]", server.host) } else { server.host.clone() };
        let url = match server.kind {
            IceServerKind::Stun => format!("stun:{host}:{}", server.port),
            IceServerKind::Turn => format!("turn:{host}:{}?transport=udp", server.port),
        };
        let (username, credential) = server.credentials.clone().unwrap_or_default();
        RTCIceServer { urls: vec![url], username, credential }
    });
    usable.collect()
}

struct Handler {
    leg: usize,
    tell: mpsc::Sender<(usize, Told)>,
}

impl Handler {
    /// This runs on the connection's own task, which must not wait for the call's: that one may wait for it.
    fn tell(&self, told: Told) {
        if self.tell.try_send((self.leg, told)).is_err() {
            tracing::debug!("a call that is over, or too far behind, was told something");
        }
    }
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        self.tell(Told::Candidate(event.candidate));
    }

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        self.tell(Told::Way(state));
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.tell(Told::State(state));
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        self.tell(Told::Track(track));
    }
}
