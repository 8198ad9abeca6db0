//! Search in what is on this device, newest first, over one conversation or everything.
//!
//! Each account finds its own messages, newest first; a search over several lays their results together by time and keeps
//! what was not shown yet for the next page.

use std::collections::VecDeque;

use model::{AccountId, Message, MessageId, Timestamp};
use store::{Error, ReaderHandle, SearchCursor, SearchHit, SearchRequest};

use crate::ConversationKey;

/// How many results an account is asked for at once.
const BATCH: u32 = 50;

/// Where to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every conversation of every account.
    Everywhere,
    /// One conversation.
    Conversation(ConversationKey),
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchResult {
    /// Where it stands.
    pub key: ConversationKey,
    /// The message.
    pub message: Message,
    /// Where in its text the words are, as byte ranges at character boundaries.
    pub highlights: Vec<std::ops::Range<usize>>,
}

/// A search that gives its results page by page.
pub struct Search {
    words: String,
    sources: Vec<Source>,
}

/// What one account has found so far.
struct Source {
    account: AccountId,
    reader: ReaderHandle,
    scope: Scope,
    cursor: Option<SearchCursor>,
    exhausted: bool,
    found: VecDeque<SearchHit>,
}

impl Search {
    /// Messages with all of `words`.
    pub fn new(readers: &[(AccountId, ReaderHandle)], words: &str, scope: Scope) -> Self {
        let concerned = |account: AccountId| match scope {
            Scope::Everywhere => true,
            Scope::Conversation(key) => key.account == account,
        };
        let sources = readers
            .iter()
            .filter(|(account, _)| concerned(*account))
            .map(|(account, reader)| Source {
                account: *account,
                reader: reader.clone(),
                scope,
                cursor: None,
                exhausted: false,
                found: VecDeque::new(),
            })
            .collect();
        Self { words: words.to_owned(), sources }
    }

    /// The next results, newest first: at most `limit`, fewer only when there are no more.
    pub async fn more(&mut self, limit: usize) -> Result<Vec<SearchResult>, Error> {
        let mut results = Vec::new();
        while results.len() < limit {
            for source in &mut self.sources {
                source.fill(&self.words).await?;
            }
            let newest = self.sources.iter_mut().max_by_key(|source| source.newest());
            let Some(result) = newest.and_then(Source::take) else { break };
            results.push(result);
        }
        Ok(results)
    }
}

impl Source {
    async fn fill(&mut self, words: &str) -> Result<(), Error> {
        if self.exhausted || !self.found.is_empty() {
            return Ok(());
        }
        let conversation = match self.scope {
            Scope::Everywhere => None,
            Scope::Conversation(key) => Some(key.conversation),
        };
        let request =
            SearchRequest { words: words.to_owned(), conversation, before: self.cursor, limit: BATCH };
        let results = self.reader.search(request).await?;
        self.found.extend(results.hits);
        self.exhausted = results.next.is_none();
        self.cursor = results.next;
        Ok(())
    }

    /// When its next result was sent: nothing is older than anything.
    fn newest(&self) -> Option<(Timestamp, MessageId)> {
        self.found.front().map(|hit| (hit.message.sort_time, hit.message.id))
    }

    fn take(&mut self) -> Option<SearchResult> {
        self.found.pop_front().map(|hit| SearchResult {
            key: ConversationKey { account: self.account, conversation: hit.message.conversation },
            message: hit.message,
            highlights: hit.highlights,
        })
    }
}
