//! Putting a file onto the server (XEP-0363 §6): read, hashed and encrypted on its way.

use std::{
    io::{self, Read as _},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use account::Trouble;
use files::{Digest, DigestStream, FileAtRest, GcmStream, TAG_LENGTH};
use futures_util::stream;
use model::TransferFailure;
use reqwest::{Body, header};
use store::FileCipher;
use tokio::sync::mpsc;

use super::{
    client::{Client, broken, refused},
    pace::Pace,
};

/// How much is read at once, and how many pieces wait for the network.
const PIECE: usize = 128 * 1024;
const WAITING: usize = 4;
/// How long the network may take no piece, and the server for its answer after the last.
const STALLED: Duration = Duration::from_secs(120);

/// What is to be put where.
pub(super) struct Put {
    pub(super) source: FileAtRest,
    pub(super) cipher: FileCipher,
    pub(super) address: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) media_type: String,
}

/// Puts it. Returns the hash of the file in the clear.
pub(super) async fn put(client: &Client, put: Put, pace: Pace) -> Result<Digest, Trouble> {
    let Put { source, cipher, address, headers, media_type } = put;
    let (reader, gcm) = super::blocking(move || {
        let gcm = match &cipher {
            FileCipher::None => None,
            FileCipher::Gcm { key, iv } => {
                Some(GcmStream::new(key, iv).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?)
            }
            FileCipher::Other => return Err(io::ErrorKind::InvalidInput.into()),
        };
        Ok((source.open()?, gcm))
    })
    .await
    .map_err(|_| Trouble::Lasting(TransferFailure::NotReadable))?;
    let size = reader.len();
    let on_the_wire = if gcm.is_some() { size + TAG_LENGTH as u64 } else { size };

    let (pieces, mut taken) = mpsc::channel::<io::Result<Vec<u8>>>(WAITING);
    let outcome: Arc<Mutex<Option<Result<Digest, TransferFailure>>>> = Arc::default();
    let told = Arc::clone(&outcome);
    tokio::task::spawn_blocking(move || {
        let result = pour(reader, size, gcm, &pieces, pace);
        if result.is_err() {
            // The request must not look whole to the server.
            let _ = pieces.blocking_send(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    });
    let asked: Arc<AtomicU64> = Arc::default();
    let asks = Arc::clone(&asked);
    let body = Body::wrap_stream(stream::poll_fn(move |context| {
        asks.fetch_add(1, Relaxed);
        taken.poll_recv(context)
    }));
    let mut request = client
        .put(&address)?
        .header(header::CONTENT_LENGTH, on_the_wire)
        .header(header::CONTENT_TYPE, media_type)
        .body(body);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = answered(request, &asked).await?;
    let poured = outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(Err(failure)) = poured {
        return Err(Trouble::Lasting(failure));
    }
    let answer = answer.map_err(|error| broken(&error))?;
    match (answer.status(), poured) {
        (status, Some(Ok(digest))) if status.is_success() => Ok(digest),
        // An answer before the file was there is none that can be believed.
        (status, _) if status.is_success() => Err(Trouble::Passing),
        (status, _) => Err(refused(status)),
    }
}

/// Sends a request, however long that takes, as long as the network goes on asking for pieces of it.
async fn answered(
    request: reqwest::RequestBuilder,
    asked: &AtomicU64,
) -> Result<reqwest::Result<reqwest::Response>, Trouble> {
    let mut sending = std::pin::pin!(request.send());
    let mut before = None;
    loop {
        if let Ok(answer) = tokio::time::timeout(STALLED, sending.as_mut()).await {
            return Ok(answer);
        }
        let now = Some(asked.load(Relaxed));
        if now == before {
            tracing::info!("an upload does not go on");
            return Err(Trouble::Passing);
        }
        before = now;
    }
}

/// Reads a file into the channel, encrypted if it is to be.
fn pour(
    mut reader: files::FileReader,
    size: u64,
    mut gcm: Option<GcmStream>,
    pieces: &mpsc::Sender<io::Result<Vec<u8>>>,
    mut pace: Pace,
) -> Result<Digest, TransferFailure> {
    let mut digest = DigestStream::sha_256();
    let mut done = 0;
    while done < size {
        let mut piece = Vec::with_capacity(PIECE + TAG_LENGTH);
        let most = (PIECE as u64).min(size - done);
        (&mut reader).take(most).read_to_end(&mut piece).map_err(|_| TransferFailure::NotReadable)?;
        if piece.is_empty() {
            // It was made shorter meanwhile.
            return Err(TransferFailure::NotReadable);
        }
        done += piece.len() as u64;
        digest.update(&piece);
        if let Some(gcm) = &mut gcm {
            gcm.encrypt(&mut piece).map_err(|_| TransferFailure::NotReadable)?;
        }
        if pieces.blocking_send(Ok(piece)).is_err() {
            // Nobody takes it any more: the request has ended, and says why.
            return Ok(digest.finish());
        }
        pace.tell(done, Some(size));
    }
    if let Some(gcm) = gcm {
        let _ = pieces.blocking_send(Ok(gcm.tag().to_vec()));
    }
    Ok(digest.finish())
}
