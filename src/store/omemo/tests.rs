use model::{BareJid, Timestamp};
use omemo::{DeviceId, OmemoStore as _, Peer, Version};

use crate::testing::{Bench, bob};
use crate::{DatabaseKey, Writer};

fn peer(address: &BareJid, device: u32) -> Peer<'_> {
    Peer { address: address.as_str(), device: DeviceId::new(device).unwrap() }
}

#[test]
fn records_come_back_as_they_were_saved() {
    let mut bench = Bench::new();
    let bob = bob();
    bench.write(|tx| {
        assert_eq!(tx.own_device()?, None);
        tx.save_own_device(b"own")?;
        tx.save_own_device(b"own again")?;
        assert_eq!(tx.own_device()?.as_deref(), Some(&b"own again"[..]));
        assert_eq!(tx.sessions(peer(&bob, 1), Version::Two)?, None);
        tx.save_sessions(peer(&bob, 1), Version::Two, b"two")?;
        tx.save_sessions(peer(&bob, 1), Version::Legacy, b"legacy")?;
        tx.save_sessions(peer(&bob, 1), Version::Legacy, b"legacy again")?;
        tx.save_sessions(peer(&bob, 2), Version::Two, b"other")?;
        assert_eq!(tx.sessions(peer(&bob, 1), Version::Legacy)?.as_deref(), Some(&b"legacy again"[..]));
        tx.remove_sessions(peer(&bob, 1), Version::Legacy)?;
        assert_eq!(tx.sessions(peer(&bob, 1), Version::Legacy)?, None);
        assert_eq!(tx.sessions(peer(&bob, 1), Version::Two)?.as_deref(), Some(&b"two"[..]));
        tx.remove_all_sessions()?;
        assert_eq!(tx.sessions(peer(&bob, 2), Version::Two)?, None);
        Ok(())
    });
}

#[test]
fn a_ratchet_step_is_undone_with_its_transaction() {
    let mut bench = Bench::new();
    let bob = bob();
    bench.write(|tx| tx.save_sessions(peer(&bob, 1), Version::Two, b"one"));
    let failed = bench.writer.write(|tx| {
        tx.save_sessions(peer(&bob, 1), Version::Two, b"two")?;
        tx.note_sealed(7, None)?;
        Err::<(), _>(crate::Error::Closed)
    });
    assert!(failed.is_err());
    bench.write(|tx| {
        assert_eq!(tx.sessions(peer(&bob, 1), Version::Two)?.as_deref(), Some(&b"one"[..]));
        assert_eq!(tx.reads().seen_sealed(7)?, None);
        Ok(())
    });
}

#[test]
fn what_was_opened_is_known_again_even_when_its_message_is_gone() {
    let mut bench = Bench::new();
    let message = bench.hears(1, "hello");
    bench.write(|tx| {
        tx.note_sealed(-5, None)?;
        assert_eq!(tx.reads().seen_sealed(-5)?, Some(None));
        tx.note_sealed(-5, Some(message))?;
        tx.note_sealed(-5, None)?;
        tx.delete_message(message)?;
        assert_eq!(tx.reads().seen_sealed(-5)?, Some(Some(message)));
        assert_eq!(tx.reads().seen_sealed(6)?, None);
        Ok(())
    });
}

#[test]
fn a_copied_database_is_not_in_its_place() {
    let key = DatabaseKey::from_bytes([1; 32]);
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut bench = Bench::with(Writer::create(first.path(), &key).unwrap());
    bench.write(|tx| {
        assert!(tx.is_in_its_place()?, "no device yet: nothing to lose");
        tx.save_own_device(b"own")?;
        tx.set_own_device_number(9)?;
        tx.note_device(&bob(), 1, Timestamp(1))?;
        assert!(tx.is_in_its_place()?);
        Ok(())
    });
    drop(bench);
    let mut again = Writer::open(first.path(), &key).unwrap();
    assert!(again.write(|tx| tx.is_in_its_place()).unwrap(), "reopened");
    drop(again);
    for file in std::fs::read_dir(first.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), second.path().join(file.file_name())).unwrap();
    }
    let mut copy = Writer::open(second.path(), &key).unwrap();
    assert!(!copy.write(|tx| tx.is_in_its_place()).unwrap(), "copied");
    assert_eq!(copy.write(|tx| tx.reads().own_device_number()).unwrap(), Some(9));
}
