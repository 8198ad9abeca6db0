//! Search and pages over a long history, asked of the reader as the window asks it.

use std::time::Instant;

use store::{Anchor, PageRequest, SearchRequest};
use tests::person::block_on;

use crate::measure::{ROUNDS, Rows, median, milliseconds};
use crate::stage::Stage;

/// Measures on whatever the stage was filled with.
pub fn measure(stage: &Stage, messages: usize, rows: &mut Rows) {
    let writer = stage.writer();
    let reader = writer.reader().expect("a reader");
    for (what, words) in
        [("a common word", "bread"), ("two words", "harbour grand"), ("a rare word", "very last")]
    {
        let request =
            || SearchRequest { words: words.to_owned(), conversation: None, before: None, limit: 50 };
        block_on(reader.search(request())).expect("a search");
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let found = block_on(reader.search(request())).expect("a search");
            times.push(milliseconds(start));
            assert!(!found.hits.is_empty(), "nothing was found: the figure would mean nothing");
        }
        rows.at_most(&format!("search {messages} messages, {what}, warm"), median(times), "ms", 50.0);
    }
    let summaries = block_on(reader.conversations()).expect("the list");
    let conversation = summaries.first().expect("a conversation").conversation.id;
    let mut times = Vec::new();
    let mut anchor = Anchor::Newest;
    for _ in 0..200 {
        let start = Instant::now();
        let page = block_on(reader.page(PageRequest { conversation, anchor, limit: 50 })).expect("a page");
        times.push(milliseconds(start));
        let Some(first) = page.messages.first() else { break };
        anchor = Anchor::Before(first.sort_time, first.id);
    }
    rows.at_most("a page of 50 older messages", median(times), "ms", 4.0);
}
