//! Containers: written, gone on with, read at any place, and refused when a byte is not as it was.

use std::fs;

use proptest::prelude::*;

use super::*;

fn key(byte: u8) -> FileKey {
    FileKey::new([byte; 32])
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length as u64).map(|place| (place.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

fn kept(folder: &tempfile::TempDir, content: &[u8]) -> std::path::PathBuf {
    let path = folder.path().join("kept");
    let mut writer = ContainerWriter::create(&path, &key(1)).unwrap();
    writer.write(content).unwrap();
    assert_eq!(writer.finish().unwrap(), content.len() as u64);
    path
}

fn read_all(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    ContainerReader::open(path, &key(1))?.read_to_end(&mut content)?;
    Ok(content)
}

#[test]
fn a_file_comes_out_as_it_went_in() {
    let folder = tempfile::tempdir().unwrap();
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17] {
        let content = bytes(length);
        let path = kept(&folder, &content);
        assert_eq!(ContainerReader::open(&path, &key(1)).unwrap().len(), length as u64);
        assert!(read_all(&path).unwrap() == content, "{length}");
        let on_disk = fs::read(&path).unwrap();
        let shown = content.get(..32).is_some_and(|part| on_disk.windows(32).any(|window| window == part));
        assert!(!shown, "{length}");
    }
}

#[test]
fn any_place_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let content = bytes(3 * CHUNK + 100);
    let mut reader = ContainerReader::open(&kept(&folder, &content), &key(1)).unwrap();
    for (from, count) in [(0, 10), (CHUNK - 5, 10), (3 * CHUNK + 90, 10), (2 * CHUNK, CHUNK), (7, 3 * CHUNK)]
    {
        let mut part = vec![0; count];
        reader.seek(SeekFrom::Start(from as u64)).unwrap();
        reader.read_exact(&mut part).unwrap();
        assert!(part == content[from..from + count], "{count} from {from}");
    }
    assert_eq!(reader.seek(SeekFrom::End(-1)).unwrap(), content.len() as u64 - 1);
    assert_eq!(reader.read(&mut [0; 9]).unwrap(), 1);
    assert_eq!(reader.read(&mut [0; 9]).unwrap(), 0);
    assert_eq!(reader.seek(SeekFrom::End(50)).unwrap(), content.len() as u64 + 50);
    assert_eq!(reader.read(&mut [0; 9]).unwrap(), 0);
    assert!(reader.seek(SeekFrom::Current(i64::MIN)).is_err());
}

#[test]
fn whatever_is_changed_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let content = bytes(2 * CHUNK + 10);
    let path = kept(&folder, &content);
    let good = fs::read(&path).unwrap();
    let refused = |changed: &[u8], what: &str| {
        fs::write(&path, changed).unwrap();
        assert_eq!(read_all(&path).unwrap_err().kind(), io::ErrorKind::InvalidData, "{what}");
    };
    for place in (0..good.len()).step_by(good.len() / 17) {
        let mut changed = good.clone();
        changed[place] ^= 1;
        refused(&changed, "a bit");
    }
    for length in
        [0, 5, 16, 17, 56, 57, good.len() - 1, place(1) as usize, place(2) as usize, place(2) as usize + 40]
    {
        refused(&good[..length], "the end is missing");
    }
    let [first, second] = [0, 1].map(|number| place(number) as usize..place(number + 1) as usize);
    let mut swapped = good.clone();
    swapped[first.clone()].copy_from_slice(&good[second.clone()]);
    swapped[second].copy_from_slice(&good[first]);
    refused(&swapped, "chunks changed places");
    refused(&[good.as_slice(), &good[place(2) as usize..]].concat(), "the end twice");
    fs::write(&path, &good).unwrap();
    assert!(ContainerReader::open(&path, &key(2)).is_err());
    assert!(read_all(&path).unwrap() == content);
}

#[test]
fn what_was_cut_off_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut");
    let content = bytes(4 * CHUNK + 99);
    let mut writer = ContainerWriter::create(&path, &key(1)).unwrap();
    writer.write(&content[..3 * CHUNK + 50]).unwrap();
    drop(writer);
    assert!(ContainerReader::open(&path, &key(1)).is_err(), "nothing is read before it is whole");
    // A torn chunk at the end, as a power cut leaves it.
    let mut torn = fs::read(&path).unwrap();
    let end = torn.len() - 1;
    torn[end] ^= 1;
    torn.extend([0; 777]);
    fs::write(&path, torn).unwrap();

    let mut before = Vec::new();
    let mut writer = ContainerWriter::resume(&path, &key(1), |part| before.extend_from_slice(part)).unwrap();
    assert_eq!(writer.len(), before.len() as u64);
    assert!(before == content[..2 * CHUNK]);
    writer.write(&content[before.len()..]).unwrap();
    writer.finish().unwrap();
    assert!(read_all(&path).unwrap() == content);
}

#[test]
fn going_on_with_nothing_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none");
    for there in [None, Some(&b"something else entirely, longer than the head"[..]), Some(b"")] {
        if let Some(there) = there {
            fs::write(&path, there).unwrap();
        }
        let mut writer = ContainerWriter::resume(&path, &key(1), |_| panic!("nothing is here")).unwrap();
        assert!(writer.is_empty());
        writer.write(b"words").unwrap();
        writer.finish().unwrap();
        assert_eq!(read_all(&path).unwrap(), b"words");
        fs::remove_file(&path).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn pieces_of_any_size_make_the_same_file(pieces in prop::collection::vec(0..100_000_usize, 0..6), cut in 0..6_usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pieces");
        let content = bytes(pieces.iter().sum());
        let mut writer = ContainerWriter::create(&path, &key(1)).unwrap();
        let mut at = 0;
        for (number, piece) in pieces.iter().enumerate() {
            if number == cut {
                drop(writer);
                let mut kept = 0;
                writer = ContainerWriter::resume(&path, &key(1), |part| kept += part.len()).unwrap();
                writer.write(&content[kept..at]).unwrap();
            }
            writer.write(&content[at..at + piece]).unwrap();
            at += piece;
        }
        writer.finish().unwrap();
        prop_assert!(read_all(&path).unwrap() == content);
    }
}
