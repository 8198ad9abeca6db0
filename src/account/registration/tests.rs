//! Making an account, against a server that is a list of strings: what is asked, what is sent, and how it ends.

use model::{AccountId, FormField, Timestamp};

use super::*;
use crate::testing::Dice;

fn form(name: &str) -> RegistrationForm {
    let field = |name: &str, kind, value: &str| FormField {
        name: name.to_owned(),
        label: None,
        kind,
        required: true,
        value: value.to_owned(),
    };
    RegistrationForm {
        domain: "example.org".to_owned(),
        instructions: None,
        fields: vec![
            field("username", FormFieldKind::Username, name),
            field("password", FormFieldKind::Password, "secret"),
            field("key", FormFieldKind::Hidden, "old"),
        ],
    }
}

#[test]
fn the_form_names_the_address() {
    let domain = BareJid::new("example.org").unwrap();
    assert_eq!(address(&form("Juliet"), &domain).unwrap().as_str(), "juliet@example.org");
    for name in ["", "  ", "a@b", "a@evil.example/x", "a/b"] {
        assert_eq!(address(&form(name), &domain), Err(Failure::BadAddress), "{name}");
    }
}

#[test]
fn hidden_fields_stay_as_they_came() {
    let mut fresh = form("");
    fresh.fields[2].value = "new".to_owned();
    let filled = fill(fresh, &form("juliet"));
    assert_eq!(filled.fields[0].value, "juliet");
    assert_eq!(filled.fields[2].value, "new");
}

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' from='example.org' id='s' version='1.0'>\
    <stream:features><register xmlns='http://jabber.org/features/iq-register'/></stream:features>";
const FORM: &str = "<query xmlns='jabber:iq:register'><username/><password/><key>new</key></query>";

struct Script {
    registration: Registration,
    written: String,
    result: Option<Result<Registered, Failure>>,
    closed: bool,
}

impl Script {
    fn begin(wish: Wish) -> Self {
        let setup = Setup {
            id: AccountId([0; 16]),
            software_name: "Starling".to_owned(),
            software_version: "0".to_owned(),
            device_name: "test".to_owned(),
            lang: "en".to_owned(),
            calls: false,
        };
        let registration = Registration::new(setup, wish, Place::default(), Box::new(Dice(1))).unwrap();
        let mut script = Self { registration, written: String::new(), result: None, closed: false };
        script.collect();
        script.give(RegistrationInput::Connected { tls: Some(TlsFacts::default()) });
        script.bytes(HEADER);
        script
    }

    fn give(&mut self, input: RegistrationInput) {
        let now = Now { monotonic: Duration::from_secs(1), wall: Timestamp(0) };
        self.registration.handle(input, now);
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(output) = self.registration.poll_output() {
            match output {
                RegistrationOutput::Write(bytes) => self.written = String::from_utf8(bytes).unwrap(),
                RegistrationOutput::Close => self.closed = true,
                RegistrationOutput::Done(result) => {
                    assert!(self.result.is_none(), "one end only");
                    self.result = Some(result);
                }
                _ => {}
            }
        }
    }

    fn bytes(&mut self, text: &str) {
        self.give(RegistrationInput::Bytes(text.as_bytes().to_vec()));
    }

    /// Answers what was written last.
    fn answer(&mut self, kind: &str, payload: &str) {
        let id = self.written.split("id='").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        self.bytes(&format!("<iq type='{kind}' id='{id}' from='example.org'>{payload}</iq>"));
    }
}

#[test]
fn asking_ends_with_the_form_and_hangs_up() {
    let mut script = Script::begin(Wish::Form { domain: "example.org".to_owned() });
    script.answer("result", FORM);
    let Some(Ok(Registered::Form(form))) = script.result else { panic!("{:?}", script.result) };
    assert_eq!((form.domain.as_str(), form.fields.len()), ("example.org", 3));
    assert!(script.closed);
}

#[test]
fn the_form_is_sent_with_what_the_fresh_one_hides() {
    let mut script = Script::begin(Wish::Account(form("juliet")));
    script.answer("result", FORM);
    assert!(script.written.contains("<username>juliet</username>"), "{}", script.written);
    assert!(script.written.contains("<key>new</key>"));
    script.answer("result", "");
    let address = BareJid::new("juliet@example.org").unwrap();
    assert_eq!(script.result, Some(Ok(Registered::Account(address))));
    assert!(script.closed);
}

#[test]
fn refusals_become_failures_that_a_person_can_act_on() {
    for (condition, failure) in [
        ("conflict", Failure::NameTaken),
        ("not-acceptable", Failure::FormRefused(None)),
        ("not-allowed", Failure::RegistrationClosed(None)),
    ] {
        let mut script = Script::begin(Wish::Account(form("juliet")));
        script.answer("result", FORM);
        let error = format!(
            "<error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        );
        script.answer("error", &error);
        assert_eq!(script.result, Some(Err(failure)), "{condition}");
    }
    let mut closed = Script::begin(Wish::Form { domain: "example.org".to_owned() });
    closed.answer(
        "error",
        "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
    );
    assert_eq!(closed.result, Some(Err(Failure::RegistrationClosed(None))));
}

#[test]
fn a_lost_link_is_an_end_too_and_only_one() {
    let mut script = Script::begin(Wish::Form { domain: "example.org".to_owned() });
    script.give(RegistrationInput::Closed(None));
    assert_eq!(script.result, Some(Err(Failure::ConnectionLost)));
    script.give(RegistrationInput::Cancel);
    script.bytes("<late/>");
    let mut unreachable = Script::begin(Wish::Form { domain: "example.org".to_owned() });
    unreachable.give(RegistrationInput::Closed(Some(Failure::Unreachable)));
    assert_eq!(unreachable.result, Some(Err(Failure::Unreachable)));
}
