//! Making an account (XEP-0077 §3.1): a driver over the stream, without a store.
//!
//! A person fills in a form for minutes, longer than servers keep a silent link that nobody has signed in on. So
//! each step has a link of its own: the first asks for the form and hangs up, the second asks again, sends the
//! filled-in form with what the fresh one hides, and hangs up. Used like [`Account`](crate::Account): inputs in,
//! outputs out, nothing moves by itself.

use std::{collections::VecDeque, path::PathBuf, time::Duration};

use model::{BareJid, ConnectionStep, Failure, FormFieldKind, Now, RegistrationForm, ServerAddress};
use rand_core::CryptoRng;
use xmpp::{Credentials, Purpose, Stream, StreamConfig, StreamEvent, StreamInput, TlsFacts};

use crate::{ConnectTarget, Setup};

/// What is wanted of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The form.
    Form {
        /// The server's domain.
        domain: String,
    },
    /// An account, by this filled-in form.
    Account(RegistrationForm),
}

/// Where the server is, if the user said so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// A server named by hand.
    pub server: Option<ServerAddress>,
    /// Authorities to trust besides the system's.
    pub extra_authorities: Option<PathBuf>,
}

/// What happened.
#[derive(Debug)]
pub enum RegistrationInput {
    /// The link is open.
    Connected {
        /// What is known of TLS, if the link began with it.
        tls: Option<TlsFacts>,
    },
    /// The handshake that [`RegistrationOutput::StartTls`] asked for is done.
    TlsStarted(TlsFacts),
    /// These bytes came.
    Bytes(Vec<u8>),
    /// The link is gone, or could not be made, with the reason if there is one.
    Closed(Option<Failure>),
    /// The time that [`Registration::timeout`] named has come.
    Timer,
    /// The user wants it no more.
    Cancel,
}

/// What the caller is to do, in this order.
#[derive(Debug)]
pub enum RegistrationOutput {
    /// Open a link.
    Connect(ConnectTarget),
    /// Secure the link with TLS.
    StartTls,
    /// Write these bytes.
    Write(Vec<u8>),
    /// Close the link, once everything before was written.
    Close,
    /// How far it came.
    Progress(ConnectionStep),
    /// The end, once.
    Done(Result<Registered, Failure>),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// The form to fill in.
    Form(RegistrationForm),
    /// The account with this address exists; sign in with the password of the form.
    Account(BareJid),
}

/// One step of making an account.
pub struct Registration {
    wish: Wish,
    domain: BareJid,
    setup: Setup,
    rng: Box<dyn CryptoRng + Send>,
    stream: Option<Stream>,
    /// Whether it has come to its end.
    done: bool,
    outputs: VecDeque<RegistrationOutput>,
}

impl Registration {
    /// Begins a step. The first output asks for a link; or says at once that the domain is none.
    pub fn new(
        setup: Setup,
        wish: Wish,
        place: Place,
        rng: Box<dyn CryptoRng + Send>,
    ) -> Result<Self, Failure> {
        let domain = match &wish {
            Wish::Form { domain } => domain,
            Wish::Account(form) => &form.domain,
        };
        let domain = BareJid::new(domain.trim()).ok().filter(|domain| domain.node().is_none());
        let domain = domain.ok_or(Failure::BadAddress)?;
        if let Wish::Account(form) = &wish {
            address(form, &domain)?;
        }
        let target = ConnectTarget {
            domain: domain.to_string(),
            server: place.server,
            extra_authorities: place.extra_authorities,
        };
        let outputs = VecDeque::from([RegistrationOutput::Connect(target)]);
        Ok(Self { wish, domain, setup, rng, stream: None, done: false, outputs })
    }

    /// Handles one input.
    pub fn handle(&mut self, input: RegistrationInput, now: Now) {
        if self.done {
            return;
        }
        match input {
            RegistrationInput::Connected { tls } => {
                let stream = Stream::new(self.config(), Credentials::default(), &mut *self.rng);
                self.stream = Some(stream);
                self.feed(StreamInput::Connected { tls }, now);
            }
            RegistrationInput::TlsStarted(facts) => self.feed(StreamInput::TlsStarted(facts), now),
            RegistrationInput::Bytes(bytes) => self.feed(StreamInput::Bytes(&bytes), now),
            RegistrationInput::Closed(Some(failure)) => self.finish(Err(failure), now),
            RegistrationInput::Closed(None) => {
                // What came before the end may say why it is one.
                self.feed(StreamInput::Closed, now);
                self.finish(Err(Failure::ConnectionLost), now);
            }
            RegistrationInput::Timer => {
                if let Some(stream) = &mut self.stream {
                    stream.handle_timeout(now);
                }
                self.read(now);
            }
            RegistrationInput::Cancel => self.finish(Err(Failure::Gone), now),
        }
    }

    /// What is to be done next. To be called until `None`.
    pub fn poll_output(&mut self) -> Option<RegistrationOutput> {
        self.outputs.pop_front()
    }

    /// When [`RegistrationInput::Timer`] is due, on the clock that never jumps.
    pub fn timeout(&self) -> Option<Duration> {
        self.stream.as_ref().and_then(Stream::timeout)
    }

    fn config(&self) -> StreamConfig {
        StreamConfig {
            address: self.domain.clone(),
            resource_hint: self.setup.software_name.clone(),
            // Nobody is signed in, so there is nothing to tell devices apart for.
            user_agent_id: String::new(),
            software: self.setup.software_name.clone(),
            device: self.setup.device_name.clone(),
            lang: self.setup.lang.clone(),
            allow_plain: false,
            purpose: Purpose::Register,
        }
    }

    fn feed(&mut self, input: StreamInput<'_>, now: Now) {
        if let Some(stream) = &mut self.stream {
            stream.handle_input(input, now);
        }
        self.read(now);
    }

    fn read(&mut self, now: Now) {
        while !self.done {
            let Some(event) = self.stream.as_mut().and_then(|stream| stream.poll_event(now)) else { break };
            match event {
                StreamEvent::Write(bytes) => self.outputs.push_back(RegistrationOutput::Write(bytes)),
                StreamEvent::StartTls => self.outputs.push_back(RegistrationOutput::StartTls),
                StreamEvent::Close => self.outputs.push_back(RegistrationOutput::Close),
                StreamEvent::Progress(step) => self.outputs.push_back(RegistrationOutput::Progress(step)),
                StreamEvent::RegistrationForm(form) => self.form_came(form, now),
                StreamEvent::Registered => {
                    let result = match &self.wish {
                        Wish::Account(form) => address(form, &self.domain).map(Registered::Account),
                        Wish::Form { .. } => Err(Failure::Protocol),
                    };
                    self.finish(result, now);
                }
                StreamEvent::RegistrationRefused(refusal) => self.finish(Err(refusal.into()), now),
                StreamEvent::Failed(failure) => self.finish(Err(failure.into()), now),
                // Nobody is signed in: nothing else can mean anything.
                _ => {}
            }
        }
    }

    fn form_came(&mut self, fresh: RegistrationForm, now: Now) {
        match &self.wish {
            Wish::Form { .. } => self.finish(Ok(Registered::Form(fresh)), now),
            Wish::Account(filled) => {
                let form = fill(fresh, filled);
                if let Some(stream) = &mut self.stream {
                    stream.register(&form, now);
                }
            }
        }
    }

    /// Says goodbye, hangs up, and tells the result, once.
    fn finish(&mut self, result: Result<Registered, Failure>, now: Now) {
        if self.done {
            return;
        }
        self.done = true;
        if let Some(mut stream) = self.stream.take() {
            stream.close(now);
            while let Some(event) = stream.poll_event(now) {
                if let StreamEvent::Write(bytes) = event {
                    self.outputs.push_back(RegistrationOutput::Write(bytes));
                }
            }
        }
        self.outputs.push_back(RegistrationOutput::Close);
        self.outputs.push_back(RegistrationOutput::Done(result));
    }
}

/// The fresh form with what the user filled in. What the server hides in it is newer there.
fn fill(mut fresh: RegistrationForm, filled: &RegistrationForm) -> RegistrationForm {
    for field in &mut fresh.fields {
        if field.kind == FormFieldKind::Hidden {
            continue;
        }
        if let Some(answer) = filled.fields.iter().find(|answer| answer.name == field.name) {
            field.value.clone_from(&answer.value);
        }
    }
    fresh
}

/// The address that a filled-in form asks for.
fn address(form: &RegistrationForm, domain: &BareJid) -> Result<BareJid, Failure> {
    let name = form.fields.iter().find(|field| field.kind == FormFieldKind::Username);
    let name = name.map(|field| field.value.trim()).filter(|name| !name.is_empty());
    let address = name.and_then(|name| BareJid::new(&format!("{name}@{domain}")).ok());
    // `a@b` as a name would make another address of it.
    address
        .filter(|address| address.node().is_some() && address.domain() == domain.domain())
        .ok_or(Failure::BadAddress)
}

#[cfg(test)]
mod tests;
