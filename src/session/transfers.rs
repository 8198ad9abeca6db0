//! Work on files: getting them ready, putting them onto a server, fetching them.
//!
//! Each account has one thread for it, which begins with the first job. On it a small runtime moves bytes between sockets
//! and channels; reading, encrypting, hashing and writing are done by threads of its pool, so that the two keep each
//! other busy and no file is ever in memory as a whole. A job ends with a report, unless it is cancelled or the
//! account closes: then it is as if it had never begun, and rows say that it is to be done.

mod address;
mod client;
mod download;
mod pace;
mod upload;

use std::{
    collections::HashMap,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use account::{ConnectTarget, FileJob, FileReport, Trouble};
use async_channel::{Receiver, Sender};
use files::{FilmMaker, Means};
use model::{AccountId, AttachmentId, TransferFailure};
use tokio::task::{AbortHandle, JoinSet};

use self::client::{Client, Place};
use crate::events::Bus;

/// The account's way to its thread for files.
pub(crate) struct Transfers {
    jobs: Sender<Numbered>,
    reports: Receiver<(u64, FileReport)>,
    place: Option<Place>,
    /// The number of the newest job, and of the job that each file is in: reports of others come too late.
    newest: u64,
    current: HashMap<AttachmentId, u64>,
    /// Until the first job comes.
    begins: Option<Begins>,
}

struct Begins {
    account: AccountId,
    bus: Bus,
    inbox: Receiver<Numbered>,
    outbox: Sender<(u64, FileReport)>,
    films: Option<FilmMaker>,
}

struct Numbered {
    number: u64,
    job: FileJob,
    place: Option<Place>,
}

impl Transfers {
    pub(crate) fn new(account: AccountId, bus: Bus, films: Option<FilmMaker>) -> Self {
        let (jobs, inbox) = async_channel::unbounded();
        let (outbox, reports) = async_channel::unbounded();
        let begins = Some(Begins { account, bus, inbox, outbox, films });
        Self { jobs, reports, place: None, newest: 0, current: HashMap::new(), begins }
    }

    /// Where the account connects to: whom it trusts there it trusts with files.
    pub(crate) fn goes_to(&mut self, target: &ConnectTarget) {
        self.place = Some(Place {
            domain: target.domain.clone(),
            server: target.server.as_ref().map(|server| server.host.clone()),
            extra_authorities: target.extra_authorities.clone(),
        });
    }

    /// Begins a job.
    pub(crate) fn begin(&mut self, job: FileJob) {
        if let Some(begins) = self.begins.take() {
            let started = thread::Builder::new().name("files".into()).spawn(move || serve(begins));
            if let Err(error) = started {
                tracing::error!(%error, "no thread for files could be started");
            }
        }
        self.newest += 1;
        let number = self.newest;
        match (&job, id(&job)) {
            (FileJob::Cancel(id), _) => self.current.remove(id),
            (_, Some(id)) => self.current.insert(id, number),
            (_, None) => None,
        };
        // Closed: there is no thread; the rows wait for the next start.
        let _ = self.jobs.try_send(Numbered { number, job, place: self.place.clone() });
    }

    /// Waits for the next report of a job that was neither cancelled nor begun anew.
    pub(crate) async fn next(&mut self) -> FileReport {
        while let Ok((number, report)) = self.reports.recv().await {
            let Some(id) = reported(&report) else { return report };
            if self.current.get(&id) == Some(&number) {
                self.current.remove(&id);
                return report;
            }
        }
        // The thread has gone: nothing will come any more.
        std::future::pending().await
    }
}

fn serve(begins: Begins) {
    let Ok(runtime) = crate::service::small_runtime() else { return };
    runtime.block_on(async {
        let Begins { account, bus, inbox, outbox, films } = begins;
        let mut client: Option<Client> = None;
        let mut under_way: HashMap<AttachmentId, AbortHandle> = HashMap::new();
        let mut tasks: JoinSet<()> = JoinSet::new();
        loop {
            let job = tokio::select! {
                job = inbox.recv() => job,
                Some(_) = tasks.join_next() => {
                    under_way.retain(|_, task| !task.is_finished());
                    continue;
                }
            };
            let Ok(Numbered { number, job, place }) = job else { break };
            if let FileJob::Cancel(id) = job {
                if let Some(task) = under_way.remove(&id) {
                    task.abort();
                }
                continue;
            }
            if let (None, Some(place), true) = (&client, place, needs_network(&job)) {
                client = Client::new(&place).await;
            }
            let (id, speed) = (id(&job), pace::Pace::new(account, bus.clone()));
            let (client, outbox, films) = (client.clone(), outbox.clone(), films.clone());
            let task = tasks.spawn(async move {
                if let Some(report) = work(job, client, films, speed).await {
                    let _ = outbox.try_send((number, report));
                }
            });
            if let Some(id) = id
                && let Some(before) = under_way.insert(id, task)
            {
                before.abort();
            }
        }
        tasks.abort_all();
    });
    // A thread that reads a slow disk is not waited for.
    runtime.shutdown_background();
}

fn needs_network(job: &FileJob) -> bool {
    matches!(job, FileJob::Upload { .. } | FileJob::Download { .. })
}

fn id(job: &FileJob) -> Option<AttachmentId> {
    match job {
        FileJob::Prepare { id, .. } | FileJob::Upload { id, .. } | FileJob::Download { id, .. } => Some(*id),
        FileJob::Cancel(_) | FileJob::Delete { .. } => None,
    }
}

fn reported(report: &FileReport) -> Option<AttachmentId> {
    match report {
        FileReport::Prepared(id, _) | FileReport::Uploaded(id, _) | FileReport::Downloaded(id, _) => {
            Some(*id)
        }
        FileReport::Deleted(_) => None,
    }
}

async fn work(
    job: FileJob,
    client: Option<Client>,
    films: Option<FilmMaker>,
    pace: pace::Pace,
) -> Option<FileReport> {
    match job {
        FileJob::Prepare { id, source, wish, container, key } => {
            let (mut pace, stop) = (pace.of(id), Stop::default());
            let stopped = stop.0.clone();
            let prepared = blocking(move || {
                make_folder(&container)?;
                let mut told = |done: u16| {
                    pace.tell(done.into(), Some(1000));
                    if stopped.load(Relaxed) { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
                };
                let means = Means { films: films.as_ref(), told: &mut told };
                files::prepare(&source, wish, &container, &key, means)
            });
            let outcome = prepared.await.map_err(|error| match error.kind() {
                std::io::ErrorKind::StorageFull => TransferFailure::DiskFull,
                _ => TransferFailure::NotReadable,
            });
            Some(FileReport::Prepared(id, outcome))
        }
        FileJob::Upload { id, source, cipher, address, headers, media_type } => {
            let put = upload::Put { source, cipher, address, headers, media_type };
            let outcome = match client {
                Some(client) => upload::put(&client, put, pace.of(id)).await,
                None => Err(Trouble::Passing),
            };
            Some(FileReport::Uploaded(id, outcome))
        }
        FileJob::Download { id, addresses, cipher, hash, limit, declared, container, key } => {
            let get = download::Get { addresses, cipher, hash, limit, declared, container, key };
            let outcome = match client {
                Some(client) => download::get(&client, get, pace.of(id)).await,
                None => Err(Trouble::Passing),
            };
            Some(FileReport::Downloaded(id, outcome))
        }
        FileJob::Delete { container, path } => {
            let deleted = blocking(move || match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            });
            // What could not be deleted is tried again at the next start.
            deleted.await.ok().map(|()| FileReport::Deleted(container))
        }
        FileJob::Cancel(_) => None,
    }
}

/// Tells a thread of the pool that nobody waits for it any more: when this is dropped, as the task is that was cancelled.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// Does something that blocks on a thread of the pool.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

/// Makes the folder of a container, for the eyes of its owner only.
fn make_folder(container: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    match container.parent() {
        Some(folder) => std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
