//! Every input that fuzzing kept, through the same functions in an ordinary build: what was once found stays mended.
//! `build-aux/dev fuzz` looks for more.

mod targets;

use std::path::Path;

#[test]
fn what_fuzzing_kept_still_holds() {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus"));
    for (name, target) in targets::TARGETS {
        let folder = corpus.join(name);
        let files: Vec<_> = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.expect("readable").path())
            .collect();
        assert!(!files.is_empty(), "{} is empty", folder.display());
        for file in files {
            println!("{}", file.display());
            target(&std::fs::read(&file).expect("readable"));
        }
    }
}
