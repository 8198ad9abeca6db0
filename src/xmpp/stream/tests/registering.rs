use model::{FormFieldKind, RegistrationForm};

use super::super::*;
use super::script::*;

const BEGIN: &str = "connect tls
    C: CLEAR
    S: SERVER<stream:features><register xmlns='http://jabber.org/features/iq-register'/></stream:features>
    C: <iq id='{id}' to='example.org' type='get'><query xmlns='jabber:iq:register'/></iq>
    E: Progress(SigningIn)";

fn begin() -> Script {
    let config =
        StreamConfig { purpose: Purpose::Register, address: "example.org".parse().unwrap(), ..config() };
    let mut script = Script::new(config, Credentials::default());
    script.run(&BEGIN.replace("CLEAR", CLEAR_HEADER).replace("SERVER", SERVER_HEADER));
    script
}

/// Feeds a line and takes the form that comes of it.
fn form(script: &mut Script, answer: &str) -> RegistrationForm {
    let answer = answer.replace("{id}", &script.captured["id"]);
    script.stream.handle_input(StreamInput::Bytes(answer.as_bytes()), script.now);
    match script.stream.poll_event(script.now) {
        Some(StreamEvent::RegistrationForm(form)) => form,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_data_form_is_filled_in_and_sent_again_when_refused() {
    let mut script = begin();
    let mut form = form(
        &mut script,
        "<iq id='{id}' type='result'><query xmlns='jabber:iq:register'><instructions>old</instructions><username/>\
         <x xmlns='jabber:x:data' type='form'><instructions>Welcome\u{202e}</instructions>\
         <field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field>\
         <field type='fixed'><value>Read the rules</value></field>\
         <field type='text-single' label='Name' var='username'><required/></field>\
         <field type='text-private' var='password'><required/></field>\
         <field type='boolean' var='news'><value>true</value></field>\
         <field type='list-single' var='c'><option label='One'><value>1</value></option><option><value>2</value></option></field>\
         <field type='unheard-of' var='z'/></x></query></iq>",
    );
    assert_eq!(form.instructions.as_deref(), Some("Welcome"));
    let kinds: Vec<FormFieldKind> = form.fields.iter().map(|field| field.kind.clone()).collect();
    let choices = vec![("1".to_owned(), "One".to_owned()), ("2".to_owned(), "2".to_owned())];
    assert_eq!(
        kinds,
        [
            FormFieldKind::Hidden,
            FormFieldKind::Note,
            FormFieldKind::Username,
            FormFieldKind::Password,
            FormFieldKind::Flag,
            FormFieldKind::Choice(choices),
            FormFieldKind::Text
        ]
    );
    assert!(form.fields[2].required && form.fields[4].value == "1");
    form.fields[2].value = "a<b".to_owned();
    let submitted = "<field var='FORM_TYPE'><value>jabber:iq:register</value></field><field var='username'><value>a&lt;b</value></field>";
    script.stream.register(&form, script.now);
    script.run(&format!(
        "C: <iq id='{{set}}' to='example.org' type='set'><query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>{submitted}{{rest}}</x></query></iq>
        S: <iq id='{{set}}' type='error'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
        E: NameTaken(None)"
    ));
    script.stream.register(&form, script.now);
    script.stream.register(&form, script.now);
    script.run(
        "C: <iq id='{again}' {more}</iq>
        S: <iq id='{again}' type='result'/>
        E: Registered
        close
        C: </stream:stream>
        E: Close
        E: Closed",
    );
    script.end();
}

#[test]
fn old_forms_are_lists_of_elements() {
    let mut script = begin();
    let mut form = form(
        &mut script,
        "<iq id='{id}' type='result'><query xmlns='jabber:iq:register'><instructions>Hi</instructions>\
         <username/><password/><email/><key>k</key></query></iq>",
    );
    assert_eq!(form.fields.len(), 4);
    form.fields[0].value = "x".to_owned();
    script.stream.register(&form, script.now);
    script.run("C: <iq id='{set}' to='example.org' type='set'><query xmlns='jabber:iq:register'><username>x</username><password></password><email></email><key>k</key></query></iq>");
    script.end();
}

#[test]
fn servers_that_make_no_accounts_say_so() {
    for (answer, failure) in [
        (
            "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
            "None",
        ),
        (
            "<query xmlns='jabber:iq:register'><instructions>See our site</instructions></query>",
            "Some(\"See our site\")",
        ),
    ] {
        let type_ = if failure == "None" { "error" } else { "result" };
        let mut script = begin();
        script.run(&format!(
            "S: <iq id='{{id}}' type='{type_}'>{answer}</iq>
            C: </stream:stream>
            E: Close
            E: Failed(RegistrationClosed({failure}))"
        ));
        script.end();
    }
}

#[test]
fn a_server_that_ends_the_stream_over_the_question_makes_no_accounts() {
    let mut script = begin();
    script.run(
        "S: <stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>
        C: </stream:stream>
        E: Close
        E: Failed(RegistrationClosed(None))",
    );
    script.end();
}
