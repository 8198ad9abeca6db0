//! Quiet by default (rule 12): from its first start over signing in to chatting with friends and strangers, the program
//! talks to one server and nobody else, whatever addresses others put into their words.

use std::time::Duration;

use model::Delivery;
use tests::person::block_on;
use tests::{Person, Prosody, Starling, befriend, publish_device, wait};

use crate::scene::still_desktop;

#[test]
fn no_socket_but_the_servers_is_opened() {
    let server = Prosody::start();
    let bob = Person::new(&server, "bob");
    let mallory = Person::new(&server, "mallory");
    let device = Person::new(&server, "alice");
    befriend(&device, &bob);
    publish_device(&device);
    let alice = device.address.clone();
    assert!(device.session.end(Duration::from_secs(5)));
    let desktop = still_desktop();
    let trace = desktop.home().join("trace");
    let starling = Starling::start_traced(&desktop, &server, &["connect", "sendto", "sendmmsg"], &trace);
    starling.sign_in(&server, "alice@localhost", "pw-alice");
    wait::until("Bob to know the device that signed in", || {
        let devices = block_on(bob.reader().devices(alice.clone())).ok()?;
        (devices.iter().filter(|device| device.versions.len() == 2).count() == 2).then_some(())
    });

    let picture = "Look: https://pictures.example/harbour.jpg";
    bob.say(&alice, picture);
    starling.open_conversation("bob");
    starling.sees_message(picture);
    starling.robot.find_named("Message").focus();
    desktop.type_text("Nice. http://pictures.example/mine.png");
    desktop.press("Return");
    bob.hears(&alice, "Nice. http://pictures.example/mine.png");
    bob.say(&alice, "Thanks!");
    starling.sees_message("Thanks!");
    bob.sees_own(&alice, "Thanks!", &Delivery::Read);

    let bait = "You won: https://mallory.example/?you=alice xmpp:room@mallory.example?join";
    mallory.say(&alice, bait);
    starling.row(&["mallory", "unread"]);
    starling.open_conversation("mallory");
    starling.sees_message(bait);
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
