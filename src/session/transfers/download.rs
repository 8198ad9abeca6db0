//! Fetching a file: decrypted and hashed on its way into its container, and believed when its tag and its hash are right.
//!
//! What was cut off goes on where it was. The container holds the file in the clear, sealed with its own key; to go on,
//! what is there is read again and encrypted again, which brings hash and tag to where they were.

use std::{io, path::PathBuf};

use account::Trouble;
use files::{ContainerWriter, Digest, DigestStream, FileKey, GcmStream, HEAD_LENGTH, TAG_LENGTH};
use model::TransferFailure;
use reqwest::{Response, StatusCode, header};
use store::FileCipher;
use tokio::sync::mpsc;

use super::{
    client::{Client, broken, refused},
    pace::Pace,
};

/// How much is handed to the disk at once, and how many such pieces wait for it.
const PIECE: usize = 64 * 1024;
const WAITING: usize = 16;

/// What is to be fetched, and what it has to be.
pub(super) struct Get {
    pub(super) addresses: Vec<String>,
    pub(super) cipher: FileCipher,
    pub(super) hash: Option<Digest>,
    pub(super) limit: u64,
    pub(super) declared: String,
    pub(super) container: PathBuf,
    pub(super) key: FileKey,
}

/// Fetches it from the first address that has it. Returns its type and its size.
pub(super) async fn get(client: &Client, get: Get, pace: Pace) -> Result<(String, u64), Trouble> {
    let mut worst = Err(Trouble::Lasting(TransferFailure::UnsafePlace));
    for address in &get.addresses {
        worst = from(client, address, &get, pace.clone()).await;
        match worst {
            Err(Trouble::Lasting(
                TransferFailure::Expired | TransferFailure::Refused | TransferFailure::UnsafePlace,
            )) => {}
            _ => break,
        }
    }
    worst
}

async fn from(client: &Client, address: &str, get: &Get, pace: Pace) -> Result<(String, u64), Trouble> {
    let sink = Sink::resume(get).await?;
    let mut request = client.get(address)?;
    if sink.length > 0 {
        request = request.header(header::RANGE, format!("bytes={}-", sink.length));
    }
    let answer = request.send().await.map_err(|error| broken(&error))?;
    let goes_on = answer.status() == StatusCode::PARTIAL_CONTENT && begins_at(&answer, sink.length);
    if goes_on {
        return pour(answer, sink, get, pace).await;
    }
    if answer.status() == StatusCode::RANGE_NOT_SATISFIABLE || answer.status() == StatusCode::PARTIAL_CONTENT
    {
        // What is here is of another file, or nothing is missing but the end: from the beginning.
        let answer = client.get(address)?.send().await.map_err(|error| broken(&error))?;
        return begin(answer, get, pace).await;
    }
    begin(answer, get, pace).await
}

async fn begin(answer: Response, get: &Get, pace: Pace) -> Result<(String, u64), Trouble> {
    if answer.status() != StatusCode::OK {
        return Err(if answer.status().is_success() { Trouble::Passing } else { refused(answer.status()) });
    }
    let sink = Sink::create(get).await?;
    pour(answer, sink, get, pace).await
}

fn begins_at(answer: &Response, place: u64) -> bool {
    let range = answer.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
    range.and_then(|range| range.trim().strip_prefix("bytes ")?.split('-').next()?.parse().ok())
        == Some(place)
}

/// Moves the answer into the container.
async fn pour(mut answer: Response, sink: Sink, get: &Get, mut pace: Pace) -> Result<(String, u64), Trouble> {
    let tag = if matches!(get.cipher, FileCipher::Gcm { .. }) { TAG_LENGTH as u64 } else { 0 };
    let most = get.limit.saturating_add(tag);
    let mut done = sink.length;
    let total = answer.content_length().map(|length| length.saturating_add(done));
    if total.is_some_and(|total| total > most) {
        return Err(Trouble::Lasting(TransferFailure::LargerThanSaid));
    }
    let (pieces, taken) = mpsc::channel(WAITING);
    let (hash, declared) = (get.hash, get.declared.clone());
    let sinking = tokio::task::spawn_blocking(move || sink.take_in(taken, hash.as_ref(), &declared));
    let mut gathered = Vec::with_capacity(PIECE);
    loop {
        match answer.chunk().await {
            Ok(Some(bytes)) => {
                done += bytes.len() as u64;
                if done > most {
                    return Err(Trouble::Lasting(TransferFailure::LargerThanSaid));
                }
                pace.tell(done, total);
                gathered.extend_from_slice(&bytes);
                if gathered.len() >= PIECE {
                    let piece = std::mem::replace(&mut gathered, Vec::with_capacity(PIECE));
                    if pieces.send(Piece::More(piece)).await.is_err() {
                        break;
                    }
                }
            }
            Ok(None) => {
                let _ = pieces.send(Piece::More(gathered)).await;
                let _ = pieces.send(Piece::End).await;
                break;
            }
            Err(error) => return Err(broken(&error)),
        }
    }
    drop(pieces);
    sinking.await.unwrap_or(Err(Trouble::Passing))
}

enum Piece {
    More(Vec<u8>),
    /// The server said that it was all, which a link that breaks does not.
    End,
}

/// Where the bytes go.
struct Sink {
    writer: ContainerWriter,
    gcm: Option<GcmStream>,
    digest: Option<DigestStream>,
    /// The first bytes of the file, which say what it is.
    head: Vec<u8>,
    /// How many bytes of the file are there already.
    length: u64,
}

impl Sink {
    /// Begins anew.
    async fn create(get: &Get) -> Result<Self, Trouble> {
        let (path, key) = (get.container.clone(), get.key.clone());
        Self::open(get, move |_, _, _| {
            super::make_folder(&path)?;
            ContainerWriter::create(&path, &key)
        })
        .await
    }

    /// Goes on where it was.
    async fn resume(get: &Get) -> Result<Self, Trouble> {
        let (path, key) = (get.container.clone(), get.key.clone());
        Self::open(get, move |gcm, digest, head| {
            super::make_folder(&path)?;
            ContainerWriter::resume(&path, &key, |bytes| {
                head.extend(bytes.iter().take(HEAD_LENGTH - head.len()));
                if let Some(digest) = digest {
                    digest.update(bytes);
                }
                if let Some(gcm) = gcm {
                    // The counter was long enough the first time.
                    let _ = gcm.encrypt(&mut bytes.to_vec());
                }
            })
        })
        .await
    }

    async fn open<F>(get: &Get, open: F) -> Result<Self, Trouble>
    where
        F: FnOnce(
                &mut Option<GcmStream>,
                &mut Option<DigestStream>,
                &mut Vec<u8>,
            ) -> io::Result<ContainerWriter>
            + Send
            + 'static,
    {
        let mut gcm = match &get.cipher {
            FileCipher::None => None,
            FileCipher::Gcm { key, iv } => Some(
                GcmStream::new(key, iv).map_err(|_| Trouble::Lasting(TransferFailure::UnknownEncryption))?,
            ),
            FileCipher::Other => return Err(Trouble::Lasting(TransferFailure::UnknownEncryption)),
        };
        let mut digest = get.hash.as_ref().map(DigestStream::like);
        let opened = super::blocking(move || {
            let mut head = Vec::with_capacity(HEAD_LENGTH);
            let writer = open(&mut gcm, &mut digest, &mut head)?;
            let length = writer.len();
            Ok(Self { writer, gcm, digest, head, length })
        });
        opened.await.map_err(|error| disk(&error))
    }

    /// Takes in what comes, and judges it at its end.
    fn take_in(
        mut self,
        mut pieces: mpsc::Receiver<Piece>,
        expected: Option<&Digest>,
        declared: &str,
    ) -> Result<(String, u64), Trouble> {
        // The tag stands at the end, and nobody knows where that is before it comes.
        let hold_back = if self.gcm.is_some() { TAG_LENGTH } else { 0 };
        let mut held: Vec<u8> = Vec::with_capacity(2 * PIECE);
        let mut is_whole = false;
        while let Some(piece) = pieces.blocking_recv() {
            let Piece::More(piece) = piece else {
                is_whole = true;
                break;
            };
            held.extend_from_slice(&piece);
            let free = held.len().saturating_sub(hold_back);
            self.keep(held.get_mut(..free).unwrap_or_default())?;
            held.drain(..free);
        }
        if !is_whole {
            return Err(Trouble::Passing);
        }
        let is_genuine = self.gcm.is_none_or(|gcm| gcm.verify(&held))
            && match (self.digest, expected) {
                (Some(digest), Some(expected)) => digest.verify(expected),
                _ => true,
            };
        if !is_genuine {
            return Err(Trouble::Lasting(TransferFailure::NotGenuine));
        }
        let size = self.writer.finish().map_err(|error| disk(&error))?;
        Ok((files::believed(&self.head, Some(declared)), size))
    }

    fn keep(&mut self, bytes: &mut [u8]) -> Result<(), Trouble> {
        if let Some(gcm) = &mut self.gcm {
            gcm.decrypt(bytes).map_err(|_| Trouble::Lasting(TransferFailure::LargerThanSaid))?;
        }
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
        self.head.extend(bytes.iter().take(HEAD_LENGTH.saturating_sub(self.head.len())));
        self.writer.write(bytes).map_err(|error| disk(&error))
    }
}

/// What it means that the disk does not take something.
fn disk(error: &io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Trouble::Lasting(TransferFailure::DiskFull)
        }
        _ => {
            tracing::warn!(%error, "a file could not be kept");
            Trouble::Passing
        }
    }
}
