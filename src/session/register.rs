//! Making an account at a server (XEP-0077), before there is one on this device.
//!
//! [`account::Registration`] decides; this carries for it, on a thread of its own, as the driver
//! does for an account. Nothing is written to the disk until the account exists and signs in.

use std::{path::PathBuf, time::Duration};

use account::{Place, Registered, Registration, RegistrationInput, RegistrationOutput, Setup, Wish};
use model::{
    AccountId, AccountSettings, Answer, ConnectionState, ConnectionStep, EventKind, Failure, FormFieldKind,
    RegistrationForm, ServerAddress,
};
use rand::{
    SeedableRng as _,
    rngs::{StdRng, SysRng},
};
use tokio::time::{Instant, sleep_until, timeout};
use zeroize::Zeroizing;

use crate::{
    mail::Reply,
    service::{self, Shared},
    sign_in::{self, NewAccount},
    way::{Way, WayEvent},
};

/// How long one step may take.
const LIMIT: Duration = Duration::from_secs(90);
/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// What a server wants to know is wanted.
pub(crate) struct Inquiry {
    pub(crate) domain: String,
    pub(crate) server: Option<ServerAddress>,
    pub(crate) extra_authorities: Option<PathBuf>,
}

/// An account is wanted.
pub(crate) struct Wanted {
    pub(crate) form: RegistrationForm,
    pub(crate) server: Option<ServerAddress>,
    pub(crate) extra_authorities: Option<PathBuf>,
    pub(crate) passphrase: Option<String>,
}

/// Asks a server for its form, and answers with it.
pub(crate) fn fetch_form(shared: &Shared, inquiry: Inquiry, reply: &Reply) {
    let Inquiry { domain, server, extra_authorities } = inquiry;
    let place = Place { server, extra_authorities };
    let answer = match carry(shared, Wish::Form { domain }, place, reply) {
        Ok(Registered::Form(form)) => Ok(Answer::RegistrationForm(form)),
        Ok(Registered::Account(_)) => Err(Failure::Protocol),
        Err(failure) => Err(failure),
    };
    reply.give(answer);
}

/// Makes the account. What is to sign in then, or `None` after answering why not.
pub(crate) fn register(shared: &Shared, wanted: Wanted, reply: &Reply) -> Option<NewAccount> {
    let Wanted { form, server, extra_authorities, passphrase } = wanted;
    let password = form.fields.iter().find(|field| field.kind == FormFieldKind::Password);
    let password = Zeroizing::new(password.map(|field| field.value.clone()).unwrap_or_default());
    let place = Place { server: server.clone(), extra_authorities: extra_authorities.clone() };
    match carry(shared, Wish::Account(form), place, reply) {
        Ok(Registered::Account(address)) => {
            let settings =
                AccountSettings { address, server, extra_authorities, allow_plain: false, enabled: true };
            let passphrase = passphrase.map(Zeroizing::new);
            Some(NewAccount { settings, password, passphrase })
        }
        Ok(Registered::Form(_)) => {
            reply.give(Err(Failure::Protocol));
            None
        }
        Err(failure) => {
            reply.give(Err(failure));
            None
        }
    }
}

fn carry(shared: &Shared, wish: Wish, place: Place, reply: &Reply) -> Result<Registered, Failure> {
    let config = &shared.config;
    // The account has no id yet; how far this came is told under one of its own.
    let id = sign_in::new_id();
    let setup = Setup {
        id,
        software_name: config.software_name.clone(),
        software_version: config.software_version.clone(),
        device_name: config.device_name.clone(),
        lang: config.language.clone(),
        calls: false,
    };
    let rng = StdRng::try_from_rng(&mut SysRng).map_err(|_| Failure::Unreachable)?;
    let registration = Registration::new(setup, wish, place, Box::new(rng))?;
    let way = Way::new(config.dns_server);
    let carrier = Carrier { id, shared, registration, way, reply };
    let limited = async { timeout(LIMIT, carrier.run()).await.unwrap_or(Err(Failure::TimedOut)) };
    service::small_runtime()?.block_on(limited)
}

struct Carrier<'a> {
    id: AccountId,
    shared: &'a Shared,
    registration: Registration,
    way: Way,
    reply: &'a Reply,
}

impl Carrier<'_> {
    async fn run(mut self) -> Result<Registered, Failure> {
        loop {
            if let Some(result) = self.release() {
                self.way.close();
                let _ = timeout(GOODBYE, self.way.finish()).await;
                return result;
            }
            self.way.flush().await;
            let input = self.wait().await;
            self.registration.handle(input, self.shared.clock.now());
        }
    }

    /// Does what is wanted, until the end if that has come.
    fn release(&mut self) -> Option<Result<Registered, Failure>> {
        let mut result = None;
        while let Some(output) = self.registration.poll_output() {
            match output {
                RegistrationOutput::Connect(target) => self.way.connect(target),
                RegistrationOutput::StartTls => self.way.start_tls(),
                RegistrationOutput::Write(bytes) => self.way.write(bytes),
                RegistrationOutput::Close => {
                    self.way.close();
                }
                RegistrationOutput::Progress(step) => self.tell(step),
                RegistrationOutput::Done(done) => result = Some(done),
            }
        }
        result
    }

    fn tell(&self, step: ConnectionStep) {
        self.shared.bus.tell(self.id, EventKind::Connection(ConnectionState::Connecting(step)));
    }

    async fn wait(&mut self) -> RegistrationInput {
        let due = self.registration.timeout().map(|due| Instant::from_std(self.shared.clock.instant(due)));
        let deadline = due.unwrap_or_else(|| Instant::now() + LIMIT);
        loop {
            return tokio::select! {
                () = self.reply.withdrawn() => RegistrationInput::Cancel,
                () = sleep_until(deadline) => RegistrationInput::Timer,
                event = self.way.next() => match event {
                    WayEvent::Step(step) => {
                        self.tell(step);
                        continue;
                    }
                    WayEvent::Connected(tls) => RegistrationInput::Connected { tls },
                    WayEvent::TlsStarted(facts) => RegistrationInput::TlsStarted(facts),
                    WayEvent::Bytes(bytes) => RegistrationInput::Bytes(bytes),
                    WayEvent::Closed(failure) => RegistrationInput::Closed(failure),
                },
            };
        }
    }
}
