//! Days on which something around Starling does not work: it says so, goes on when it can, and loses nothing.

use std::sync::Arc;

use model::{AccountCommand, CertificateProblem, Command, Content, Delivery, Failure, KeyFailure, Request};
use session::{Condition, Config, MemorySecrets, Session};
use tests::person::{block_on, sign_in_request};
use tests::wait::LONG_PATIENCE;
use tests::{LinkCutter, Person, Prosody, Server};

on_every_server! {
    a_hundred_sign_ins_in_a_row_end_with_one_session
    a_stalled_link_is_noticed_when_the_device_wakes_and_nothing_is_lost
}

fn a_hundred_sign_ins_in_a_row_end_with_one_session(server: impl Server) {
    let cutter = LinkCutter::start(server.direct_tls_port());
    let password = server.register("alice");
    let bob = Person::new(&server, "bob");
    let alice = Person::sign_in(&server, "alice", &password, cutter.port());
    for round in 0..100 {
        let before = cutter.accepted();
        if round % 2 == 0 {
            // The session goes on over a new link.
            cutter.cut();
            alice.command(AccountCommand::TryNow);
        } else {
            alice.command(AccountCommand::Disconnect);
            alice.command(AccountCommand::Connect);
        }
        tests::wait::until("a new link", || (cutter.accepted() > before).then_some(()));
    }
    bob.say(&alice.address, "still there?");
    alice.hears(&bob.address, "still there?");
    alice.say(&bob.address, "yes");
    bob.hears(&alice.address, "yes");
    assert_eq!(alice.transcript(&bob.address), ["< still there?", "> yes"]);
}

fn a_stalled_link_is_noticed_when_the_device_wakes_and_nothing_is_lost(server: impl Server) {
    let cutter = LinkCutter::start(server.direct_tls_port());
    let password = server.register("alice");
    let alice = Person::sign_in(&server, "alice", &password, cutter.port());
    let bob = Person::new(&server, "bob");
    alice.say(&bob.address, "before the tunnel");
    bob.hears(&alice.address, "before the tunnel");

    cutter.stall(true);
    alice.say(&bob.address, "in the tunnel");
    bob.say(&alice.address, "to the tunnel");
    bob.sees_own(&alice.address, "to the tunnel", &Delivery::Sent);
    cutter.cut();
    cutter.stall(false);
    alice.session.send(Command::Resumed);
    alice.hears(&bob.address, "to the tunnel");
    bob.hears(&alice.address, "in the tunnel");
    assert_eq!(bob.transcript(&alice.address).len(), 3);
    assert_eq!(alice.transcript(&bob.address).len(), 3);
}

#[test]
fn a_server_restarted_in_the_middle_of_a_sync_is_caught_up_with() {
    let mut server = Prosody::start();
    let alice = Person::new(&server, "alice");
    let mut bob = Person::new(&server, "bob");
    alice.say(&bob.address, "first");
    bob.hears(&alice.address, "first");
    bob.command(AccountCommand::Disconnect);
    for number in 0..600 {
        alice.say(&bob.address, &format!("line {number}"));
    }
    tests::wait::within(LONG_PATIENCE, "the server to have all", || {
        alice.messages(&bob.address, 1).pop().filter(|newest| newest.delivery == Delivery::Sent)
    });
    bob.restart();
    let mut events = bob.session.events();
    bob.command(AccountCommand::Connect);
    bob.waits_for_event(&mut events, "the first archived message", |event| {
        matches!(event, model::EventKind::Changed { change: model::Change::MessageAdded(..), .. })
    });
    server.kill();
    server.resume();
    bob.command(AccountCommand::TryNow);
    tests::wait::within(LONG_PATIENCE, "the last line", || {
        let newest = bob.messages(&alice.address, 1).pop()?;
        (newest.content == Content::Text("line 599".to_owned())).then_some(())
    });
    let expected: Vec<String> = std::iter::once("< first".to_owned())
        .chain((0..600).map(|number| format!("< line {number}")))
        .collect();
    assert_eq!(bob.transcript(&alice.address), expected);
}

#[test]
fn each_trouble_with_the_keyring_is_its_own_failure_and_no_key_is_made_anew() {
    let server = Prosody::start();
    let password = server.register("alice");
    let folder = tempfile::tempdir().expect("a folder");
    let secrets = Arc::new(MemorySecrets::default());
    let start =
        || Session::start(Config { secrets: secrets.clone(), ..Config::new(folder.path().to_owned()) });
    let session = start().expect("a service");
    let request = sign_in_request("alice@localhost", &password, server.direct_tls_port(), server.authority());
    block_on(session.ask(request)).expect("signing in");
    assert!(session.end(std::time::Duration::from_secs(10)));

    for failure in [KeyFailure::NoService, KeyFailure::Locked, KeyFailure::NoSuchItem] {
        secrets.fail(Some(failure));
        let session = start().expect("a service");
        let seen =
            tests::wait::until("the account to be judged", || match session.accounts().pop()?.condition {
                Condition::Unavailable(failure) => Some(failure),
                _ => None,
            });
        assert_eq!(seen, Failure::Key(failure));
        let account = session.accounts().pop().expect("an account").id;
        secrets.fail(None);
        block_on(session.ask(Request::Reopen(account))).expect("opens once the keyring works");
        assert!(session.end(std::time::Duration::from_secs(10)));
        assert_eq!(secrets.count(), 1, "a key was made anew");
    }
}

#[test]
fn an_expired_certificate_is_called_expired() {
    let server = Prosody::start_with_certificate_of(-3..-1);
    let password = server.register("alice");
    let result = Person::try_sign_in(&server, "alice@localhost", &password, server.direct_tls_port());
    let Err(Failure::Certificate(facts)) = result else { panic!("signed in with an expired certificate") };
    assert_eq!(facts.problem, CertificateProblem::Expired);
    assert!(facts.not_after.is_some());
}

/// The short form of `build-aux/dev soak`.
#[test]
fn a_device_killed_twenty_times_loses_and_doubles_nothing() {
    let done =
        std::process::Command::new(env!("CARGO_BIN_EXE_soak")).arg("20").status().expect("the soak runs");
    assert!(done.success());
}
