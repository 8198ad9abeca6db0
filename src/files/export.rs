use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use model::{ExportTo, FileName};

use crate::FileAtRest;

/// So many names like its own are tried for a file.
const MOST_NUMBERS: u32 = 10_000;

/// Writes a file to where the user wants it, and says where that is. A file that was begun and could not be written is
/// taken away again.
pub fn export(file: &FileAtRest, name: &FileName, to: &ExportTo) -> io::Result<PathBuf> {
    let mut reader = file.open()?;
    let (path, mut target) = match to {
        ExportTo::File(path) => (path.clone(), File::create(path)?),
        ExportTo::Folder(folder) => free(folder, name)?,
    };
    let written = io::copy(&mut reader, &mut target).and_then(|_| target.sync_all());
    match written {
        Ok(()) => Ok(path),
        Err(error) => {
            let _ = fs::remove_file(&path);
            Err(error)
        }
    }
}

/// A new file in a folder, under a name that was free.
fn free(folder: &Path, name: &FileName) -> io::Result<(PathBuf, File)> {
    let numbered = (2..MOST_NUMBERS).map(|number| name.numbered(number));
    for name in std::iter::once(name.clone()).chain(numbered) {
        let path = folder.join(name.as_str());
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ContainerWriter, FileKey};

    fn kept(folder: &Path) -> FileAtRest {
        let (path, key) = (folder.join("kept"), FileKey::new([1; 32]));
        let mut writer = ContainerWriter::create(&path, &key).unwrap();
        writer.write(b"words").unwrap();
        writer.finish().unwrap();
        FileAtRest::Kept { path, key }
    }

    #[test]
    fn whatever_a_file_is_called_it_stays_in_its_folder() {
        let data = tempfile::tempdir().unwrap();
        let file = kept(data.path());
        for hostile in [
            "../../../../tmp/evil".to_owned(),
            "/etc/passwd".to_owned(),
            "..".to_owned(),
            "a\0b/../../c".to_owned(),
            "con.txt".to_owned(),
            "\u{202e}gpj.exe".to_owned(),
            format!("{}.jpg", "é/".repeat(4_096)),
            format!("{}.jpg", "é".repeat(4_096)),
            String::new(),
        ] {
            let target = tempfile::tempdir().unwrap();
            let path =
                export(&file, &FileName::new(&hostile), &ExportTo::Folder(target.path().to_owned())).unwrap();
            assert_eq!(path.parent(), Some(target.path()), "{hostile:?}");
            assert_eq!(fs::read(path).unwrap(), b"words");
            assert_eq!(fs::read_dir(target.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn nothing_is_written_over() {
        let data = tempfile::tempdir().unwrap();
        let file = kept(data.path());
        let target = tempfile::tempdir().unwrap();
        let to = ExportTo::Folder(target.path().to_owned());
        std::os::unix::fs::symlink("/dev/full", target.path().join("a.txt")).unwrap();
        let names: Vec<_> = (0..2)
            .map(|_| export(&file, &FileName::new("a.txt"), &to).unwrap().file_name().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["a (2).txt", "a (3).txt"]);
        let chosen = target.path().join("a (2).txt");
        fs::write(&chosen, "something longer").unwrap();
        assert_eq!(export(&file, &FileName::new("x"), &ExportTo::File(chosen.clone())).unwrap(), chosen);
        assert_eq!(fs::read(chosen).unwrap(), b"words");
    }

    #[test]
    fn a_damaged_file_is_not_exported_by_halves() {
        let data = tempfile::tempdir().unwrap();
        let target = tempfile::tempdir().unwrap();
        let (path, key) = (data.path().join("kept"), FileKey::new([1; 32]));
        let mut writer = ContainerWriter::create(&path, &key).unwrap();
        writer.write(&vec![7; 300_000]).unwrap();
        writer.finish().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes[100_000] ^= 1;
        fs::write(&path, bytes).unwrap();
        let file = FileAtRest::Kept { path, key };
        let error =
            export(&file, &FileName::new("a"), &ExportTo::Folder(target.path().to_owned())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
    }
}
