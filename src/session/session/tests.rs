//! The service without a server: keys, broken databases, removal, quitting. What needs a server is
//! in the package of tests.

use std::{fs, path::Path};

use model::{
    AccountCommand, AccountSettings, Command, EventKind, KeyFailure, ServerAddress, SignIn, StorageFailure,
};
use store::{DatabaseKey, KeyHeader, Writer};
use tempfile::TempDir;

use super::*;
use crate::{Heard, MemorySecrets, testing::run};

const ID: AccountId = AccountId([9; 16]);
fn key(byte: u8) -> DatabaseKey {
    DatabaseKey::from_bytes([byte; 32])
}

/// A device with one account, which is not to go online.
struct Device {
    folder: TempDir,
    secrets: Arc<MemorySecrets>,
}

impl Device {
    fn new() -> Self {
        Self::with_passphrase(None)
    }

    fn with_passphrase(passphrase: Option<&str>) -> Self {
        let device = Self { folder: tempfile::tempdir().unwrap(), secrets: Arc::default() };
        let key = key(5);
        fs::create_dir_all(device.account()).unwrap();
        KeyHeader::create(&device.account(), &key, passphrase).unwrap();
        let mut writer = Writer::create(&device.account(), &key).unwrap();
        writer
            .write(|tx| {
                tx.set_settings(&AccountSettings {
                    address: BareJid::new("juliet@chat.example").unwrap(),
                    server: None,
                    extra_authorities: None,
                    allow_plain: false,
                    enabled: false,
                })
            })
            .unwrap();
        device.secrets.keep(ID, &key).unwrap();
        device
    }

    fn account(&self) -> std::path::PathBuf {
        self.folder.path().join("accounts").join(ID.to_string())
    }

    fn start(&self) -> Running {
        start(self.folder.path(), &self.secrets)
    }
}

/// A session that is over when the test is: SQLCipher gives up its memory when the process ends, under whatever still uses it.
struct Running(Session);

impl std::ops::Deref for Running {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.end(Duration::from_secs(5));
    }
}

fn start(folder: &Path, secrets: &Arc<MemorySecrets>) -> Running {
    let secrets = Arc::clone(secrets) as Arc<dyn Secrets>;
    Running(Session::start(Config { secrets, ..Config::new(folder.to_owned()) }).unwrap())
}

/// Waits until the account is no longer being opened.
fn settled(session: &Session) -> Condition {
    for _ in 0..1000 {
        let condition = session.accounts().first().expect("an account").condition.clone();
        if condition != Condition::Opening {
            return condition;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("still opening")
}

fn unavailable(failure: impl Into<Failure>) -> Condition {
    Condition::Unavailable(failure.into())
}

fn ask(session: &Session, request: Request) -> Result<Answer, Failure> {
    run(session.ask(request))
}

fn sign_in(address: &str, port: u16) -> Request {
    Request::SignIn(SignIn {
        address: BareJid::new(address).unwrap(),
        password: "secret".to_owned(),
        server: Some(ServerAddress { host: "127.0.0.1".to_owned(), port: Some(port) }),
        extra_authorities: None,
        allow_plain: false,
        passphrase: None,
    })
}

#[test]
fn an_account_is_opened_and_read() {
    let device = Device::new();
    let session = device.start();
    assert_eq!(settled(&session), Condition::Open(ConnectionState::Offline));
    assert_eq!(session.accounts()[0].address.as_ref().unwrap().as_str(), "juliet@chat.example");
    let reader = session.reader(ID).unwrap();
    let profile = run(reader.account()).unwrap().unwrap();
    assert_eq!(profile.settings.address.as_str(), "juliet@chat.example");
    let answer = ask(&session, Request::OpenConversation(ID, BareJid::new("romeo@chat.example").unwrap()));
    assert!(matches!(answer, Ok(Answer::Conversation(_))), "{answer:?}");
    assert!(session.end(Duration::from_secs(5)));
    assert_eq!(session.accounts(), []);
    let answer = ask(&session, Request::Reopen(ID));
    assert_eq!(answer.unwrap_err(), Failure::Gone);
}

#[test]
fn each_answer_of_the_keyring_is_told_and_mended_by_asking_again() {
    for failure in [KeyFailure::NoService, KeyFailure::Locked] {
        let device = Device::new();
        device.secrets.fail(Some(failure));
        let session = device.start();
        assert_eq!(settled(&session), unavailable(failure));
        assert!(session.reader(ID).is_none());
        assert_eq!(ask(&session, Request::Reopen(ID)).unwrap_err(), Failure::Key(failure));
        device.secrets.fail(None);
        assert!(matches!(ask(&session, Request::Reopen(ID)), Ok(Answer::Done)));
        assert_eq!(settled(&session), Condition::Open(ConnectionState::Offline));
        assert!(session.reader(ID).is_some());
    }
}

#[test]
fn a_missing_key_and_a_wrong_one_are_two_answers_and_no_new_one_is_made() {
    let device = Device::new();
    device.secrets.forget(ID).unwrap();
    let session = device.start();
    assert_eq!(settled(&session), unavailable(KeyFailure::NoSuchItem));
    assert_eq!(device.secrets.count(), 0);
    device.secrets.keep(ID, &key(6)).unwrap();
    assert_eq!(ask(&session, Request::Reopen(ID)).unwrap_err(), Failure::Key(KeyFailure::WrongKey));
    device.secrets.keep(ID, &key(5)).unwrap();
    assert!(ask(&session, Request::Reopen(ID)).is_ok());
}

#[test]
fn a_passphrase_opens_what_no_keyring_holds() {
    let device = Device::with_passphrase(Some("correct horse"));
    device.secrets.forget(ID).unwrap();
    device.secrets.fail(Some(KeyFailure::NoService));
    let session = device.start();
    assert_eq!(settled(&session), unavailable(KeyFailure::PassphraseNeeded));
    let unlock = |passphrase: &str| ask(&session, Request::Unlock(ID, passphrase.to_owned()));
    assert_eq!(unlock("battery staple").unwrap_err(), Failure::Key(KeyFailure::WrongPassphrase));
    assert!(unlock("correct horse").is_ok());
    assert_eq!(settled(&session), Condition::Open(ConnectionState::Offline));
}

#[test]
fn a_second_service_is_told_that_the_first_has_it_and_takes_over_when_it_ends() {
    let device = Device::new();
    let first = device.start();
    assert_eq!(settled(&first), Condition::Open(ConnectionState::Offline));
    let second = device.start();
    let mut events = second.events();
    assert_eq!(settled(&second), unavailable(StorageFailure::InUse));
    assert!(first.end(Duration::from_secs(5)));
    while events.next_blocking()
        != Some(Heard::Event(model::Event { account: ID, kind: EventKind::AccountAdded }))
    {}
    assert_eq!(settled(&second), Condition::Open(ConnectionState::Offline));
}

#[test]
fn a_broken_database_is_damaged_and_stays_where_it_is() {
    let device = Device::new();
    for entry in fs::read_dir(device.account()).unwrap() {
        let path = entry.unwrap().path();
        if fs::metadata(&path).unwrap().len() > 4096 {
            let mut bytes = fs::read(&path).unwrap();
            bytes[1000..].fill(7);
            fs::write(&path, bytes).unwrap();
        }
    }
    let session = device.start();
    assert_eq!(settled(&session), unavailable(StorageFailure::Damaged));
    assert!(session.end(Duration::from_secs(5)));
    assert!(device.account().exists());
}

#[test]
fn removing_takes_folder_key_and_reader_also_from_an_account_that_cannot_be_opened() {
    for failure in [None, Some(KeyFailure::NoSuchItem)] {
        let device = Device::new();
        device.secrets.fail(failure);
        let session = device.start();
        let mut events = session.events();
        settled(&session);
        let reader = session.reader(ID);
        device.secrets.fail(None);
        session.send(Command::RemoveAccount(ID));
        let removed = Heard::Event(model::Event { account: ID, kind: EventKind::AccountRemoved });
        while events.next_blocking().as_ref() != Some(&removed) {}
        assert_eq!(session.accounts(), []);
        assert!(!device.account().exists());
        assert_eq!(device.secrets.count(), 0);
        if let Some(reader) = reader {
            assert!(run(reader.account()).is_err());
        }
    }
}

#[test]
fn commands_to_an_account_that_is_closed_wait_for_it() {
    let device = Device::new();
    device.secrets.fail(Some(KeyFailure::Locked));
    let session = device.start();
    settled(&session);
    session.send(Command::Account(ID, AccountCommand::SetNickname(Some("Juliet".to_owned()))));
    device.secrets.fail(None);
    ask(&session, Request::Reopen(ID)).unwrap();
    for _ in 0..400 {
        let profile = run(session.reader(ID).unwrap().account()).unwrap().unwrap();
        if profile.nickname.as_deref() == Some("Juliet") {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("the command was lost");
}

#[test]
fn what_an_interrupted_sign_in_left_is_cleaned_with_its_key() {
    let device = Device::new();
    let half = AccountId([8; 16]);
    let folders = crate::folders::Folders::open(device.folder.path()).unwrap();
    drop(folders.begin(half).unwrap());
    device.secrets.keep(half, &key(1)).unwrap();
    let session = device.start();
    for _ in 0..400 {
        if !folders.path(half).exists() && device.secrets.count() == 1 {
            assert_eq!(session.accounts().len(), 1);
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("the leftovers stay");
}

#[test]
fn a_sign_in_that_fails_or_is_cancelled_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::default());
    let session = start(folder.path(), &secrets);
    let mut events = session.events();
    let nothing_is_left = || {
        for _ in 0..600 {
            let entries = fs::read_dir(folder.path().join("accounts")).unwrap().count();
            if entries == 0 && secrets.count() == 0 {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("something is left");
    };
    run(async {
        let nobody = crate::testing::nobody().await;
        let answer = session.ask(sign_in("juliet@chat.example", nobody.port())).await;
        assert_eq!(answer.unwrap_err(), Failure::Unreachable);
        nothing_is_left();
        let silent = crate::testing::silent_server().await;
        let cancelled = session.ask(sign_in("juliet@chat.example", silent.port()));
        assert!(tokio::time::timeout(Duration::from_millis(500), cancelled).await.is_err());
        nothing_is_left();
    });
    assert_eq!(session.accounts(), []);
    drop(session);
    // Of an account that is not there yet, only how far it came is told.
    let mut steps = 0;
    while let Some(heard) = events.next_blocking() {
        match heard {
            Heard::Event(model::Event {
                kind: EventKind::Connection(ConnectionState::Connecting(_)),
                ..
            }) => steps += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(steps >= 2);
}

#[test]
fn without_a_keyring_signing_in_asks_for_a_passphrase_first() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::default());
    secrets.fail(Some(KeyFailure::NoService));
    let session = start(folder.path(), &secrets);
    assert_eq!(
        ask(&session, sign_in("juliet@chat.example", 1)).unwrap_err(),
        Failure::Key(KeyFailure::NoService)
    );
    assert_eq!(fs::read_dir(folder.path().join("accounts")).unwrap().count(), 0);
}

#[test]
fn an_account_that_is_not_there_answers_so() {
    let folder = tempfile::tempdir().unwrap();
    let session = start(folder.path(), &Arc::default());
    assert_eq!(ask(&session, Request::Reopen(ID)).unwrap_err(), Failure::Gone);
    session.send(Command::RemoveAccount(ID));
    let mut events = session.events();
    drop(session);
    assert_eq!(events.next_blocking(), None);
}
