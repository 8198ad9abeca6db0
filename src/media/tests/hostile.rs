//! Descriptions that lie, or are of no use: the call ends with a reason, and nothing else does.

use super::*;

fn description(pair: &mut Pair) -> MediaDescription {
    pair.offer(0, &[MediaKind::Audio]);
    let Pair { runtime, sides } = pair;
    runtime.block_on(async {
        loop {
            if let Told::Event(MediaEvent::Offer(offer)) = sides[0].told.recv().await.unwrap() {
                return offer;
            }
        }
    })
}

#[test]
fn a_description_with_lines_in_it_ends_the_call() {
    let changes: [fn(&mut MediaDescription); 3] = [
        |offer| {
            let credentials = IceCredentials { fragment: "a\r\na=evil".into(), password: "p".repeat(22) };
            offer.contents[0].transport.credentials = Some(credentials);
        },
        |offer| offer.contents[0].transport.fingerprints[0].value = vec![1, 2, 3],
        |offer| offer.contents[0].transport.fingerprints.clear(),
    ];
    for change in changes {
        let mut pair = Pair::new(true);
        let mut offer = description(&mut pair);
        change(&mut offer);
        pair.sides[1].tell(MediaCommand::Answer(offer));
        pair.until("failed", |sides| sides[1].failed == Some(MediaFailure::Incompatible));
    }
}

#[test]
fn nothing_is_taken_of_what_is_not_known() {
    let mut pair = Pair::new(true);
    let mut offer = description(&mut pair);
    offer.contents[0].rtp.payloads[0].name = Some("speex".into());
    pair.sides[1].tell(MediaCommand::Answer(offer));
    let Pair { runtime, sides } = &mut pair;
    let told = runtime.block_on(async { timeout(PATIENCE, sides[1].told.recv()).await.unwrap().unwrap() });
    assert_eq!(told, Told::Event(MediaEvent::Answer(MediaDescription::default())));
}

#[test]
fn keys_that_were_not_described_end_the_call() {
    let mut pair = Pair::new(true);
    let mut offer = description(&mut pair);
    for byte in &mut offer.contents[0].transport.fingerprints[0].value {
        *byte ^= 1;
    }
    pair.sides[1].tell(MediaCommand::Answer(offer));
    pair.until("failed", |sides| sides[1].failed == Some(MediaFailure::Keys));
    assert_eq!(pair.sides[1].statistics.audio.decoded, 0);
}

#[test]
fn what_belongs_to_nothing_is_ignored() {
    let mut pair = Pair::new(true);
    let credentials = IceCredentials { fragment: "else".into(), password: "p".repeat(22) };
    for side in &pair.sides {
        side.tell(MediaCommand::AddCandidates(ContentCandidates {
            content: "nothing".into(),
            credentials: None,
            candidates: Vec::new(),
        }));
        side.tell(MediaCommand::Remove(vec!["nothing".into()]));
        side.tell(MediaCommand::ApplyRestart {
            credentials: vec![ContentCredentials {
                content: "nothing".into(),
                credentials: credentials.clone(),
            }],
            is_offer: false,
        });
    }
    pair.connect(&[MediaKind::Audio]);
    pair.until_they_talk(0);
}
