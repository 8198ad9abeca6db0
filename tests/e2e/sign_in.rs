//! Every way of signing in, and every way it can fail, each with its own answer.

use std::sync::Arc;

use model::{Answer, CertificateProblem, Command, Failure, FormFieldKind, Request, ServerAddress};
use session::{Config, MemorySecrets, Session};
use tests::person::{block_on, sign_in_request};
use tests::{Person, Prosody, Server};

on_every_server! {
    direct_tls_and_starttls_both_sign_in
    a_wrong_password_is_said_at_once_and_leaves_nothing_behind
    an_account_is_made_where_that_is_open_and_refused_where_not
    several_accounts_are_online_at_once_and_one_can_be_removed
}

fn direct_tls_and_starttls_both_sign_in(server: impl Server) {
    let password = server.register("alice");
    for port in [server.direct_tls_port(), server.starttls_port()] {
        Person::sign_in(&server, "alice", &password, port);
    }
}

#[test]
fn servers_of_years_ago_sign_in_too() {
    let server = Prosody::start();
    for host in ["open.localhost", "old.localhost"] {
        let password = server.register_at("alice", host);
        Person::try_sign_in(&server, &format!("alice@{host}"), &password, server.starttls_port())
            .unwrap_or_else(|failure| panic!("{host}: {failure}"));
    }
}

fn a_wrong_password_is_said_at_once_and_leaves_nothing_behind(server: impl Server) {
    server.register("alice");
    let result =
        Person::try_sign_in(&server, "alice@localhost", "not the password", server.direct_tls_port());
    assert_eq!(result.err(), Some(Failure::WrongPassword));
}

#[test]
fn a_certificate_nobody_vouches_for_is_refused_with_its_facts() {
    let server = Prosody::start();
    server.register("alice");
    let other = Prosody::start();
    let folder = tempfile::tempdir().expect("a folder");
    let session = Session::start(Config {
        secrets: Arc::new(MemorySecrets::default()),
        ..Config::new(folder.path().to_owned())
    })
    .expect("a service");
    let failure = block_on(session.ask(sign_in_request(
        "alice@localhost",
        "pw-alice",
        server.direct_tls_port(),
        other.authority(),
    )))
    .expect_err("not trusted");
    let Failure::Certificate(facts) = failure else { panic!("{failure}") };
    assert_eq!(facts.problem, CertificateProblem::UnknownIssuer);
    assert_eq!(facts.expected, "localhost");
    assert!(facts.names.iter().any(|name| name == "localhost"), "{facts:?}");
    assert!(facts.issuer.contains("Starling test authority"), "{facts:?}");
    assert_eq!(facts.fingerprint.split(':').count(), 32);
}

fn an_account_is_made_where_that_is_open_and_refused_where_not(server: impl Server) {
    let folder = tempfile::tempdir().expect("a folder");
    let session = Session::start(Config {
        secrets: Arc::new(MemorySecrets::default()),
        ..Config::new(folder.path().to_owned())
    })
    .expect("a service");
    let address = Some(ServerAddress { host: "127.0.0.1".to_owned(), port: Some(server.starttls_port()) });
    let ask = |domain: &str| {
        block_on(session.ask(Request::RegistrationForm {
            domain: domain.to_owned(),
            server: address.clone(),
            extra_authorities: Some(server.authority()),
        }))
    };
    let Ok(Answer::RegistrationForm(mut form)) = ask("open.localhost") else { panic!("no form") };
    for field in &mut form.fields {
        match field.kind {
            FormFieldKind::Username => "carol".clone_into(&mut field.value),
            FormFieldKind::Password => "correct horse battery".clone_into(&mut field.value),
            _ => {}
        }
    }
    let register = |form| Request::Register {
        form,
        server: address.clone(),
        extra_authorities: Some(server.authority()),
        passphrase: None,
    };
    let answer = block_on(session.ask(register(form.clone())));
    assert!(matches!(answer, Ok(Answer::Account(_))), "{answer:?}");
    assert_eq!(session.accounts().len(), 1);

    let Ok(Answer::RegistrationForm(_)) = ask("open.localhost") else { panic!("no form") };
    let taken = block_on(session.ask(register(form)));
    assert_eq!(taken.err(), Some(Failure::NameTaken));
    let closed = ask("localhost");
    assert!(matches!(closed, Err(Failure::RegistrationClosed(_))), "{closed:?}");
}

fn several_accounts_are_online_at_once_and_one_can_be_removed(server: impl Server) {
    let alice = Person::new(&server, "alice");
    let bob = Person::new(&server, "bob");
    let password = server.register("carol");
    let answer = block_on(alice.session.ask(sign_in_request(
        "carol@localhost",
        &password,
        server.direct_tls_port(),
        server.authority(),
    )));
    let Ok(Answer::Account(carol)) = answer else { panic!("{answer:?}") };
    assert_eq!(alice.session.accounts().len(), 2);
    bob.say(&"carol@localhost".parse().expect("an address"), "hello carol");
    bob.say(&alice.address, "hello alice");
    alice.hears(&bob.address, "hello alice");

    alice.session.send(Command::RemoveAccount(carol));
    tests::wait::until("the account to go", || (alice.session.accounts().len() == 1).then_some(()));
    let folders = std::fs::read_dir(alice.folder().join("accounts")).expect("a folder").count();
    assert_eq!(folders, 1, "the folder of a removed account stays behind");
}
