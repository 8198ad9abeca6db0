//! The one who reads for the windows: a plain thread per account.
//!
//! It owns a connection that cannot write. Every question is answered in one short transaction, so
//! that what it says belongs to one commit, and the log can be folded into the database in between.
//! Nothing here belongs to a runtime: questions and answers go over channels that anybody can await.
//! A question that nobody waits for any more is not answered.

use std::thread;

use async_channel::{Receiver, Sender};
use files::FileAtRest;
use model::{
    AttachmentId, BareJid, CallSettings, Contact, ConversationId, ConversationSummary, Device,
    EncryptionSettings, FileName, FileService, FileSettings, Message, MessageId, MessageKey, Revision,
    SharedFile, StorageUse,
};
use rusqlite::Connection;

use crate::connection::{Place, Role};
use crate::migrations::expect_newest;
use crate::{
    AccountProfile, Error, Page, PageRequest, Reads, SearchRequest, SearchResults, SharedFilesRequest,
};

/// How many questions may wait. Whoever asks more waits to ask.
const QUEUE: usize = 256;

type Question = Box<dyn FnOnce(&Connection) + Send>;

/// Asks the reader thread of one account. Clones ask the same thread; it ends with the last.
#[derive(Clone)]
pub struct ReaderHandle {
    questions: Sender<Question>,
    /// Closed when the thread has closed its connection.
    ended: Receiver<()>,
}

impl std::fmt::Debug for ReaderHandle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ReaderHandle")
    }
}

impl ReaderHandle {
    pub(crate) fn start(place: &Place) -> Result<Self, Error> {
        let connection = place.open(Role::Reader)?;
        expect_newest(&connection)?;
        let (questions, asked) = async_channel::bounded(QUEUE);
        let (end, ended) = async_channel::bounded(1);
        thread::Builder::new().name("reader".into()).spawn(move || {
            serve(&connection, &asked);
            drop(connection);
            drop(end);
        })?;
        Ok(Self { questions, ended })
    }

    /// Takes no more questions, of any clone, and waits until the connection is closed: before the account's
    /// folder is removed, and before the program ends, since SQLCipher takes its memory away from under every
    /// connection that is still being closed when the process exits.
    pub fn close(&self) {
        self.questions.close();
        // The channel never carries anything.
        let _ = self.ended.recv_blocking();
    }

    /// The account.
    pub async fn account(&self) -> Result<Option<AccountProfile>, Error> {
        self.ask(|reads, _| reads.account()).await
    }

    /// Every conversation, archived ones too: pinned first, then the last active.
    pub async fn conversations(&self) -> Result<Vec<ConversationSummary>, Error> {
        self.ask(|reads, _| reads.conversations()).await
    }

    /// One row of the list.
    pub async fn conversation(&self, id: ConversationId) -> Result<Option<ConversationSummary>, Error> {
        self.ask(move |reads, _| reads.conversation(id)).await
    }

    /// The conversation with an address.
    pub async fn conversation_with(&self, address: BareJid) -> Result<Option<ConversationId>, Error> {
        self.ask(move |reads, _| reads.conversation_with(&address)).await
    }

    /// A page of a conversation's history.
    pub async fn page(&self, request: PageRequest) -> Result<Page, Error> {
        self.ask(move |reads, _| reads.page(&request)).await
    }

    /// One message.
    pub async fn message(&self, id: MessageId) -> Result<Option<Message>, Error> {
        self.ask(move |reads, _| Ok(reads.messages(&[id])?.pop())).await
    }

    /// Some messages, in the order of the history; those that are gone are left out.
    pub async fn messages(&self, ids: Vec<MessageId>) -> Result<Vec<Message>, Error> {
        self.ask(move |reads, _| reads.messages(&ids)).await
    }

    /// The earlier texts of a message, oldest first.
    pub async fn revisions(&self, id: MessageId) -> Result<Vec<Revision>, Error> {
        self.ask(move |reads, _| reads.revisions(id)).await
    }

    /// Messages that hold some words, newest first.
    pub async fn search(&self, request: SearchRequest) -> Result<SearchResults, Error> {
        self.ask(move |reads, wanted| reads.search_while(&request, wanted)).await
    }

    /// Everyone on the roster, everyone who asks to be, and everyone spoken with.
    pub async fn contacts(&self) -> Result<Vec<Contact>, Error> {
        self.ask(|reads, _| reads.contacts()).await
    }

    /// One of them, or anyone else whose address was met.
    pub async fn contact(&self, address: BareJid) -> Result<Option<Contact>, Error> {
        self.ask(move |reads, _| reads.contact(&address)).await
    }

    /// The bytes of a picture, by its SHA-1 in hexadecimal.
    pub async fn avatar(&self, hash: String) -> Result<Option<Vec<u8>>, Error> {
        self.ask(move |reads, _| reads.avatar(&hash)).await
    }

    /// All devices of somebody that were ever met, in the order in which they were.
    pub async fn devices(&self, owner: BareJid) -> Result<Vec<Device>, Error> {
        self.ask(move |reads, _| reads.devices(&owner)).await
    }

    /// With which key a message was written, and how far that was trusted then.
    pub async fn message_key(&self, id: MessageId) -> Result<Option<MessageKey>, Error> {
        self.ask(move |reads, _| reads.message_key(id)).await
    }

    /// What the user wants of encryption in general.
    pub async fn encryption_settings(&self) -> Result<EncryptionSettings, Error> {
        self.ask(|reads, _| reads.encryption_settings()).await
    }

    /// What the user calls this device.
    pub async fn device_label(&self) -> Result<Option<String>, Error> {
        self.ask(|reads, _| reads.device_label()).await
    }

    /// Where the bytes of a file can be read, and what to call it. `None` unless it is here.
    pub async fn file(&self, id: AttachmentId) -> Result<Option<(FileAtRest, FileName)>, Error> {
        self.ask(move |reads, _| reads.file(id)).await
    }

    /// Files that were shared, the newest first.
    pub async fn shared_files(&self, request: SharedFilesRequest) -> Result<Vec<SharedFile>, Error> {
        self.ask(move |reads, _| reads.shared_files(&request)).await
    }

    /// What the files of each conversation take of this device, the most first.
    pub async fn storage_use(&self) -> Result<Vec<StorageUse>, Error> {
        self.ask(|reads, _| reads.storage_use()).await
    }

    /// What the user wants of files in general.
    pub async fn file_settings(&self) -> Result<FileSettings, Error> {
        self.ask(|reads, _| reads.file_settings()).await
    }

    /// What the user wants of calls in general.
    pub async fn call_settings(&self) -> Result<CallSettings, Error> {
        self.ask(|reads, _| reads.call_settings()).await
    }

    /// What the server takes of files, as it told last.
    pub async fn file_service(&self) -> Result<FileService, Error> {
        self.ask(|reads, _| reads.file_service()).await
    }

    /// The number of the newest commit on disk.
    pub async fn commit_number(&self) -> Result<u64, Error> {
        self.ask(|reads, _| reads.commit_number()).await
    }

    async fn ask<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(Reads<'_>, &dyn Fn() -> bool) -> Result<T, Error> + Send + 'static,
    {
        let (answer, answered) = async_channel::bounded(1);
        let question: Question = Box::new(move |connection| {
            let wanted = || !answer.is_closed();
            if wanted() {
                let result = in_transaction(connection, |reads| read(reads, &wanted));
                // Whoever asked may have left meanwhile.
                let _ = answer.try_send(result);
            }
        });
        self.questions.send(question).await.map_err(|_| Error::Closed)?;
        answered.recv().await.map_err(|_| Error::Closed)?
    }
}

fn serve(connection: &Connection, asked: &Receiver<Question>) {
    while let Ok(question) = asked.recv_blocking() {
        question(connection);
    }
}

fn in_transaction<T>(
    connection: &Connection,
    read: impl FnOnce(Reads<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let transaction = connection.unchecked_transaction()?;
    let result = read(Reads { connection: &transaction });
    transaction.finish()?;
    result
}

#[cfg(test)]
mod tests;
