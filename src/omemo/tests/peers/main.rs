//! What other implementations said and understood, played back.
//!
//! Each recording is a conversation with one of them, made by `record.py`: `>` is what it asked of us, `<`
//! what we answered, `#` tells the story. A recording was only kept if the other side understood all that it
//! should and refused all that it should. If an answer differs today, the crate no longer speaks as it did;
//! if that is meant (the order in which random numbers are drawn is part of the answers), record again.

#[path = "../support/mod.rs"]
#[allow(dead_code)] // Each test file uses its part.
mod support;
mod talk;

use talk::Talk;

#[track_caller]
fn play(recording: &str) -> usize {
    let mut talk: Option<Talk> = None;
    let mut asked = None;
    let mut answers = 0;
    for (number, line) in (1..).zip(recording.lines()) {
        if let Some(command) = line.strip_prefix("> ") {
            let answer = if let Some((new, answer)) = Talk::new(command) {
                talk = Some(new);
                Some(answer)
            } else {
                talk.as_mut().unwrap().answer(command)
            };
            asked = Some(answer.unwrap_or_else(|| panic!("line {number} is not understood")));
        } else if let Some(answer) = line.strip_prefix("< ") {
            assert_eq!(asked.take().as_deref(), Some(answer), "line {number}");
            answers += 1;
        } else {
            assert!(line.starts_with('#'), "line {number} is neither asked, answered nor told");
        }
    }
    assert!(asked.is_none(), "the recording ends early");
    answers
}

#[test]
fn oldmemo_2_1() {
    assert!(play(include_str!("oldmemo.txt")) > 100);
}

#[test]
fn twomemo_2_1() {
    assert!(play(include_str!("twomemo.txt")) > 100);
}

#[test]
fn omemo_dr_1_2() {
    assert!(play(include_str!("omemo-dr.txt")) > 100);
}
