//! Search in what is on this device, newest first, over one conversation or everything.

use model::{AccountId, Message, MessageId, Timestamp};
use store::{Error, ReaderHandle, SearchRequest};

use crate::ConversationKey;

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
}

/// Messages with all of `words`, newest first and at most `limit`, older than `before` if given.
///
/// To go on, call again with the time and id of the last result.
pub async fn search(
    readers: &[(AccountId, ReaderHandle)],
    words: &str,
    scope: Scope,
    before: Option<(Timestamp, MessageId)>,
    limit: usize,
) -> Result<Vec<SearchResult>, Error> {
    let mut results = Vec::new();
    for (account, reader) in readers {
        let conversation = match scope {
            Scope::Everywhere => None,
            Scope::Conversation(key) if key.account == *account => Some(key.conversation),
            Scope::Conversation(_) => continue,
        };
        let request = SearchRequest { words: words.to_owned(), conversation, before, limit };
        results.extend(reader.search(request).await?.into_iter().map(|hit| SearchResult {
            key: ConversationKey { account: *account, conversation: hit.message.conversation },
            message: hit.message,
        }));
    }
    results.sort_by_key(|result| std::cmp::Reverse((result.message.sort_time, result.message.id, result.key)));
    results.truncate(limit);
    Ok(results)
}
