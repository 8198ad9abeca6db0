//! Calls between two services, with signalling through a real server and media on the network within this machine: a tone
//! and a moving picture go out, and what the other side decodes is counted.

use model::{
    AccountCommand, CallCommand, CallFailure, CallOutcome, CallSecurity, CallSettings, CallState, MediaKind,
};
use tests::{By, Person, Phone, Prosody, Server, befriend, know_devices};

on_every_server! {
    two_see_and_hear_each_other
    a_camera_comes_into_a_call_of_voices
}

fn two_friends(server: &impl Server) -> [Person; 2] {
    let people = ["alice", "bob"].map(|name| Person::who_calls(server, name));
    befriend(&people[0], &people[1]);
    know_devices(&people[0], &people[1]);
    // Their devices have sessions with each other.
    let [alice, bob] = &people;
    alice.say(&bob.address, "hello");
    bob.hears(&alice.address, "hello");
    bob.say(&alice.address, "hi");
    alice.hears(&bob.address, "hi");
    people
}

fn two_see_and_hear_each_other(server: impl Server) {
    let [alice, bob] = &two_friends(&server);
    let [mut alices, mut bobs] = [Phone::of(alice), Phone::of(bob)];
    alices.call(&bob.address, true);
    bobs.answers(true);
    for phone in [&mut alices, &mut bobs] {
        phone.until("connected", Phone::is_connected);
        phone.hears_and_sees(100, 60);
        let security = phone.call.as_ref().unwrap().participants[0].security;
        assert_eq!(security, CallSecurity::Device, "the devices vouch for the keys");
    }

    // A microphone that is off is not heard, and told.
    bobs.sends(MediaKind::Audio, false);
    alices.until("silent", |phone| {
        phone.statistics.audio.level.is_none() && phone.call.as_ref().unwrap().participants[0].muted
    });
    bobs.sends(MediaKind::Audio, true);
    alices.hears_and_sees(50, 30);

    bobs.does(CallCommand::HangUp);
    for (phone, other) in [(&mut alices, &bob.address), (&mut bobs, &alice.address)] {
        phone.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));
        let lines = phone.lines(other);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].video && matches!(lines[0].outcome, CallOutcome::Answered { .. }), "{lines:?}");
    }
}

fn a_camera_comes_into_a_call_of_voices(server: impl Server) {
    let [alice, bob] = &two_friends(&server);
    let [mut alices, mut bobs] = [Phone::of(alice), Phone::of(bob)];
    alices.call(&bob.address, false);
    bobs.answers(false);
    for phone in [&mut alices, &mut bobs] {
        phone.hears_and_sees(50, 0);
        assert_eq!(phone.statistics.video.decoded, 0);
    }
    bobs.sends(MediaKind::Video, true);
    alices.hears_and_sees(50, 30);
    assert_eq!(bobs.statistics.video.decoded, 0, "the other camera is off");
    alices.sends(MediaKind::Video, true);
    bobs.hears_and_sees(50, 30);
    alices.does(CallCommand::HangUp);
    bobs.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));
}

#[test]
fn a_relay_carries_a_call_and_nobody_learns_another_address() {
    talk_over_a_relay(By::Udp);
}

#[test]
fn a_relay_is_reached_by_tcp_where_nothing_else_works() {
    talk_over_a_relay(By::Tcp);
}

#[test]
fn a_relay_is_reached_by_tls_where_nothing_else_works() {
    talk_over_a_relay(By::Tls);
}

#[test]
fn a_relay_whose_certificate_nobody_vouches_for_is_not_used() {
    let (server, relay) = Prosody::start_with_false_relay();
    let [alice, bob] = &two_friends(&server);
    alice.command(AccountCommand::SetCallSettings(CallSettings {
        relay_only: true,
        ..CallSettings::default()
    }));
    let [mut alices, mut bobs] = [Phone::of(alice), Phone::of(bob)];
    alices.call(&bob.address, false);
    bobs.answers(false);
    alices.until("over for want of a way", |phone| {
        phone.state() == Some(CallState::Ended(CallOutcome::Failed(CallFailure::NoWay)))
    });
    assert!(!relay.log().contains("ALLOCATE"), "{}", relay.log());
}

fn talk_over_a_relay(by: By) {
    let (server, relay) = Prosody::start_with_relay(by);
    let [alice, bob] = &two_friends(&server);
    for person in [alice, bob] {
        person.command(AccountCommand::SetCallSettings(CallSettings {
            relay_only: true,
            ..CallSettings::default()
        }));
    }
    let [mut alices, mut bobs] = [Phone::of(alice), Phone::of(bob)];
    alices.call(&bob.address, true);
    bobs.answers(true);
    for phone in [&mut alices, &mut bobs] {
        phone.until("connected", Phone::is_connected);
        phone.hears_and_sees(100, 60);
    }
    alices.does(CallCommand::HangUp);
    bobs.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));

    let wire = String::from_utf8_lossy(&server.wire()).into_owned();
    let told: Vec<&str> =
        wire.split("<candidate ").skip(1).filter_map(|rest| rest.split('>').next()).collect();
    assert!(told.len() >= 2, "{told:?}");
    for candidate in told {
        let is_relay = candidate.contains("type='relay'") || candidate.contains("type=\"relay\"");
        assert!(is_relay && !candidate.contains("rel-addr"), "{candidate}");
    }
    assert!(relay.log().contains("ALLOCATE processed, success"), "{}", relay.log());
}

#[test]
fn a_call_that_needs_a_relay_where_there_is_none_says_so() {
    let server = Prosody::start_tapped();
    let [alice, bob] = &two_friends(&server);
    alice.command(AccountCommand::SetCallSettings(CallSettings {
        relay_only: true,
        ..CallSettings::default()
    }));
    let [mut alices, mut bobs] = [Phone::of(alice), Phone::of(bob)];
    alices.call(&bob.address, false);
    bobs.answers(false);
    alices.until("over for want of a relay", |phone| {
        phone.state() == Some(CallState::Ended(CallOutcome::Failed(CallFailure::NoRelay)))
    });
    bobs.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));
    let wire = String::from_utf8_lossy(&server.wire()).into_owned();
    assert!(
        wire.contains("urn:xmpp:jingle-message:0") && !wire.contains("<candidate "),
        "no address was told"
    );
}

#[test]
fn little_travels_where_that_is_wanted() {
    let server = Prosody::start();
    let [alice, bob] = &two_friends(&server);
    let low_bandwidth = CallSettings { low_bandwidth: true, ..CallSettings::default() };
    alice.command(AccountCommand::SetCallSettings(low_bandwidth));
    let [mut alices, mut bobs] = [Phone::of(alice), Phone::of(bob)];
    alices.call(&bob.address, false);
    bobs.answers(false);
    // The rate by the pieces themselves: what is lost or late on a busy machine is in neither sum. Alice's are twice as long.
    let rate = |phone: &mut Phone<'_>, piece: f64| {
        phone.hears_and_sees(50, 0);
        let before = phone.statistics.audio;
        phone.hears_and_sees(250, 0);
        let after = phone.statistics.audio;
        let bits = (after.bytes_received - before.bytes_received) as f64 * 8.0;
        bits / ((after.packets_received - before.packets_received) as f64 * piece)
    };
    let heard_by_bob = rate(&mut bobs, 0.04);
    let heard_by_alice = rate(&mut alices, 0.02);
    println!("{heard_by_bob:.0} and {heard_by_alice:.0} bits a second");
    assert!((9_000.0..=15_000.0).contains(&heard_by_bob), "{heard_by_bob} bits a second");
    assert!((24_000.0..=40_000.0).contains(&heard_by_alice), "{heard_by_alice} bits a second");

    // And in the middle of a call.
    alice.command(AccountCommand::SetCallSettings(CallSettings::default()));
    let heard_by_bob = rate(&mut bobs, 0.02);
    assert!(heard_by_bob > 24_000.0, "{heard_by_bob} bits a second");
    alices.does(CallCommand::HangUp);
    bobs.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));
}

#[test]
fn who_is_in_a_call_of_another_account_is_busy() {
    let server = Prosody::start();
    let [alice, bob] = &two_friends(&server);
    let carol = &Person::who_calls(&server, "carol");
    // Bob has another account, on the same device.
    let roberts = &bob.adds_account(&server, "robert");
    befriend(carol, roberts);
    let [alices, mut bobs, mut carols] = [alice, bob, carol].map(Phone::of);
    alices.call(&bob.address, false);
    bobs.answers(false);
    bobs.hears_and_sees(20, 0);
    carols.call(&roberts.address, false);
    carols.until("told that he is busy", |phone| phone.state() == Some(CallState::Ended(CallOutcome::Busy)));
    bobs.hears_and_sees(20, 0);
    bobs.does(CallCommand::HangUp);
    bobs.until("over", |phone| matches!(phone.state(), Some(CallState::Ended(_))));
}
