//! Calls between two services that stand in networks of their own, with address translators, firewalls and bad lines in
//! between. What each side decodes is counted; where there may be no such networks, that is said.

use std::path::Path;
use std::time::Duration;

use tests::internet::RELAY;
use tests::{By, CallAs, CallDevice, CallHome, Internet, Line, Passes, Place, Prosody, Relay};

/// The program a device is.
const SOAK: &str = env!("CARGO_BIN_EXE_soak");

/// A network, or a word about why there is none.
fn internet(story: &str) -> Option<Internet> {
    match Internet::start() {
        Ok(internet) => Some(internet),
        Err(reason) => {
            println!("LEFT OUT: {story}: this machine gives no right to make networks: {reason}");
            eprintln!("LEFT OUT: {story}: this machine gives no right to make networks: {reason}");
            None
        }
    }
}

struct Scene {
    devices: [CallDevice; 2],
    places: [Place; 2],
    relay: Option<Relay>,
    _server: Prosody,
    _internet: Internet,
}

impl Scene {
    fn set(story: &str, lines: [Line; 2], by: Option<By>) -> Option<Self> {
        let internet = internet(story)?;
        let (server, relay) = match by {
            None => (Prosody::start(), None),
            Some(by) => {
                let (server, relay) =
                    Prosody::start_with_relay_at(&internet.attach("relay", Line::open(RELAY), &[]), by);
                (server, Some(relay))
            }
        };
        let doors = [server.direct_tls_port()];
        let places =
            [("alice", lines[0]), ("bob", lines[1])].map(|(name, line)| internet.attach(name, line, &doors));
        let mut where_ = places.iter();
        let devices = CallHome::two(&server)
            .map(|home| home.start(Path::new(SOAK), CallAs { place: where_.next(), clicks: false }));
        Some(Self { devices, places, relay, _server: server, _internet: internet })
    }

    fn connect(&mut self) {
        let [alice, bob] = &mut self.devices;
        alice.tell("call video");
        bob.answers("video");
        for device in &mut self.devices {
            device.until("connected", CallDevice::is_connected);
        }
    }

    fn they_talk(&mut self, pieces: u64, pictures: u64) {
        for device in &mut self.devices {
            device.hears_and_sees(pieces, pictures);
        }
    }

    fn hang_up(&mut self) {
        self.devices[0].tell("hang-up");
        for device in &mut self.devices {
            device.until("over", CallDevice::is_over);
        }
    }
}

const OPEN: [[u8; 4]; 2] = [[198, 51, 100, 10], [203, 0, 113, 20]];

fn open() -> [Line; 2] {
    OPEN.map(Line::open)
}

fn behind_translators() -> [Line; 2] {
    [Line::behind([10, 0, 0, 2], OPEN[0]), Line::behind([192, 168, 1, 2], OPEN[1])]
}

#[test]
fn two_networks_are_crossed_directly() {
    let Some(mut scene) = Scene::set("direct", open(), None) else { return };
    scene.connect();
    scene.they_talk(100, 60);
    let sent = scene.places.each_ref().map(|place| place.sent()[0]);
    assert!(sent.iter().all(|datagrams| *datagrams > 200), "{sent:?}");
    scene.hang_up();
}

#[test]
fn two_translators_are_crossed_over_a_relay_by_datagrams() {
    over_a_relay("two translators, UDP", By::Udp, Passes::All);
}

#[test]
fn two_translators_are_crossed_over_a_relay_by_tcp() {
    over_a_relay("two translators, TCP only", By::Tcp, Passes::Tcp);
}

#[test]
fn two_translators_are_crossed_over_a_relay_by_tls() {
    over_a_relay("two translators, TLS only", By::Tls, Passes::Tcp);
}

fn over_a_relay(story: &str, by: By, passes: Passes) {
    let lines = behind_translators().map(|line| Line { passes, ..line });
    let Some(mut scene) = Scene::set(story, lines, Some(by)) else { return };
    scene.connect();
    scene.they_talk(100, 60);
    scene.hang_up();
    let relay = scene.relay.as_ref().expect("a relay");
    assert!(relay.log().contains("ALLOCATE processed, success"), "{}", relay.log());
}

#[test]
fn a_bad_line_carries_voice_and_pictures() {
    let [alice, bob] = open();
    let lines = [alice.losing(0.05, Duration::from_millis(100)), bob];
    let Some(mut scene) = Scene::set("5 % loss, 100 ms jitter", lines, None) else { return };
    scene.connect();
    scene.they_talk(500, 200);
    scene.hang_up();
}

#[test]
fn a_device_that_moves_to_another_network_goes_on_talking() {
    let Some(mut scene) = Scene::set("another network in mid-call", open(), None) else { return };
    scene.connect();
    scene.they_talk(50, 30);
    scene.places[0].connect(Line::open([198, 51, 100, 77]));
    for device in &mut scene.devices {
        device.until("looking for a new way", |device| device.state.starts_with("Reconnecting"));
    }
    for device in &mut scene.devices {
        device.until("connected again", CallDevice::is_connected);
    }
    scene.they_talk(100, 60);
    scene.hang_up();
}
