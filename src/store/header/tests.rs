use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_header_knows_its_key_and_no_other() {
    let folder = folder();
    let key = DatabaseKey::generate();
    KeyHeader::create(folder.path(), &key, None).unwrap();
    let header = KeyHeader::read(folder.path()).unwrap().unwrap();
    assert!(!header.is_wrapped());
    assert_eq!(header.check(&key), Ok(()));
    assert_eq!(header.check(&DatabaseKey::generate()), Err(KeyFailure::WrongKey));
    assert_eq!(header.unwrap_with("x"), Err(KeyFailure::NoSuchItem));
}

#[test]
fn a_passphrase_opens_what_it_wrapped() {
    let folder = folder();
    let key = DatabaseKey::generate();
    KeyHeader::create(folder.path(), &key, Some("caf\u{e9} au lait")).unwrap();
    let header = KeyHeader::read(folder.path()).unwrap().unwrap();
    assert!(header.is_wrapped());
    assert_eq!(header.unwrap_with("cafe\u{301} au lait"), Ok(key));
    assert_eq!(header.unwrap_with("cafe au lait"), Err(KeyFailure::WrongPassphrase));
}

#[test]
fn the_file_shows_neither_the_key_nor_the_passphrase() {
    let folder = folder();
    let key = DatabaseKey::generate();
    KeyHeader::create(folder.path(), &key, Some("open sesame")).unwrap();
    let text = std::fs::read_to_string(folder.path().join(NAME)).unwrap();
    assert!(!text.contains(&hex(key.as_bytes())) && !text.contains("sesame"), "{text}");
}

#[test]
fn no_new_key_while_a_database_exists() {
    let folder = folder();
    std::fs::write(crate::folder::database_path(folder.path()), b"").unwrap();
    let made = KeyHeader::create(folder.path(), &DatabaseKey::generate(), None);
    assert!(matches!(made, Err(Error::Exists)));
    assert!(KeyHeader::read(folder.path()).unwrap().is_none());
}

#[test]
fn a_broken_header_says_nothing_rather_than_something_wrong() {
    let key = DatabaseKey::from_bytes([7; 32]);
    let good = KeyHeader { salt: [1; 32], check: check_value(&[1; 32], &key), wrapped: None }.to_text();
    assert!(KeyHeader::from_text(&good).is_some());
    for broken in ["", "starling-key 2\n", &good[..good.len() - 9], &good.replace("check", "chick")] {
        assert!(KeyHeader::from_text(broken).is_none(), "{broken}");
    }
    let greedy = format!("{good}argon2id 4000000000 3 1 00 00 00\n");
    assert!(KeyHeader::from_text(&greedy).is_none());
}
