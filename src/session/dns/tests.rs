//! The order of service records, and the finder against a DNS server of our own.

use std::{collections::HashMap, net::SocketAddr};

use hickory_resolver::proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{Record as DnsRecord, rdata::SRV},
};
use rand::{SeedableRng as _, rngs::StdRng};

use super::*;

fn record(priority: u16, weight: u16, target: &str) -> Record {
    Record { priority, weight, port: 5222, target: target.to_owned(), kind: Kind::StartTls }
}

fn hosts(candidates: &[Candidate]) -> Vec<&str> {
    candidates.iter().map(|candidate| candidate.host.as_str()).collect()
}

#[test]
fn a_lower_priority_always_comes_first() {
    let mut rng = StdRng::seed_from_u64(1);
    for _ in 0..100 {
        let records = vec![record(20, 100, "second"), record(5, 0, "first"), record(30, 65535, "third")];
        assert_eq!(hosts(&order(records, &mut rng)), ["first", "second", "third"]);
    }
}

#[test]
fn within_a_priority_the_first_is_drawn_in_proportion_to_weight() {
    let mut rng = StdRng::seed_from_u64(2);
    let mut first = HashMap::<String, u32>::new();
    for _ in 0..10_000 {
        let records = vec![record(1, 60, "heavy"), record(1, 30, "light"), record(1, 10, "feather")];
        let ordered = order(records, &mut rng);
        assert_eq!(ordered.len(), 3);
        *first.entry(ordered[0].host.clone()).or_default() += 1;
    }
    for (host, share) in [("heavy", 6000), ("light", 3000), ("feather", 1000)] {
        let drawn = i64::from(first[host]);
        assert!((drawn - share).abs() < 300, "{host} was first {drawn} times, not about {share}");
    }
}

#[test]
fn a_record_without_weight_has_a_small_chance_and_nothing_is_lost() {
    let mut rng = StdRng::seed_from_u64(3);
    let mut zero_first = 0;
    for _ in 0..10_000 {
        let ordered = order(vec![record(1, 99, "some"), record(1, 0, "none")], &mut rng);
        assert_eq!(ordered.len(), 2);
        zero_first += u32::from(ordered[0].host == "none");
    }
    assert!((20..=300).contains(&zero_first), "{zero_first}");
    assert!(order(vec![record(1, 0, "a"), record(1, 0, "b")], &mut rng).len() == 2);
}

#[test]
fn a_server_named_by_hand_is_tried_where_its_port_says() {
    let kinds = |port| {
        let server = ServerAddress { host: "xmpp.example".to_owned(), port };
        named(&server).unwrap().into_iter().map(|found| (found.port, found.kind)).collect::<Vec<_>>()
    };
    assert_eq!(kinds(None), [(5223, Kind::DirectTls), (5222, Kind::StartTls)]);
    assert_eq!(kinds(Some(5222)), [(5222, Kind::StartTls)]);
    assert_eq!(kinds(Some(5223)), [(5223, Kind::DirectTls), (5223, Kind::StartTls)]);
    assert_eq!(kinds(Some(443)), [(443, Kind::DirectTls), (443, Kind::StartTls)]);
}

#[test]
fn domains_become_what_the_dns_and_certificates_say() {
    assert_eq!(ascii("example.org").unwrap(), "example.org");
    assert_eq!(ascii("bücher.example").unwrap(), "xn--bcher-kva.example");
    assert_eq!(ascii("[::1]").unwrap(), "::1");
    assert_eq!(ascii("127.0.0.1").unwrap(), "127.0.0.1");
    assert!(ascii(&"a".repeat(80)).is_err());
}

/// Answers with these records, and with "no such name" for anything else.
fn dns(zone: Vec<(&'static str, SRV)>) -> SocketAddr {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let question = Message::from_vec(&buffer[..length]).unwrap();
            let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
            answer.metadata.message_type = MessageType::Response;
            answer.metadata.recursion_available = true;
            let query = question.queries[0].clone();
            let asked = query.name().to_ascii();
            for (name, srv) in &zone {
                if *name == asked && query.query_type() == RecordType::SRV {
                    answer.add_answer(DnsRecord::from_rdata(
                        query.name().clone(),
                        60,
                        RData::SRV(srv.clone()),
                    ));
                }
            }
            if answer.answers.is_empty() {
                answer.metadata.response_code = ResponseCode::NXDomain;
            }
            answer.add_query(query);
            socket.send_to(&answer.to_vec().unwrap(), from).unwrap();
        }
    });
    address
}

fn srv(priority: u16, port: u16, target: &str) -> SRV {
    SRV::new(priority, 0, port, Name::from_ascii(target).unwrap())
}

fn find_with(zone: Vec<(&'static str, SRV)>) -> Result<Vec<Candidate>, Failure> {
    let server = dns(zone);
    let mut rng = StdRng::seed_from_u64(4);
    crate::service::small_runtime().unwrap().block_on(find("chat.example", Some(server), &mut rng))
}

#[test]
fn both_kinds_of_records_are_one_list() {
    let found = find_with(vec![
        ("_xmpp-client._tcp.chat.example.", srv(10, 5222, "b.example.")),
        ("_xmpps-client._tcp.chat.example.", srv(5, 443, "a.example.")),
        ("_xmpps-client._tcp.chat.example.", srv(20, 5223, "c.example.")),
    ]);
    assert_eq!(
        found.unwrap(),
        [
            Candidate::new("a.example", 443, Kind::DirectTls),
            Candidate::new("b.example", 5222, Kind::StartTls),
            Candidate::new("c.example", 5223, Kind::DirectTls),
        ]
    );
}

#[test]
fn a_domain_without_records_is_asked_itself() {
    assert_eq!(find_with(vec![]).unwrap(), [Candidate::new("chat.example", 5222, Kind::StartTls)]);
}

#[test]
fn a_single_dot_says_that_there_is_no_service() {
    let none = find_with(vec![("_xmpp-client._tcp.chat.example.", srv(0, 0, "."))]);
    assert_eq!(none.unwrap_err(), Failure::ServiceNotOffered);
    let one = find_with(vec![
        ("_xmpps-client._tcp.chat.example.", srv(0, 0, ".")),
        ("_xmpp-client._tcp.chat.example.", srv(0, 5222, "b.example.")),
    ]);
    assert_eq!(one.unwrap(), [Candidate::new("b.example", 5222, Kind::StartTls)]);
}

#[test]
fn a_name_that_does_not_exist_is_told_from_a_network_that_is_not_there() {
    let runtime = crate::service::small_runtime().unwrap();
    assert!(runtime.block_on(does_not_exist("chat.example", Some(dns(vec![])))));
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(!runtime.block_on(does_not_exist("chat.example", Some(nobody))));
}
