//! What encryption costs: sealing for few and for many devices, catching up, and the first words to a new contact.

use std::time::{Duration, Instant};

use model::{BareJid, Content, Delivery, EncryptionKind, Timestamp};
use omemo::{DeviceId, Omemo, OwnDevice, Peer, Recipient, Version};
use store::{DatabaseKey, Writer};
use tests::person::block_on;
use tests::{Person, befriend};

use crate::catch_up::{MESSAGES, bare_reader, write_archive};
use crate::measure::{ROUNDS, Rows, median, milliseconds, rest};
use crate::stage::Stage;

/// How many devices the new contact has, and how many people write to them for the first time.
const DEVICES: usize = 5;
const WRITERS: usize = 5;

/// Measures on a server that is there.
pub fn measure(stage: &Stage, rows: &mut Rows) {
    for version in [Version::Legacy, Version::Two] {
        rows.at_most(&format!("encrypt to 10 devices, {version:?}"), encrypt(version, 10), "ms", 1.0);
        rows.at_most(&format!("encrypt to 300 devices, {version:?}"), encrypt(version, 300), "ms", 20.0);
    }
    rows.at_most("first words to five devices, until the server has them", first_words(stage), "ms", 150.0);
    rest();
    let (rate, bare) = catch_up(stage);
    rows.yardstick("bare reader: archived encrypted messages", bare, "/s");
    rows.at_least("catch-up of 10,000 encrypted messages", rate, "/s", 1500.0);
}

/// Milliseconds to seal a message over a database, without the commit. Nobody has answered, so each message carries a key
/// exchange: it does not get longer than that.
fn encrypt(version: Version, count: usize) -> f64 {
    let mut rng = rand::rng();
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::create(folder.path(), &DatabaseKey::from_bytes([1; 32])).expect("a database");
    let now = Timestamp(1_767_268_800_000);
    let address = "friend@example.net";
    let devices: Vec<DeviceId> = writer
        .write(|tx| {
            let mut omemo = Omemo::new(tx);
            omemo.create_own_device(&[], now, &mut rng).expect("a device");
            let mut devices = Vec::new();
            for _ in 0..count {
                let device = OwnDevice::generate(&devices, now, &mut rng);
                let peer = Peer { address, device: device.id() };
                omemo.start_session(peer, &device.bundle(version), &mut rng).expect("a session");
                devices.push(device.id());
            }
            Ok::<_, store::Error>(devices)
        })
        .expect("a commit");
    let recipients = [Recipient { address, devices: &devices }];
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let sealed = writer
            .write(|tx| {
                let start = Instant::now();
                let sealed = Omemo::new(tx).encrypt(version, &recipients, &[b'a'; 200], &mut rng);
                times.push(milliseconds(start));
                Ok::<_, store::Error>(sealed.expect("sealed"))
            })
            .expect("a commit");
        let keys: usize = sealed.recipients.iter().map(|person| person.keys.len()).sum();
        assert_eq!(keys, count, "not everybody can read it: the figure would mean nothing");
    }
    median(times)
}

/// Milliseconds from Enter to the server's word that it has the first message ever to somebody: their lists and bundles are
/// fetched, sessions begun, the message sealed, committed and sent.
fn first_words(stage: &Stage) -> f64 {
    let password = stage.server.register("erin");
    let sign_in = |_| Person::sign_in(&stage.server, "erin", &password, stage.server.direct_tls_port());
    let devices: Vec<Person> = (0..DEVICES).map(sign_in).collect();
    let erin = devices[0].address.clone();
    for device in &devices {
        wait_for_devices(device, &erin, DEVICES);
    }
    // They are away: what they would do with it is not measured.
    for device in &devices {
        device.session.end(Duration::from_secs(5));
    }
    let mut times = Vec::new();
    for number in 0..WRITERS {
        let writer = Person::new(&stage.server, &format!("writer-{number}"));
        wait_for_devices(&writer, &writer.address, 1);
        let start = Instant::now();
        writer.say(&erin, "hello");
        let sent = loop {
            let message = writer.messages(&erin, 1).pop().filter(|own| own.delivery == Delivery::Sent);
            if let Some(message) = message {
                break message;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "the first words were never sent");
            std::thread::sleep(Duration::from_micros(500));
        };
        times.push(milliseconds(start));
        assert_eq!(sent.encryption, EncryptionKind::Omemo, "the figure would mean nothing");
        writer.session.end(Duration::from_secs(5));
    }
    median(times)
}

/// Messages per second, from the start of the session to the last row; and those of a bare reader, who has been there before,
/// so that the archive is read and not what the server keeps for the absent as well.
fn catch_up(stage: &Stage) -> (f64, f64) {
    let writer = Person::new(&stage.server, "gina");
    let mut reader = Person::new(&stage.server, "hugo");
    befriend(&reader, &writer);
    let address = reader.address.clone();
    reader.command(model::AccountCommand::Disconnect);
    write_archive(&writer, &address, 0);
    let bare = bare_reader::drain(stage, "hugo", MESSAGES);
    rest();
    let start = Instant::now();
    reader.restart();
    reader.command(model::AccountCommand::Connect);
    let last = Content::Text(format!("archived {}", MESSAGES - 1));
    let read = loop {
        let message = reader.messages(&writer.address, 1).pop().filter(|message| message.content == last);
        if let Some(message) = message {
            break message;
        }
        assert!(start.elapsed() < Duration::from_secs(600), "the archive was never read to its end");
        std::thread::sleep(Duration::from_millis(10));
    };
    let rate = MESSAGES as f64 / start.elapsed().as_secs_f64();
    assert_eq!(read.encryption, EncryptionKind::Omemo, "the figure would mean nothing");
    (rate, bare)
}

/// Waits until a device knows that so many of somebody's stand on their list.
fn wait_for_devices(person: &Person, who: &BareJid, count: usize) {
    tests::wait::until("devices to be on their list", || {
        let devices = block_on(person.reader().devices(who.clone())).ok()?;
        (devices.iter().filter(|device| !device.versions.is_empty()).count() == count).then_some(())
    });
}
