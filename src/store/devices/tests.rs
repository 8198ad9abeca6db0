use model::{Device, Fingerprint, OmemoVersion, Timestamp, Trust};

use crate::testing::{Bench, alice, bob};
use crate::{NewDevice, ToldTrust};

fn list(ids: &[u32]) -> Vec<NewDevice> {
    let new = |id: &u32| NewDevice {
        id: *id,
        label: (*id == 1).then(|| "phone".to_owned()),
        label_signature: (*id == 1).then(|| vec![9; 64]),
    };
    ids.iter().map(new).collect()
}

fn bobs(bench: &mut Bench) -> Vec<Device> {
    bench.read(|reads| reads.devices(&bob()))
}

fn give_key(bench: &mut Bench, device: u32, key: u8) {
    bench.write(|tx| {
        tx.execute(
            "UPDATE omemo_devices SET identity_key = ?2 WHERE device = ?1",
            rusqlite::params![device, [key; 32]],
        )?;
        Ok(())
    });
}

#[test]
fn a_device_that_vanishes_is_inactive_and_not_forgotten() {
    let mut bench = Bench::new();
    let (two, legacy) = (OmemoVersion::Two, OmemoVersion::Legacy);
    assert!(bench.write(|tx| tx.list_devices(&bob(), two, &list(&[1, 2, 3]), Timestamp(5))));
    assert!(!bench.write(|tx| tx.list_devices(&bob(), two, &list(&[1, 2, 3]), Timestamp(9))));
    assert!(bench.write(|tx| tx.list_devices(&bob(), legacy, &list(&[1, 2]), Timestamp(9))));
    give_key(&mut bench, 1, 7);
    bench.write(|tx| tx.set_trust(&bob(), 1, Trust::Verified));
    assert!(bench.write(|tx| tx.list_devices(&bob(), two, &[], Timestamp(9))));
    let devices = bobs(&mut bench);
    assert_eq!(devices.len(), 2, "the third was on no list and its key is not known");
    assert_eq!(devices[0].versions, [legacy]);
    bench.write(|tx| tx.list_devices(&bob(), legacy, &[], Timestamp(9)));
    let devices = bobs(&mut bench);
    assert_eq!((devices.len(), devices[0].versions.len()), (1, 0));
    assert_eq!(devices[0].trust, Trust::Verified);
    assert_eq!(devices[0].fingerprint, Some(Fingerprint([7; 32])));
    bench.write(|tx| tx.list_devices(&bob(), two, &list(&[1]), Timestamp(20)));
    let back = bobs(&mut bench).remove(0);
    assert_eq!((back.trust, back.first_seen, back.versions), (Trust::Verified, Timestamp(5), vec![two]));
}

#[test]
fn a_label_is_believed_once_it_was_checked() {
    let mut bench = Bench::new();
    let label = |bench: &mut Bench| bobs(bench).remove(0).label;
    bench.write(|tx| tx.list_devices(&bob(), OmemoVersion::Two, &list(&[1]), Timestamp(5)));
    assert_eq!(label(&mut bench), None);
    assert_eq!(
        bench.read(|reads| reads.unchecked_labels(&bob())),
        [],
        "without a key nothing can be checked"
    );
    bench.write(|tx| tx.set_ed25519_key(&bob(), 1, [3; 32]));
    let unchecked = bench.read(|reads| reads.unchecked_labels(&bob())).remove(0);
    assert_eq!((unchecked.device, unchecked.label.as_str(), unchecked.key), (1, "phone", [3; 32]));
    bench.write(|tx| tx.set_label_checked(&bob(), 1, true));
    assert_eq!(label(&mut bench).as_deref(), Some("phone"));
    assert!(!bench.write(|tx| tx.list_devices(&bob(), OmemoVersion::Two, &list(&[1]), Timestamp(5))));
    let other = NewDevice { label: Some("tablet".into()), ..list(&[1]).remove(0) };
    bench.write(|tx| tx.list_devices(&bob(), OmemoVersion::Two, &[other], Timestamp(5)));
    assert_eq!(label(&mut bench), None, "another label has to be checked again");
    bench.write(|tx| tx.set_label_checked(&bob(), 1, false));
    assert_eq!(bench.read(|reads| reads.unchecked_labels(&bob())), []);
}

#[test]
fn devices_without_end_end() {
    let mut bench = Bench::new();
    for round in 0..12 {
        let ids: Vec<u32> = (0..128).map(|number| round * 128 + number + 1).collect();
        bench.write(|tx| tx.list_devices(&bob(), OmemoVersion::Two, &list(&ids), Timestamp(1)));
        bench.write(|tx| {
            tx.execute("UPDATE omemo_devices SET identity_key = zeroblob(32)", [])?;
            Ok(())
        });
    }
    let count = bobs(&mut bench).len();
    assert!((512..=512 + 128).contains(&count), "{count}");
}

#[test]
fn the_conversation_says_that_a_device_waits_for_trust() {
    let mut bench = Bench::new();
    let conversation = bench.bob;
    let waits = |bench: &mut Bench| {
        bench.read(|reads| reads.conversation(conversation)).unwrap().conversation.has_new_devices
    };
    bench.write(|tx| tx.list_devices(&bob(), OmemoVersion::Two, &list(&[1]), Timestamp(5)));
    assert!(!waits(&mut bench), "its key is not known, so there is nothing to decide");
    give_key(&mut bench, 1, 7);
    assert!(waits(&mut bench));
    for (trust, expected) in [(Trust::Blind, false), (Trust::Changed, true), (Trust::Untrusted, false)] {
        bench.write(|tx| tx.set_trust(&bob(), 1, trust));
        assert_eq!(waits(&mut bench), expected, "{trust:?}");
    }
}

#[test]
fn a_message_tells_its_key_and_the_trust_at_that_time() {
    let mut bench = Bench::new();
    let message = bench.hears(1, "hello");
    assert_eq!(bench.read(|reads| reads.message_key(message)), None);
    bench.write(|tx| tx.list_devices(&bob(), OmemoVersion::Two, &list(&[1]), Timestamp(5)));
    bench.write(|tx| tx.set_message_key(message, &bob(), 1, Trust::Blind));
    bench.write(|tx| tx.set_trust(&bob(), 1, Trust::Verified));
    let key = bench.read(|reads| reads.message_key(message)).unwrap();
    assert_eq!((key.trust_then, key.device.trust, key.device.id), (Trust::Blind, Trust::Verified, 1));
    assert_eq!(bench.message(message).trust, Some(Trust::Blind));
}

#[test]
fn what_devices_tell_is_kept_once_and_bounded() {
    let mut bench = Bench::new();
    bench.write(|tx| tx.list_devices(&bob(), OmemoVersion::Two, &list(&[1]), Timestamp(5)));
    let told = |key: u16, trusted| {
        let [high, low] = key.to_be_bytes();
        let mut bytes = [high; 32];
        bytes[0] = low;
        ToldTrust { teller: bob(), teller_device: 1, owner: alice(), key: bytes, trusted }
    };
    bench.write(|tx| tx.put_told_trust(&told(1, true)));
    bench.write(|tx| tx.put_told_trust(&told(1, false)));
    assert_eq!(bench.read(|reads| reads.told_trust(&alice())), [told(1, false)]);
    assert_eq!(bench.read(|reads| reads.told_trust(&bob())), [told(1, false)]);
    bench.write(|tx| tx.remove_told_trust(&told(1, true)));
    assert_eq!(bench.read(|reads| reads.told_trust(&bob())), []);
    bench.write(|tx| (0..600).try_for_each(|key| tx.put_told_trust(&told(key, true))));
    assert_eq!(bench.read(|reads| reads.told_trust(&bob())).len(), 512);
    // Of a device that is not here nothing is kept.
    let stranger = ToldTrust { teller_device: 99, ..told(1, true) };
    bench.write(|tx| tx.put_told_trust(&stranger));
    assert!(!bench.read(|reads| reads.told_trust(&bob())).contains(&stranger));
}
