//! A whole sign-in with somebody who does not know the password: whatever they say, we are never online with them, and the
//! password never leaves.

use std::time::Duration;

use model::{BareJid, Now, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use xmpp::{Credentials, FastToken, Purpose, Stream, StreamConfig, StreamEvent, StreamInput, TlsFacts};

use super::script::{Step, elements, steps, with_ids};

const PASSWORD: &str = "correct horse battery";
/// `\0alice\0correct horse battery`, as PLAIN would have it.
const PLAIN: &str = "AGFsaWNlAGNvcnJlY3QgaG9yc2UgYmF0dGVyeQ==";

/// The first byte says what we have and want, the rest is what the server says.
pub fn play(input: &[u8]) {
    let Some((choice, script)) = input.split_first() else { return };
    let config = StreamConfig {
        address: BareJid::new("alice@example.org").expect("an address"),
        resource_hint: "Starling".to_owned(),
        user_agent_id: "d4565fa7-4d72-4749-b3d3-740edbf87770".to_owned(),
        software: "Starling".to_owned(),
        device: "desk".to_owned(),
        lang: "en".to_owned(),
        allow_plain: false,
        purpose: if choice & 1 == 0 { Purpose::SignIn } else { Purpose::Register },
    };
    let token = FastToken {
        mechanism: "HT-SHA-256-NONE".to_owned(),
        token: PASSWORD.to_owned().into(),
        count: 1,
        expires: Timestamp(i64::MAX),
    };
    let credentials = Credentials {
        password: Some(PASSWORD.to_owned().into()),
        fast: (choice & 2 != 0).then_some(token),
        ..Credentials::default()
    };
    let mut stream = Stream::new(config, credentials, &mut ChaCha8Rng::seed_from_u64(1));
    let mut clock = Duration::from_secs(1000);
    let tls = (choice & 4 != 0).then(TlsFacts::default);
    let mut ids = Vec::new();
    stream.handle_input(StreamInput::Connected { tls }, now(clock));
    watch(&mut stream, now(clock), &mut ids);
    for step in steps(script) {
        match step {
            Step::Time => {
                clock = stream.timeout().unwrap_or(clock).max(clock);
                stream.handle_timeout(now(clock));
            }
            Step::Cut => stream.handle_input(StreamInput::Closed, now(clock)),
            Step::Bytes(bytes) | Step::Say(bytes) | Step::React(bytes) => {
                stream.handle_input(StreamInput::Bytes(&with_ids(bytes, &ids)), now(clock));
            }
        }
        watch(&mut stream, now(clock), &mut ids);
    }
}

fn watch(stream: &mut Stream, now: Now, ids: &mut Vec<String>) {
    while let Some(event) = stream.poll_event(now) {
        match event {
            StreamEvent::Write(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                assert!(!text.contains(PASSWORD) && !text.contains(PLAIN), "the password leaves: {text}");
                ids.extend(
                    elements(&bytes).iter().filter_map(|element| element.attr("id")).map(str::to_owned),
                );
            }
            StreamEvent::StartTls => {
                stream.handle_input(StreamInput::TlsStarted(TlsFacts::default()), now);
            }
            StreamEvent::Online(_) | StreamEvent::Stanza(_) | StreamEvent::FastToken(_) => {
                panic!("signed in with somebody who does not know the password")
            }
            StreamEvent::RegistrationForm(mut form) => {
                form.fields.iter_mut().for_each(|field| "alice".clone_into(&mut field.value));
                stream.register(&form, now);
            }
            _ => {}
        }
    }
}

fn now(monotonic: Duration) -> Now {
    Now { monotonic, wall: Timestamp(1_800_000_000_000) }
}
