//! Races on loopback.

use std::time::Instant;

use model::CertificateProblem;

use super::*;
use crate::testing::{Authority, DOMAIN, nobody, run, self_made, silent_server, starttls_server, tls_server};

fn place(address: SocketAddr, kind: Kind) -> Candidate {
    Candidate { host: address.ip().to_string(), port: address.port(), kind, last_resort: false }
}

fn last_resort(address: SocketAddr) -> Candidate {
    Candidate { last_resort: true, ..place(address, Kind::StartTls) }
}

/// Who won (whether with TLS), and how long it took.
async fn race(authority: &Authority, places: Vec<Candidate>) -> (Result<bool, Failure>, Duration) {
    let trust = Trust::load(DOMAIN, Some(&authority.file())).unwrap();
    let (steps, _) = async_channel::unbounded();
    let started = Instant::now();
    let result = match Race::new(places, trust, steps).run().await {
        Ok((_, facts)) => Ok(facts.is_some()),
        Err(Lost::Failed(failure)) => Err(failure),
        Err(Lost::NoAddress) => Err(Failure::NoSuchServer),
    };
    (result, started.elapsed())
}

#[test]
fn the_first_place_wins_when_it_works() {
    let authority = Authority::usual();
    let leaf = authority.good();
    run(async {
        let tls = tls_server(&leaf).await;
        let plain = starttls_server().await;
        let places = vec![place(plain, Kind::StartTls), place(tls, Kind::DirectTls)];
        assert_eq!(race(&authority, places).await.0, Ok(false));
        let places = vec![place(tls, Kind::DirectTls), place(plain, Kind::StartTls)];
        assert_eq!(race(&authority, places).await.0, Ok(true));
    });
}

#[test]
fn a_place_that_refuses_costs_no_time() {
    let authority = Authority::usual();
    run(async {
        let places =
            vec![place(nobody().await, Kind::DirectTls), place(starttls_server().await, Kind::StartTls)];
        let (won, took) = race(&authority, places).await;
        assert_eq!(won, Ok(false));
        assert!(took < STAGGER, "{took:?}");
    });
}

#[test]
fn a_place_that_hangs_costs_a_quarter_of_a_second() {
    let authority = Authority::usual();
    run(async {
        let places = vec![
            place(silent_server().await, Kind::DirectTls),
            place(starttls_server().await, Kind::StartTls),
        ];
        let (won, took) = race(&authority, places).await;
        assert_eq!(won, Ok(false));
        assert!(took >= STAGGER && took < STAGGER * 4, "{took:?}");
    });
}

#[test]
fn nobody_anywhere_is_unreachable() {
    let authority = Authority::usual();
    run(async {
        let places = vec![place(nobody().await, Kind::DirectTls), place(nobody().await, Kind::StartTls)];
        assert_eq!(race(&authority, places).await.0, Err(Failure::Unreachable));
        assert_eq!(race(&authority, Vec::new()).await.0, Err(Failure::NoSuchServer));
    });
}

#[test]
fn a_port_that_wants_starttls_is_found_out() {
    let authority = Authority::usual();
    run(async {
        let address = starttls_server().await;
        let places = vec![place(address, Kind::DirectTls), last_resort(address)];
        assert_eq!(race(&authority, places).await.0, Ok(false));
    });
}

#[test]
fn a_bad_certificate_is_told_and_not_gone_around() {
    let authority = Authority::usual();
    let leaf = self_made(DOMAIN, (2020, 4000), false);
    run(async {
        let address = tls_server(&leaf).await;
        let places = vec![
            place(nobody().await, Kind::StartTls),
            place(address, Kind::DirectTls),
            last_resort(address),
        ];
        match race(&authority, places).await.0 {
            Err(Failure::Certificate(facts)) => assert_eq!(facts.problem, CertificateProblem::UnknownIssuer),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn steps_are_told_and_an_address_needs_no_dns() {
    let authority = Authority::usual();
    let leaf = authority.vouch("127.0.0.1", (2020, 4000));
    run(async {
        let address = tls_server(&leaf).await;
        let (sender, steps) = async_channel::unbounded();
        let target = ConnectTarget {
            domain: "127.0.0.1".to_owned(),
            server: Some(model::ServerAddress { host: "127.0.0.1".to_owned(), port: Some(address.port()) }),
            extra_authorities: Some(authority.file()),
        };
        let connected = connect(target, None, sender, &mut rand::rng()).await;
        assert!(connected.is_ok_and(|(_, facts)| facts.is_some()));
        let mut told = Vec::new();
        while let Ok(step) = steps.try_recv() {
            told.push(step);
        }
        assert_eq!(told, [ConnectionStep::Finding, ConnectionStep::Connecting, ConnectionStep::Securing]);
    });
}

#[test]
fn families_take_turns() {
    let [v6a, v6b, v4a, v4b] =
        ["[::1]:1", "[::2]:1", "127.0.0.1:1", "127.0.0.2:1"].map(|text| text.parse::<SocketAddr>().unwrap());
    assert_eq!(take_turns(vec![v6a, v6b, v4a, v4b]), [v6a, v4a, v6b, v4b]);
    assert_eq!(take_turns(vec![v4a, v4b, v6a]), [v4a, v6a, v4b]);
    assert_eq!(take_turns(vec![v4a]), [v4a]);
    assert!(
        take_turns((0..50).map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect()).len() <= ADDRESSES
    );
}
