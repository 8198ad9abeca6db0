//! Files at rest, changed by whoever has the disk: what can be read of one is what was written, in its place, or nothing.

use std::{
    cell::LazyCell,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

use files::{ContainerReader, ContainerWriter, FileKey};
use tempfile::TempDir;

/// Most are short, which is fast; the others are about as long as one chunk and as two.
const LENGTHS: [usize; 16] = [0, 5, 16, 17, 100, 1_000, 65_536, 65_537, 1, 2, 3, 4, 40, 200, 300, 400];

struct Place {
    folder: TempDir,
    /// What was written, and how it rests.
    kept: Vec<(Vec<u8>, Vec<u8>)>,
}

thread_local! {
    // In memory, where there is such a place: a disk would be the slowest part by far.
    static PLACE: LazyCell<Place> = LazyCell::new(|| {
        let folder = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a folder");
        let path = folder.path().join("container");
        let kept = LENGTHS.map(|length| {
            let bytes: Vec<u8> = (0..length).map(|place| (place / 251 + place % 251) as u8).collect();
            let mut writer = ContainerWriter::create(&path, &key()).expect("a container");
            writer.write(&bytes).expect("room");
            writer.finish().expect("a container");
            (bytes, std::fs::read(&path).expect("a container"))
        });
        Place { folder, kept: kept.into() }
    });
}

/// The first byte says which container, the second where it is read first, and then each four bytes change it: what is
/// done, and where. What is over is put behind it.
pub fn read(input: &[u8]) {
    let [which, seek, changes @ ..] = input else { return };
    PLACE.with(|place| {
        let (bytes, sealed) = &place.kept[usize::from(*which) % LENGTHS.len()];
        let path = place.folder.path().join("container");
        let resting = changed(sealed.clone(), changes);
        std::fs::write(&path, &resting).expect("room");
        let first = usize::from(*seek) * 600;
        let whole = whole(&path, first, bytes);
        assert_eq!(whole, resting == *sealed, "a container is whole, or it is told");
        go_on(&path, bytes);
    });
}

fn changed(mut sealed: Vec<u8>, changes: &[u8]) -> Vec<u8> {
    let (changes, rest) = changes.as_chunks::<4>();
    for [act, high, middle, low] in changes {
        let place = usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low);
        match act % 4 {
            0 => sealed.truncate(place),
            1 => {
                if let Some(byte) = sealed.get_mut(place) {
                    *byte ^= act | 1;
                }
            }
            // Chunks change places.
            2 => {
                let one = 16 + (usize::from(*low) % 3) * 65_576;
                let other = 16 + (usize::from(*middle) % 3) * 65_576;
                let rest = sealed.len().saturating_sub(one.max(other));
                for offset in 0..rest.min(65_576) {
                    sealed.swap(one + offset, other + offset);
                }
            }
            _ => {
                sealed.drain(..place.min(sealed.len()));
            }
        }
    }
    sealed.extend(rest);
    sealed
}

/// Reads from a place, then all of it. True if all of it can be read.
fn whole(path: &Path, first: usize, written: &[u8]) -> bool {
    let Ok(mut reader) = ContainerReader::open(path, &key()) else { return false };
    let mut some = [0; 100];
    reader.seek(SeekFrom::Start(first as u64)).expect("any place");
    if let Ok(count) = reader.read(&mut some) {
        assert_eq!(some.get(..count), written.get(first..first + count).or(Some(&[])));
    }
    reader.seek(SeekFrom::Start(0)).expect("the beginning");
    let mut read = Vec::new();
    let done = reader.read_to_end(&mut read).is_ok();
    assert!(written.starts_with(&read));
    done && read.len() == written.len()
}

/// Goes on with what is there, as after a download that was cut off.
fn go_on(path: &Path, written: &[u8]) {
    let mut kept = Vec::new();
    let mut writer =
        ContainerWriter::resume(path, &key(), |bytes| kept.extend_from_slice(bytes)).expect("a container");
    assert!(written.starts_with(&kept) && writer.len() == kept.len() as u64);
    writer.write(&written[kept.len()..]).expect("room");
    writer.finish().expect("a container");
    assert!(whole(path, 0, written));
}

fn key() -> FileKey {
    FileKey::new([7; 32])
}
