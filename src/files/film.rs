use std::{fmt, io, sync::Arc};

use crate::FileReader;

type Make =
    dyn Fn(FileReader, u32, &mut dyn FnMut(FilmPiece) -> io::Result<()>) -> io::Result<()> + Send + Sync;

/// Makes films smaller. It knows how films are decoded and encoded, which this crate does not.
#[derive(Clone)]
pub struct FilmMaker(Arc<Make>);

/// What comes of a film that is made smaller.
#[derive(Clone, Debug, PartialEq)]
pub struct FilmPiece {
    /// Where in the new film these bytes belong: behind what came before, or over it.
    pub place: u64,
    /// They.
    pub bytes: Vec<u8>,
    /// How much of the old film is in the new one by now, in thousandths.
    pub done: u16,
}

impl FilmMaker {
    /// Makes them this way: it reads a film, and hands on another, no side of which has more pixels than it was told. It ends
    /// when what it hands on is not taken.
    pub fn new(
        make: impl Fn(FileReader, u32, &mut dyn FnMut(FilmPiece) -> io::Result<()>) -> io::Result<()>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self(Arc::new(make))
    }

    pub(crate) fn make(
        &self,
        film: FileReader,
        side: u32,
        take: &mut dyn FnMut(FilmPiece) -> io::Result<()>,
    ) -> io::Result<()> {
        (self.0)(film, side, take)
    }
}

impl fmt::Debug for FilmMaker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FilmMaker").finish_non_exhaustive()
    }
}
