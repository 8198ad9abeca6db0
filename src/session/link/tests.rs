//! A link and a socket at its other end.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::testing::{Authority, DOMAIN, acceptor, pair, run};

async fn plain() -> (Link, TcpStream) {
    let (ours, theirs) = pair().await;
    (Link::plain(ours, trust(&Authority::usual())), theirs)
}

fn trust(authority: &Authority) -> Trust {
    Trust::load(DOMAIN, Some(&authority.file())).unwrap()
}

#[test]
fn what_is_queued_leaves_in_one_piece_and_only_when_it_is_let_go() {
    run(async {
        let (mut link, mut theirs) = plain().await;
        link.write(b"<presence/>".to_vec());
        link.write(b"<r/>".to_vec());
        assert!(theirs.try_read(&mut [0; 64]).is_err());
        link.flush().await;
        let mut buffer = [0; 64];
        let length = theirs.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"<presence/><r/>");
    });
}

#[test]
fn a_great_deal_goes_both_ways_at_once() {
    const MUCH: usize = 8 * 1024 * 1024;
    run(async {
        let (mut link, theirs) = plain().await;
        link.write(vec![b'a'; MUCH]);
        let (mut read, mut write) = theirs.into_split();
        // The other end reads nothing before it has written everything.
        let other = tokio::spawn(async move {
            write.write_all(&vec![b'b'; MUCH]).await.unwrap();
            let mut received = vec![0; MUCH];
            read.read_exact(&mut received).await.unwrap();
            received.iter().all(|byte| *byte == b'a')
        });
        let mut received = 0;
        while received < MUCH {
            match link.next().await {
                LinkEvent::Bytes(bytes) => {
                    assert!(bytes.len() <= BATCH);
                    received += bytes.len();
                }
                LinkEvent::Closed(failure) => panic!("{failure:?}"),
            }
        }
        let mut other = other;
        let all = tokio::select! {
            all = &mut other => all.unwrap(),
            event = link.next() => { assert_eq!(event, LinkEvent::Closed(None)); other.await.unwrap() }
        };
        assert!(all);
    });
}

#[test]
fn the_end_comes_after_everything_that_was_sent() {
    run(async {
        let (mut link, mut theirs) = plain().await;
        theirs.write_all(b"</stream:stream>").await.unwrap();
        drop(theirs);
        assert_eq!(link.next().await, LinkEvent::Bytes(b"</stream:stream>".to_vec()));
        assert_eq!(link.next().await, LinkEvent::Closed(None));
    });
}

#[test]
fn last_words_are_written_before_it_closes() {
    run(async {
        let (mut link, mut theirs) = plain().await;
        link.write(b"</stream:stream>".to_vec());
        link.close();
        assert_eq!(link.next().await, LinkEvent::Closed(None));
        let mut heard = Vec::new();
        theirs.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"</stream:stream>");
    });
}

#[test]
fn last_words_that_nobody_takes_are_given_up() {
    run(async {
        let (mut link, _theirs) = plain().await;
        link.write(vec![b'a'; 64 * 1024 * 1024]);
        link.close();
        let started = Instant::now();
        assert_eq!(link.next().await, LinkEvent::Closed(None));
        assert!(started.elapsed() >= LAST_WORDS && started.elapsed() < LAST_WORDS * 2);
    });
}

#[test]
fn it_is_secured_in_the_middle() {
    let authority = Authority::usual();
    let acceptor = acceptor(&authority.good(), &[&tokio_rustls::rustls::version::TLS13]);
    run(async {
        let (ours, mut theirs) = pair().await;
        let mut link = Link::plain(ours, trust(&authority));
        link.write(b"<starttls/>".to_vec());
        link.flush().await;
        let server = async {
            theirs.read_exact(&mut [0; 11]).await.unwrap();
            let mut secured = acceptor.accept(theirs).await.unwrap();
            let mut heard = [0; 5];
            secured.read_exact(&mut heard).await.unwrap();
            secured.write_all(&heard).await.unwrap();
            secured.shutdown().await.unwrap();
        };
        let client = async {
            let (mut link, facts) = link.start_tls().await.unwrap();
            assert!(facts.exporter.is_some());
            link.write(b"hello".to_vec());
            assert_eq!(link.next().await, LinkEvent::Bytes(b"hello".to_vec()));
            assert_eq!(link.next().await, LinkEvent::Closed(None));
        };
        tokio::join!(server, client);
    });
}

#[test]
fn a_link_that_is_secure_cannot_be_secured_again() {
    let authority = Authority::usual();
    let acceptor = acceptor(&authority.good(), &[&tokio_rustls::rustls::version::TLS13]);
    run(async {
        let (ours, theirs) = pair().await;
        let trust = trust(&authority);
        let (secured, _server) = tokio::join!(trust.secure(ours, true), acceptor.accept(theirs));
        let link = Link::secured(secured.unwrap().0, trust);
        assert_eq!(link.start_tls().await.err(), Some(Failure::Protocol));
    });
}
