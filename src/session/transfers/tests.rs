//! Reports that come after their job was cancelled or begun anew. No thread works here: the test says what it would.

use files::{FileKey, Wish};
use model::{AccountId, FileSource};

use super::*;

const FILE: AttachmentId = AttachmentId(1);

fn prepare(id: AttachmentId) -> FileJob {
    FileJob::Prepare {
        id,
        source: FileSource::Bytes([].into()),
        wish: Wish { strip_metadata: true, longest_side: None },
        container: "container".into(),
        key: FileKey::new([0; 32]),
    }
}

fn late(id: AttachmentId) -> FileReport {
    FileReport::Prepared(id, Err(TransferFailure::DiskFull))
}

fn failed(id: AttachmentId) -> FileReport {
    FileReport::Prepared(id, Err(TransferFailure::NotReadable))
}

/// The account's side, and the way on which reports come.
fn silent() -> (Transfers, Sender<(u64, FileReport)>, Receiver<Numbered>) {
    let mut transfers = Transfers::new(AccountId([1; 16]), Bus::new(), None);
    let begins = transfers.begins.take().expect("nothing was begun yet");
    (transfers, begins.outbox, begins.inbox)
}

/// The numbers of the jobs that were begun.
fn begun(inbox: &Receiver<Numbered>) -> Vec<u64> {
    std::iter::from_fn(|| inbox.try_recv().ok()).map(|numbered| numbered.number).collect()
}

/// Which file the next report is of that is heard, if it is no late one.
fn next(transfers: &mut Transfers) -> Option<AttachmentId> {
    let runtime = crate::service::small_runtime().expect("a runtime");
    match runtime.block_on(transfers.next()) {
        FileReport::Prepared(id, Err(TransferFailure::NotReadable)) => Some(id),
        _ => None,
    }
}

#[test]
fn a_report_of_a_job_that_was_cancelled_is_not_heard() {
    let (mut transfers, outbox, inbox) = silent();
    transfers.begin(prepare(FILE));
    transfers.begin(FileJob::Cancel(FILE));
    transfers.begin(prepare(AttachmentId(2)));
    let numbers = begun(&inbox);
    outbox.try_send((numbers[0], late(FILE))).expect("room");
    outbox.try_send((numbers[2], failed(AttachmentId(2)))).expect("room");
    assert_eq!(next(&mut transfers), Some(AttachmentId(2)));
}

#[test]
fn a_report_of_a_job_that_was_begun_anew_is_that_of_the_newer() {
    let (mut transfers, outbox, inbox) = silent();
    transfers.begin(prepare(FILE));
    transfers.begin(FileJob::Cancel(FILE));
    transfers.begin(prepare(FILE));
    transfers.begin(prepare(FILE));
    let numbers = begun(&inbox);
    for number in [numbers[0], numbers[2]] {
        outbox.try_send((number, late(FILE))).expect("room");
    }
    outbox.try_send((numbers[3], failed(FILE))).expect("room");
    assert_eq!(next(&mut transfers), Some(FILE));
    // Told twice, it is heard once.
    outbox.try_send((numbers[3], failed(FILE))).expect("room");
    transfers.begin(prepare(AttachmentId(2)));
    outbox.try_send((begun(&inbox)[0], failed(AttachmentId(2)))).expect("room");
    assert_eq!(next(&mut transfers), Some(AttachmentId(2)));
}
