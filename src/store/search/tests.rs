//! What is found in many scripts, in which order, and what is not found any more.

use model::{ConversationKind, MessageId, Timestamp};

use super::*;
use crate::Correction;
use crate::testing::{Bench, incoming, jid};

#[test]
fn folding_leaves_what_a_reader_takes_for_the_same() {
    for (text, folded) in [
        ("Hello", "hello"),
        ("ÉCOLE", "ecole"),
        ("cafe\u{301}", "cafe"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("İSTANBUL ıssız", "istanbul issiz"),
        ("Ὀδυσσεύς", "οδυσσευσ"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
        ("Ёлка", "елка"),
        ("Þórr Łódź Ærø", "thorr lodz aero"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("أحمد", "احمد"),
        ("كتـــاب", "كتاب"),
        ("हिन्दी", "हिन्दी"),
        ("กำลัง", "ก\u{e4d}าลัง"),
        ("がぎ", "がぎ"),
        ("ｶﾞｷﾞ", "ガギ"),
        ("ＡＢＣ１２３", "abc123"),
        ("한국어", "한국어"),
        ("ﬁne ①", "fine 1"),
        ("so\u{ad}ft", "soft"),
        ("Việt Nam", "viet nam"),
    ] {
        assert_eq!(fold(text), folded, "{text}");
    }
}

#[test]
fn words_are_found_by_their_beginnings_and_runs_by_any_part() {
    for (text, words, found) in [
        ("The quick brown fox", "qui", true),
        ("The quick brown fox", "fox QUICK", true),
        ("The quick brown fox", "uick", false),
        ("The quick brown fox", "quick cat", false),
        ("rendez-vous au café", "cafe", true),
        ("rendez-vous au cafe", "café vous", true),
        ("see https://example.org/path", "example.org", true),
        ("call 0151-234", "234", true),
        ("Größe", "GRÖSSE", true),
        ("Привет, мир", "ПРИВ", true),
        ("Καλημέρα κόσμε", "κοσμ", true),
        ("שלום עולם", "עול", true),
        ("السلام عليكم", "السلا", true),
        ("हिन्दी में लिखो", "लिख", true),
        ("हिन्दी", "हन्दी", false),
        ("我们明天去北京吧", "北京", true),
        ("我们明天去北京吧", "京", true),
        ("我们明天去北京吧", "明天去北京", true),
        ("我们明天去北京吧", "天明", false),
        ("去北京。京都", "去北京都", false),
        ("北京去北海京", "北京去北海京", true),
        ("京北 北京 京都", "北京都", false),
        ("東京タワーへ行く", "タワー", true),
        ("東京タワーへ行く", "京タ", true),
        ("でんわ", "てんわ", false),
        ("서울특별시에서", "특별", true),
        ("สวัสดีครับ", "ดีค", true),
        ("iPhone手机", "手机 iph", true),
        ("well done 🎉🎉", "🎉", true),
        ("well done", "🎉", false),
        ("x", "\u{e000}c1", false),
        ("anything", "\" OR *", false),
        ("a AND b", "\"and\"", true),
        ("anything", "!!!", false),
    ] {
        let mut bench = Bench::new();
        bench.hears(1, text);
        assert_eq!(search(&mut bench, words).len(), usize::from(found), "{words:?} in {text:?}");
    }
}

#[test]
fn what_was_sent_last_comes_first_however_late_it_came() {
    let mut bench = Bench::new();
    let new = bench.hears(2_000_000, "fish today");
    let old = bench.hears(1_000_000, "fish yesterday");
    let newest = bench.hears(3_000_000, "fish tomorrow");
    assert_eq!(search(&mut bench, "fish"), [newest, new, old]);
}

#[test]
fn many_messages_of_one_second_are_all_found_in_order() {
    let mut bench = Bench::new();
    let mut ids: Vec<MessageId> = (0..1500).map(|_| bench.hears(5_000, "flood")).collect();
    ids.reverse();
    assert_eq!(search_all(&mut bench, "flood", 100), ids);
}

#[test]
fn results_go_on_where_they_ended() {
    let mut bench = Bench::new();
    let mut ids: Vec<MessageId> = (0..57).map(|n| bench.hears(n * 700, "北京市")).collect();
    bench.hears(9, "京市北京");
    ids.reverse();
    assert_eq!(search_all(&mut bench, "北京市", 10), ids);
}

#[test]
fn what_is_retracted_or_corrected_is_not_found_any_more() {
    let mut bench = Bench::new();
    let secret = bench.hears(1, "the secret word");
    let corrected = bench.hears(2, "my frist try");
    bench.write(|tx| tx.retract(secret));
    let correction = Correction {
        id: Some("c".into()),
        time: Timestamp(3),
        text: "my first try".into(),
        encryption: model::EncryptionKind::None,
    };
    bench.write(|tx| tx.correct(corrected, &correction));
    assert!(search(&mut bench, "secret").is_empty());
    assert!(search(&mut bench, "frist").is_empty());
    assert_eq!(search(&mut bench, "first"), [corrected]);
}

#[test]
fn a_search_keeps_to_its_conversation_and_off_deleted_ones() {
    let mut bench = Bench::new();
    let here = bench.hears(1, "common");
    let carol = bench.write(|tx| {
        tx.create_conversation(&jid("carol@example.org"), ConversationKind::Direct, false, Timestamp(0))
    });
    let there = bench.insert(&incoming(carol, 2, "common")).id();
    assert_eq!(search(&mut bench, "common"), [there, here]);
    let request = SearchRequest { conversation: Some(bench.bob), ..request("common", 10) };
    let hits = bench.read(|reads| reads.search(&request)).hits;
    assert_eq!(hits.iter().map(|hit| hit.message.id).collect::<Vec<_>>(), [here]);
    bench.write(|tx| tx.begin_delete_conversation(carol));
    assert_eq!(search(&mut bench, "common"), [here]);
}

#[test]
fn highlights_stand_where_the_words_are() {
    for (text, words, marked) in [
        ("The quick fox", "QUI fo", vec!["qui", "fo"]),
        ("Die große Straße", "gross stras", vec!["große"[..5].as_ref(), "Stra"]),
        ("cafe\u{301} crème", "café creme", vec!["cafe\u{301}", "crème"]),
        ("我们去北京北京", "北京", vec!["北京北京"]),
        ("unquick quick", "quick", vec!["quick"]),
        ("한국어교실", "교실", vec!["교실"]),
    ] {
        let mut bench = Bench::new();
        bench.hears(1, text);
        let hits = bench.read(|reads| reads.search(&request(words, 10))).hits;
        let ranges = &hits.first().unwrap_or_else(|| panic!("{words}")).highlights;
        let parts: Vec<&str> = ranges.iter().map(|range| &text[range.clone()]).collect();
        let same = parts.len() == marked.len()
            && parts.iter().zip(&marked).all(|(part, marked)| fold(part).starts_with(&fold(marked)));
        assert!(same, "{words} in {text}: {parts:?}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(300))]
    #[test]
    fn any_text_can_be_indexed_and_any_words_asked_for(text in "\\PC{0,40}|.{0,40}", words in ".{0,20}") {
        let tokens = index_tokens(&text);
        proptest::prop_assert!(!tokens.contains('"'));
        for range in highlight(&text, &query_terms(&words)) {
            proptest::prop_assert!(text.get(range).is_some());
        }
        // What was typed is found in what was typed.
        let folded = terms(&fold(&text));
        for term in query_terms(&text) {
            proptest::prop_assert!(folded.contains(&term));
        }
    }
}

use fold::{index_tokens, terms};

fn request(words: &str, limit: u32) -> SearchRequest {
    SearchRequest { words: words.into(), conversation: None, before: None, limit }
}

#[track_caller]
fn search(bench: &mut Bench, words: &str) -> Vec<MessageId> {
    let results = bench.read(|reads| reads.search(&request(words, 50)));
    results.hits.iter().map(|hit| hit.message.id).collect()
}

/// Everything, page by page.
#[track_caller]
fn search_all(bench: &mut Bench, words: &str, limit: u32) -> Vec<MessageId> {
    let mut found = Vec::new();
    let mut request = request(words, limit);
    loop {
        let results = bench.read(|reads| reads.search(&request));
        assert!(results.hits.len() <= limit as usize);
        found.extend(results.hits.iter().map(|hit| hit.message.id));
        match results.next {
            None => return found,
            next => request.before = next,
        }
    }
}

#[test]
fn the_index_takes_over_what_waits_for_it_without_anybody_seeing() {
    let mut bench = Bench::new();
    let mut ids = Vec::new();
    for number in 0..1000 {
        let id = bench.hears(number * 500, if number % 3 == 0 { "needles and hay" } else { "hay" });
        if number % 3 == 0 {
            ids.insert(0, id);
        }
        if number % 97 == 0 {
            assert_eq!(search_all(&mut bench, "needle", 40), ids, "{number}");
        }
    }
    let indexed: i64 =
        bench.write(|tx| Ok(tx.connection().query_one("SELECT indexed FROM meta", [], |row| row.get(0))?));
    assert!((600..1000).contains(&indexed), "{indexed}");
    // One of each kind: in the index, and waiting.
    for gone in [ids.remove(0), ids.pop().unwrap()] {
        bench.write(|tx| tx.retract(gone));
    }
    for gone in [ids.remove(0), ids.pop().unwrap()] {
        bench.write(|tx| tx.delete_message(gone));
    }
    assert_eq!(search_all(&mut bench, "needle", 40), ids);
}

#[test]
fn a_rare_word_is_found_behind_many_that_begin_like_it() {
    let mut bench = Bench::new();
    let rare = bench.hears(0, "interstellar");
    let conversation = bench.bob;
    bench.write(|tx| {
        for time in 1..3000 {
            tx.insert_message(&incoming(conversation, time * 1000, "interesting"))?;
        }
        Ok(())
    });
    assert_eq!(search(&mut bench, "inters"), [rare]);
    assert_eq!(search_all(&mut bench, "interes", 500).len(), 2999);
    assert_eq!(search(&mut bench, "interx"), []);
}
