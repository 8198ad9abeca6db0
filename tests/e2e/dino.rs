//! The other side is Dino: it is called, and calls. What comes from it is decoded and counted here.

use std::path::Path;

use tests::{CallAs, CallDevice, CallHome, Dino, Internet, Line, Prosody};

const SOAK: &str = env!("CARGO_BIN_EXE_soak");

/// Alice has Starling, Bob has Dino.
struct Scene {
    alice: CallDevice,
    dino: Dino,
    server: Prosody,
    _internet: Internet,
}

impl Scene {
    fn set(story: &str) -> Option<Self> {
        let internet = match Internet::start() {
            Ok(internet) => internet,
            Err(reason) => {
                println!("LEFT OUT: {story}: this machine gives no right to make networks: {reason}");
                return None;
            }
        };
        let server = Prosody::start_tapped();
        let [alice, bob] = CallHome::two(&server);
        let place = internet.attach(
            "alice",
            Line::open([198, 51, 100, 10]),
            &[tests::Server::direct_tls_port(&server)],
        );
        let line = Line::open([203, 0, 113, 20]);
        let dino =
            Dino::start(&internet, line, &server, bob.address.as_str(), "pw-bob", alice.address.as_str());
        let alice = alice.start(Path::new(SOAK), CallAs { place: Some(&place), clicks: false });
        Some(Self { alice, dino, server, _internet: internet })
    }

    /// Alice hears the bursts of Bob's microphone, and sees pictures of his camera.
    fn alice_hears_and_sees(&mut self, pieces: u64, pictures: u64) {
        let before = self.alice.statistics;
        self.alice.until("hearing and seeing", |device| {
            let now = device.statistics;
            device.loudest.is_some_and(|level| level > -40)
                && now.audio.decoded >= before.audio.decoded + pieces
                && now.video.decoded >= before.video.decoded + pictures
        });
    }

    /// What both said, kept should it be wanted for a transcript.
    fn keep(&self, name: &str) {
        if let Ok(folder) = std::env::var("STARLING_KEEP_WIRE") {
            std::fs::write(Path::new(&folder).join(name), self.server.wire()).expect("a file");
            self.dino.desktop.screenshot(&Path::new(&folder).join(format!("{name}.png")));
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("datagrams and segments that Dino sent: {:?}", self.dino.place.sent());
            self.keep("failed");
        }
    }
}

#[test]
fn dino_takes_a_call_of_voices() {
    let Some(mut scene) = Scene::set("a call to Dino") else { return };
    scene.alice.tell("call voice");
    scene.dino.answers();
    scene.alice.until("connected", CallDevice::is_connected);
    scene.alice_hears_and_sees(100, 0);
    scene.keep("dino-answers-voice");
    scene.alice.tell("hang-up");
    scene.alice.until("over", CallDevice::is_over);
}

#[test]
fn dino_takes_a_call_with_pictures() {
    let Some(mut scene) = Scene::set("a call to Dino with pictures") else { return };
    scene.alice.tell("call video");
    scene.dino.answers();
    scene.alice.until("connected", CallDevice::is_connected);
    scene.alice_hears_and_sees(100, 60);
    scene.keep("dino-answers-video");
    scene.alice.tell("hang-up");
    scene.alice.until("over", CallDevice::is_over);
}

#[test]
fn dino_calls() {
    let Some(mut scene) = Scene::set("a call from Dino") else { return };
    scene.dino.calls();
    scene.alice.answers("voice");
    scene.alice.until("connected", CallDevice::is_connected);
    scene.alice_hears_and_sees(100, 0);
    scene.keep("dino-calls");
    scene.alice.tell("hang-up");
    scene.alice.until("over", CallDevice::is_over);
}

#[test]
fn a_camera_comes_into_a_call_with_dino_and_goes() {
    let Some(mut scene) = Scene::set("a camera in a call with Dino") else { return };
    scene.alice.tell("call voice");
    scene.dino.answers();
    scene.alice.until("connected", CallDevice::is_connected);
    scene.alice_hears_and_sees(50, 0);
    // A content with a transport of its own, while the other goes on.
    scene.alice.tell("send video on");
    let sent = scene.alice.statistics.video.packets_sent;
    scene.alice.until("sending pictures", |device| device.statistics.video.packets_sent > sent + 200);
    scene.alice_hears_and_sees(50, 0);
    scene.keep("dino-takes-camera");
    scene.alice.tell("send video off");
    scene.alice_hears_and_sees(100, 0);
    scene.alice.tell("hang-up");
    scene.alice.until("over", CallDevice::is_over);
}
