use std::{fs::File, io, os::fd::AsFd as _};

use gtk::glib::ExitCode;

use super::{
    Fit, picture,
    wire::{self, Answer},
};
use crate::confine::{Limits, confine};

/// What is left to a worker.
pub const LIMITS: Limits = Limits { seconds: 15, memory: 1024 * 1024 * 1024, threads: false };

/// The whole life of a worker. Its socket is the standard input.
pub fn work() -> ExitCode {
    let answered = io::stdin().as_fd().try_clone_to_owned().and_then(|socket| {
        confine(LIMITS).map_err(io::Error::other)?;
        serve(&mut File::from(socket))
    });
    if answered.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn serve(socket: &mut File) -> io::Result<()> {
    while let Some((bytes, wish)) = wire::read_request(socket)? {
        let answer = match wish.fit {
            Fit::Moving => picture::animate(&bytes, wish.side).map(Answer::Moving),
            Fit::Whole | Fit::Square => picture::decode(&bytes, wish).map(Answer::Still),
        };
        wire::write_answer(socket, &answer.unwrap_or(Answer::Nothing))?;
    }
    Ok(())
}
