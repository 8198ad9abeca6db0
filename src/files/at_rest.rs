use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
};

use zeroize::Zeroizing;

use crate::{
    ContainerReader,
    strip::{self, Changes, Patches},
};

/// The key of a container: one for each file, never used again.
#[derive(Clone, PartialEq, Eq)]
pub struct FileKey(Zeroizing<[u8; 32]>);

impl FileKey {
    /// A key of random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The key as it stands in its row.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("FileKey")
    }
}

/// Where the bytes of a file can be read on this device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileAtRest {
    /// In a container.
    Kept {
        /// The container.
        path: PathBuf,
        /// Its key.
        key: FileKey,
    },
    /// The user's own file, which was sent from where it is.
    InPlace {
        /// The file.
        path: PathBuf,
        /// How many bytes it had when it was sent: a file of another size is another file.
        size: u64,
        /// Whether what was written beside pictures and sound is left out.
        without_metadata: bool,
    },
}

impl FileAtRest {
    /// Opens it to read and to seek. Fails with `NotFound` if it is gone or is another file now, with `InvalidData` if it
    /// was damaged.
    pub fn open(&self) -> io::Result<FileReader> {
        match self {
            Self::Kept { path, key } => Ok(FileReader(Bytes::Kept(ContainerReader::open(path, key)?))),
            Self::InPlace { path, size, without_metadata } => {
                let mut file = File::open(path)?;
                let facts = file.metadata()?;
                if !facts.is_file() || facts.len() != *size {
                    return Err(io::ErrorKind::NotFound.into());
                }
                let patches = if *without_metadata { patches(&mut file)? } else { Patches::default() };
                file.rewind()?;
                Ok(FileReader(Bytes::InPlace { file, size: *size, position: 0, patches }))
            }
        }
    }
}

/// The bytes of a file in the clear, wherever they rest. Reading may block.
#[derive(Debug)]
pub struct FileReader(Bytes);

#[derive(Debug)]
enum Bytes {
    Kept(ContainerReader),
    InPlace { file: File, size: u64, position: u64, patches: Patches },
}

/// What leaves nothing in a file but pictures and sound. Fails with `InvalidData` if it is not whole.
fn patches(file: &mut File) -> io::Result<Patches> {
    match strip::changes(file)? {
        Changes::Changed(patches) => Ok(patches),
        Changes::OtherFormat => Ok(Patches::default()),
        Changes::Broken => Err(io::ErrorKind::InvalidData.into()),
    }
}

impl FileReader {
    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.0 {
            Bytes::Kept(reader) => reader.len(),
            Bytes::InPlace { size, .. } => *size,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Bytes::Kept(reader) => reader.read(buffer),
            Bytes::InPlace { file, position, patches, .. } => {
                let count = file.read(buffer)?;
                patches.apply(*position, buffer.get_mut(..count).unwrap_or_default());
                *position += count as u64;
                Ok(count)
            }
        }
    }
}

impl Seek for FileReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            Bytes::Kept(reader) => reader.seek(to),
            Bytes::InPlace { file, position, .. } => {
                *position = file.seek(to)?;
                Ok(*position)
            }
        }
    }
}
