use std::path::PathBuf;

use model::{BareJid, Timestamp};
use zeroize::Zeroizing;

use super::*;
use crate::testing::{Bench, alice, settings};
use crate::{ArchiveCursor, Credentials, FastToken, ScramKeys};

#[test]
fn an_account_remembers_what_was_chosen() {
    let mut bench = Bench::new();
    let settings = AccountSettings {
        server: Some(ServerAddress { host: "xmpp.example.org".into(), port: Some(5223) }),
        extra_authorities: Some(PathBuf::from(OsStr::from_bytes(b"/ca/\xff.pem"))),
        allow_plain: true,
        enabled: false,
        ..settings()
    };
    bench.write(|tx| tx.set_settings(&settings));
    bench.write(|tx| tx.set_own_nickname(Some("Al")));
    assert!(bench.write(|tx| tx.set_privacy(false, true)));
    assert!(!bench.write(|tx| tx.set_privacy(false, true)));
    let profile = bench.read(|reads| reads.account()).unwrap();
    assert_eq!(profile.settings, settings);
    assert_eq!(profile.nickname.as_deref(), Some("Al"));
    assert!(!profile.send_receipts && profile.send_typing);
}

#[test]
fn credentials_are_kept_whole() {
    let mut bench = Bench::new();
    assert_eq!(bench.read(|reads| reads.credentials()), Credentials::default());
    let credentials = Credentials {
        password: Some(Zeroizing::new("secret".into())),
        scram: Some(ScramKeys {
            mechanism: "SCRAM-SHA-256".into(),
            salt: vec![1, 2],
            iterations: 4096,
            client_key: Zeroizing::new(vec![3; 32]),
            server_key: Zeroizing::new(vec![4; 32]),
        }),
        fast: None,
        pin: Some(vec![5]),
        features: Some(vec![6]),
    };
    bench.write(|tx| tx.set_credentials(&credentials));
    assert_eq!(bench.read(|reads| reads.credentials()), credentials);
    assert!(!format!("{credentials:?}").contains("secret"));
}

#[test]
fn each_use_of_a_token_has_a_number_of_its_own() {
    let mut bench = Bench::new();
    let token = FastToken {
        mechanism: "HT-SHA-256-EXPR".into(),
        token: Zeroizing::new("t".into()),
        count: 0,
        expires: Some(Timestamp(9)),
    };
    bench.write(|tx| tx.set_fast_token(Some(&token)));
    assert_eq!(bench.write(|tx| tx.count_fast_use()), 1);
    assert_eq!(bench.write(|tx| tx.count_fast_use()), 2);
    bench.write(|tx| tx.set_fast_token(None));
    assert_eq!(bench.write(|tx| tx.count_fast_use()), 0);
}

#[test]
fn cursors_facts_and_caps_are_kept() {
    let mut bench = Bench::new();
    let cursor = ArchiveCursor { id: "a7".into(), time: Timestamp(70) };
    bench.write(|tx| tx.set_archive_cursor(&alice(), Some(&cursor)));
    assert_eq!(bench.read(|reads| reads.archive_cursor(&alice())), Some(cursor));
    let other = BareJid::new("room@example.org").unwrap();
    assert_eq!(bench.read(|reads| reads.archive_cursor(&other)), None);
    bench.write(|tx| tx.set_archive_cursor(&alice(), None));
    assert_eq!(bench.read(|reads| reads.archive_cursor(&alice())), None);

    bench.write(|tx| tx.set_fact("installation", Some(b"abc")));
    assert_eq!(bench.read(|reads| reads.fact("installation")), Some(b"abc".to_vec()));
    bench.write(|tx| tx.set_fact("installation", None));
    assert_eq!(bench.read(|reads| reads.fact("installation")), None);

    let features = ["urn:a".to_owned(), "urn:b".to_owned()];
    bench.write(|tx| tx.put_caps("sha-1:x", &features));
    assert_eq!(bench.read(|reads| reads.caps("sha-1:x")).as_deref(), Some(features.as_slice()));
    for number in 0..1100 {
        bench.write(|tx| tx.put_caps(&number.to_string(), &[]));
    }
    assert_eq!(bench.read(|reads| reads.caps("sha-1:x")), None);
    assert_eq!(bench.read(|reads| reads.caps("1099")), Some(vec![]));
}

#[test]
fn pictures_are_kept_within_bounds() {
    let mut bench = Bench::new();
    assert!(!bench.write(|tx| tx.put_avatar("huge", &vec![0; 1024 * 1024 + 1])));
    let picture = vec![1; 1024 * 1024];
    assert!(bench.write(|tx| tx.put_avatar("worn", &picture)));
    assert!(!bench.write(|tx| tx.put_avatar("worn", &picture)));
    bench.write(|tx| tx.set_own_avatar(Some("worn")));
    for number in 0..70 {
        bench.write(|tx| tx.put_avatar(&number.to_string(), &picture));
    }
    assert_eq!(bench.read(|reads| reads.avatar("worn")), Some(picture));
    assert!(!bench.read(|reads| reads.has_avatar("0")));
    assert!(bench.read(|reads| reads.has_avatar("69")));
}
