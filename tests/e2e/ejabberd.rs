//! What only ejabberd tells: its log says how each link was let in.

use model::{AccountCommand, Delivery};
use tests::{Ejabberd, LinkCutter, Person, Server, wait};

#[test]
fn the_password_is_used_once_then_the_token_and_a_cut_link_is_resumed() {
    let server = Ejabberd::start();
    let password = server.register("alice");
    let cutter = LinkCutter::start(server.direct_tls_port());
    let mut alice = Person::sign_in(&server, "alice", &password, cutter.port());
    let mut told = 0;
    let mut next = |expected: [&str; 2]| {
        // The log lags behind.
        let ways = wait::until("the log", || Some(ways_in(&server)).filter(|ways| ways.len() >= told + 2));
        assert_eq!(ways[told..], expected);
        told += 2;
    };
    next(["SCRAM-SHA-256-PLUS", "Opened"]);

    let note = |alice: &Person, text: &str| {
        alice.say(&alice.address, text);
        alice.sees_own(&alice.address, text, &Delivery::Sent);
    };
    cutter.cut();
    alice.command(AccountCommand::TryNow);
    note(&alice, "over the second link");
    next(["HT-SHA-256-EXPR", "Resumed"]);

    // A new process has nothing to resume.
    alice.restart();
    alice.command(AccountCommand::Connect);
    note(&alice, "over the third link");
    next(["HT-SHA-256-EXPR", "Opened"]);
}

/// By what mechanism each link was let in, and whether a session was opened or resumed.
fn ways_in(server: &Ejabberd) -> Vec<String> {
    let log = server.log();
    let told = log.lines().filter_map(|line| {
        if let Some((_, rest)) = line.split_once("Accepted c2s ") {
            return rest.split(' ').next();
        }
        ["Opened c2s session", "Resumed session"]
            .iter()
            .find(|words| line.contains(*words))
            .and_then(|words| words.split(' ').next())
    });
    told.map(str::to_owned).collect()
}
