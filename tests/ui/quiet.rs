//! Quiet by default (rule 12): from its first start to signing in and chatting, the program talks to one server and nobody else.

use tests::{Prosody, Starling};

use crate::scene::still_desktop;

#[test]
fn no_socket_but_the_servers_is_opened() {
    let server = Prosody::start();
    let password = server.register("alice");
    let desktop = still_desktop();
    let trace = desktop.home().join("trace");
    let starling = Starling::start_traced(&desktop, &server, &["connect", "sendto", "sendmmsg"], &trace);
    starling.sign_in(&server, "alice@localhost", &password);
    desktop.press("ctrl+q");
    assert!(starling.wait(), "Starling did not end well");

    let text = std::fs::read_to_string(&trace).expect("a trace");
    let server_port = format!("htons({})", server.direct_tls_port());
    let elsewhere: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("AF_INET"))
        .filter(|line| !(line.contains(&server_port) && line.contains("127.0.0.1")))
        .collect();
    assert!(elsewhere.is_empty(), "it spoke to others: {elsewhere:#?}");
    assert!(text.contains(&server_port), "the trace does not even show the server: it proves nothing");
}
