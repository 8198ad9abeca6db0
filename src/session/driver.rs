//! Drives one account: whatever comes is one input, one transaction, one list of outputs.
//!
//! ```text
//! wait ─→ Input ─→ writer.write(|tx| account.handle(tx, input, now)) ─→ commit ─→ outputs ─→ wait
//! ```
//!
//! Nothing leaves before its commit: bytes are queued on the link only while outputs are taken.
//! Letters are looked at before anything else, so a command overtakes an archive that is being
//! read: while the account is behind, the socket is not read, unless the account looks for
//! something ahead, and then only so far. If a transaction fails, the driver ends with it, and its
//! keeper reads everything again from the disk.

use std::{
    collections::{HashMap, VecDeque},
    future::pending,
    time::Duration,
};

use account::{Account, FileReport, Input, Output};
use async_channel::Receiver;
use model::{AccountId, ConnectionState, EventKind, Failure, RequestId, StorageFailure};
use store::Writer;
use tokio::time::{Instant, sleep_until, timeout};

use crate::{
    Condition,
    clock::SleepWatch,
    mail::{Mail, Reply},
    service::Shared,
    transfers::Transfers,
    trial::{Trial, Verdict},
    way::{Way, WayEvent},
};

/// How often somebody looks whether the device slept, when nothing else happens.
const LOOK_UP: Duration = Duration::from_secs(30);
/// The least time between two timers: deadlines that stay in the past must not keep a processor busy.
const BREATH: Duration = Duration::from_millis(5);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Why driving ended.
pub(crate) enum End {
    /// The service ends.
    Quit,
    /// The account is to be removed.
    Remove,
    /// A transaction failed: memory is not to be trusted any more.
    Broken(Failure),
    /// The first sign-in did not work.
    TrialFailed(Failure),
}

/// Drives one account until it ends.
pub(crate) struct Driver<'a> {
    id: AccountId,
    shared: &'a Shared,
    writer: Writer,
    account: Account,
    mail: &'a Receiver<Mail>,
    held: &'a mut VecDeque<Mail>,
    way: Way,
    trial: Option<Trial>,
    asked: HashMap<RequestId, Reply>,
    questions: u64,
    sleep_watch: SleepWatch,
    last_timer: Instant,
    transfers: Transfers,
}

/// What woke the driver.
enum Wake {
    Mail(Mail),
    Way(WayEvent),
    Time,
    More,
    File(FileReport),
    TrialOver(Failure),
}

/// Ends driving from the middle of a turn.
type Turn = Result<(), End>;

impl<'a> Driver<'a> {
    pub(crate) fn new(
        id: AccountId,
        shared: &'a Shared,
        writer: Writer,
        account: Account,
        mail: &'a Receiver<Mail>,
        held: &'a mut VecDeque<Mail>,
        trial: Option<Trial>,
    ) -> Self {
        Self {
            id,
            shared,
            writer,
            account,
            mail,
            held,
            way: Way::new(shared.config.dns_server),
            trial,
            asked: HashMap::new(),
            questions: 0,
            sleep_watch: SleepWatch::start(),
            last_timer: Instant::now(),
            transfers: Transfers::new(id, shared.bus.clone(), shared.config.films.clone()),
        }
    }

    pub(crate) async fn run(mut self) -> End {
        self.shared.calls.opened(self.id);
        let end = match self.turns().await {
            Err(end) => end,
            Ok(()) => End::Quit,
        };
        if matches!(end, End::Quit | End::Remove)
            && let Err(End::Broken(failure)) = self.say_goodbye().await
        {
            tracing::warn!(%failure, "no goodbye");
        }
        self.shared.calls.closed(self.id);
        let why = match &end {
            End::Broken(failure) | End::TrialFailed(failure) => failure.clone(),
            End::Quit | End::Remove => Failure::Gone,
        };
        for (_, reply) in self.asked.drain() {
            reply.give(Err(why.clone()));
        }
        end
    }

    async fn turns(&mut self) -> Turn {
        self.handle(Input::Start).await?;
        loop {
            let wake = self.wait().await;
            let heard_on = self.way.number();
            if self.sleep_watch.slept() {
                tracing::info!("the device slept");
                self.handle(Input::Resumed).await?;
            }
            match wake {
                Wake::Mail(mail) => self.serve(mail).await?,
                Wake::Way(event) if heard_on == self.way.number() => self.handle(input(event)).await?,
                // Waking up put another link in the place of the one that said this.
                Wake::Way(_) => {}
                Wake::More => {
                    // The runtime looks at its sockets only when it is given the time.
                    tokio::task::yield_now().await;
                    self.handle(Input::Continue).await?;
                }
                Wake::Time => {
                    let now = self.shared.clock.now().monotonic;
                    if self.account.timeout().is_some_and(|due| due <= now) {
                        self.last_timer = Instant::now();
                        self.handle(Input::Timer).await?;
                    }
                }
                Wake::File(report) => self.handle(Input::File(report)).await?,
                Wake::TrialOver(failure) => return Err(End::TrialFailed(failure)),
            }
        }
    }

    async fn wait(&mut self) -> Wake {
        if let Some(mail) = self.held.pop_front() {
            return Wake::Mail(mail);
        }
        let look_up = Instant::now() + LOOK_UP;
        let due = self.account.timeout().map(|due| Instant::from_std(self.shared.clock.instant(due)));
        let earliest = self.last_timer + BREATH;
        let deadline = due.map_or(look_up, |due| due.clamp(earliest, look_up.max(earliest)));
        let behind = self.account.is_behind();
        let listens = !behind || self.account.looks_ahead();
        let trial = &self.trial;
        tokio::select! {
            biased;
            mail = self.mail.recv() => Wake::Mail(mail.unwrap_or(Mail::Quit)),
            failure = async { match trial { Some(trial) => trial.over().await, None => pending().await } } => {
                Wake::TrialOver(failure)
            }
            () = sleep_until(deadline) => Wake::Time,
            report = self.transfers.next() => Wake::File(report),
            event = self.way.next(), if listens => Wake::Way(event),
            () = std::future::ready(()), if behind => Wake::More,
        }
    }

    async fn serve(&mut self, mail: Mail) -> Turn {
        match mail {
            Mail::Command(command) => {
                let again = command.clone();
                let done = self.handle(Input::Command(command)).await;
                if matches!(done, Err(End::Broken(Failure::Storage(_)))) {
                    // The disk did not take it: it is done when the disk does.
                    self.held.push_front(Mail::Command(again));
                }
                done
            }
            Mail::Ask(question, reply) => {
                self.questions += 1;
                let id = RequestId(self.questions);
                self.asked.insert(id, reply);
                self.handle(Input::Ask(id, question)).await
            }
            Mail::NetworkChanged { available } => self.handle(Input::NetworkChanged { available }).await,
            Mail::Resumed => self.handle(Input::Resumed).await,
            Mail::Media(call, event) => self.handle(Input::Media(call, event)).await,
            Mail::WindowVisible(visible) => self.handle(Input::WindowVisible(visible)).await,
            Mail::Unlock(_, reply) | Mail::Reopen(reply) => {
                reply.give(Ok(model::Answer::Done));
                Ok(())
            }
            Mail::Remove => Err(End::Remove),
            Mail::Quit => Err(End::Quit),
        }
    }

    /// One input, one transaction, one list of outputs.
    async fn handle(&mut self, input: Input) -> Turn {
        self.commit(input)?;
        while self.release()? {
            // Closing was the account's own wish, and is told at once.
            self.commit(Input::Closed(None))?;
        }
        self.way.flush().await;
        Ok(())
    }

    fn commit(&mut self, input: Input) -> Turn {
        let now = self.shared.clock.now();
        let account = &mut self.account;
        self.writer.write(|tx| account.handle(tx, input, now)).map_err(|error| End::Broken(explain(&error)))
    }

    /// Does what the account wants done. True if a link was closed and none was asked for after it.
    fn release(&mut self) -> Result<bool, End> {
        let mut closed = false;
        while let Some(output) = self.account.poll_output() {
            match output {
                Output::Write(bytes) => self.way.write(bytes),
                Output::Event(event) => self.tell(event)?,
                Output::File(job) => self.transfers.begin(job),
                Output::Answer(id, answer) => {
                    if let Some(reply) = self.asked.remove(&id) {
                        reply.give(answer);
                    }
                }
                Output::Connect(target) => {
                    closed = false;
                    self.transfers.goes_to(&target);
                    self.shared.calls.trusts(self.id, target.extra_authorities.clone());
                    self.way.connect(target);
                }
                Output::Media(call, command) => self.shared.calls.media(self.id, call, command),
                Output::StartTls => self.way.start_tls(),
                Output::Close => closed |= self.way.close(),
            }
        }
        Ok(closed)
    }

    fn tell(&mut self, event: EventKind) -> Turn {
        if let EventKind::Connection(state) = &event {
            self.shared.table.set_condition(self.id, Condition::Open(ConnectionState::clone(state)));
        }
        if let EventKind::Call(call) = &event {
            self.shared.calls.changed(self.id, call);
        }
        match self.trial.take() {
            None => self.shared.bus.tell(self.id, event),
            Some(trial) => match trial.judge(&event, self.id, self.shared) {
                Verdict::Passed => self.shared.bus.tell(self.id, event),
                // Nobody knows of the account yet, only that somebody is signing in.
                Verdict::Open(trial) => {
                    self.trial = Some(trial);
                    if matches!(event, EventKind::Connection(ConnectionState::Connecting(_))) {
                        self.shared.bus.tell(self.id, event);
                    }
                }
                Verdict::Failed(failure) => return Err(End::TrialFailed(failure)),
            },
        }
        Ok(())
    }

    /// Ends the stream in good order, if that can be done in time.
    async fn say_goodbye(&mut self) -> Turn {
        let goodbye = async {
            self.handle(Input::Quit).await?;
            while self.way.is_open() {
                let event = self.way.next().await;
                self.handle(input(event)).await?;
            }
            self.way.finish().await;
            Ok(())
        };
        timeout(GOODBYE, goodbye).await.unwrap_or_else(|_| {
            tracing::info!("the server took too long to say goodbye");
            Ok(())
        })
    }
}

fn input(event: WayEvent) -> Input {
    match event {
        WayEvent::Step(step) => Input::Progress(step),
        WayEvent::Connected(tls) => Input::Connected { tls },
        WayEvent::TlsStarted(facts) => Input::TlsStarted(facts),
        WayEvent::Bytes(bytes) => Input::Bytes(bytes),
        WayEvent::Closed(failure) => Input::Closed(failure),
    }
}

/// What a person is told when an input could not be handled.
pub(crate) fn explain(error: &account::Error) -> Failure {
    tracing::error!(%error, "an input could not be handled");
    match error {
        account::Error::Store(error) => error.failure(),
        account::Error::NoAccount => Failure::Storage(StorageFailure::Damaged),
    }
}
