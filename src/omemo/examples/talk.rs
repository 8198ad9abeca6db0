//! The device of `tests/peers/talk.rs` behind a pipe: `tests/peers/record.py` talks to it.

use std::io::{self, BufRead, Write};

#[path = "../tests/support/mod.rs"]
#[allow(dead_code)] // What the tests need beside.
mod support;
#[path = "../tests/peers/talk.rs"]
mod talk;

use talk::Talk;

fn main() -> io::Result<()> {
    let mut talk: Option<Talk> = None;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let answer = match (Talk::new(&line), &mut talk) {
            (Some((new, answer)), _) => {
                talk = Some(new);
                Some(answer)
            }
            (None, Some(talk)) => talk.answer(&line),
            (None, None) => None,
        };
        let mut output = io::stdout().lock();
        writeln!(output, "{}", answer.as_deref().unwrap_or("not understood"))?;
        output.flush()?;
    }
    Ok(())
}
