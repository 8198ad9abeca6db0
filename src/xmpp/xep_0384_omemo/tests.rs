use model::BareJid;

use super::*;
use crate::payload::parent_tag;

fn jid(text: &str) -> BareJid {
    BareJid::new(text).unwrap()
}

#[test]
fn a_list_reads_what_it_writes() {
    let devices = vec![
        ListedDevice { id: 7, label: Some("desk".into()), label_signature: Some(vec![7; 64]) },
        ListedDevice { id: 8, label: None, label_signature: None },
    ];
    let written = device_list_element(OmemoVersion::Two, &devices);
    assert_eq!(device_list(OmemoVersion::Two, &written), Some(devices.clone()));
    assert_eq!(device_list(OmemoVersion::Legacy, &written), None);
    let written = device_list_element(OmemoVersion::Legacy, &devices);
    let ids: Vec<u32> =
        device_list(OmemoVersion::Legacy, &written).unwrap().into_iter().map(|device| device.id).collect();
    assert_eq!(ids, [7, 8]);
}

#[test]
fn a_list_without_end_ends() {
    let devices: Vec<String> = (0..5000).map(|id| format!("<device id='{id}'/><device id='7'/>")).collect();
    let devices = devices.concat();
    let text = format!("<devices xmlns='{NS}'>{devices}<device/><device id='-1'/></devices>");
    let read = device_list(OmemoVersion::Two, &text.parse().unwrap()).unwrap();
    assert_eq!(read.len(), MAX_DEVICES);
    assert!(read.iter().all(|device| device.id > 0));
}

#[test]
fn a_bundle_reads_what_it_writes() {
    let written = Bundle {
        identity_key: vec![1; 33],
        signed_prekey_id: 3,
        signed_prekey: vec![2; 33],
        signature: vec![3; 64],
        prekeys: vec![(1, vec![4; 33]), (2, vec![5; 33])],
    };
    for version in VERSIONS {
        let element = bundle_element(version, &written);
        assert_eq!(bundle(version, &element), Some(written.clone()));
        let none = Bundle { prekeys: Vec::new(), ..written.clone() };
        assert_eq!(bundle(version, &bundle_element(version, &none)), None);
    }
    assert_eq!(bundle(OmemoVersion::Legacy, &bundle_element(OmemoVersion::Two, &written)), None);
}

#[test]
fn keys_are_read_only_by_their_device() {
    let key = |byte, key_exchange| SealedKey { key_exchange, bytes: vec![byte; 40] };
    let recipient =
        |owner: &str, device, byte| Recipient { owner: jid(owner), device, key: key(byte, byte == 1) };
    for version in VERSIONS {
        let iv = (version == OmemoVersion::Legacy).then(|| vec![9; 12]);
        let new = NewEncrypted {
            version,
            sender_device: 5,
            recipients: vec![
                recipient("bob@example.net", 10, 1),
                recipient("bob@example.net", 11, 2),
                recipient("alice@example.org", 12, 3),
            ],
            iv: iv.clone(),
            payload: Some(b"sealed".to_vec()),
        };
        let message = parent_tag("message", "jabber:client", &[], [encrypted_element(&new)]);
        let read = |own: &str, device| encrypted(&message, version, &jid(own), device).unwrap();
        let for_bob = read("bob@example.net", 10);
        assert_eq!(for_bob.keys, [key(1, true)]);
        assert_eq!((for_bob.sender_device, for_bob.payload), (5, Some(b"sealed".to_vec())));
        assert_eq!(for_bob.iv, iv);
        assert_eq!(read("alice@example.org", 12).keys, [key(3, false)]);
        assert_eq!(read("bob@example.net", 99).keys, []);
    }
}

#[test]
fn strange_headers_are_none() {
    let own = jid("bob@example.net");
    for inner in ["", "<header/>", "<header sid='0'/>", "<header sid='1'/><payload>not base64!</payload>"] {
        let text =
            format!("<message xmlns='jabber:client'><encrypted xmlns='{NS}'>{inner}</encrypted></message>");
        assert_eq!(encrypted(&text.parse().unwrap(), OmemoVersion::Two, &own, 1), None, "{inner}");
    }
    let text = format!(
        "<message xmlns='jabber:client'><encrypted xmlns='{NS}'><header sid='1'><keys jid='@'/>\
         <keys jid='bob@example.net'><key rid='1'>!</key><key rid='x'/></keys></header></encrypted></message>"
    );
    assert_eq!(encrypted(&text.parse().unwrap(), OmemoVersion::Two, &own, 1).unwrap().keys, []);
    assert_eq!(decode(&"A".repeat(4000), 1000), None);
}
