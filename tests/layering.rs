//! The map of the house as a test: which crate may know which, ours and outside ones.
//! src/ARCHITECTURE.md says why; the compiler then holds what stands here, for what a crate
//! does not depend on it cannot import.

use std::{collections::BTreeSet, process::Command};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What one crate may depend on, by package name.
struct Room {
    name: &'static str,
    ours: &'static str,
    outside: &'static str,
    /// For its build script and its own tests.
    beside: &'static str,
    /// What must not reach it by any road, however many crates lie between.
    never: &'static str,
}

/// From the ground up. `gtk4` only in app, `tokio` only in session and media, `rusqlite` only in store.
const HOUSE: &[Room] = &[
    Room {
        name: "model",
        ours: "",
        outside: "jid thiserror",
        beside: "",
        never: "getrandom glib libsqlite3-sys rand tokio tracing",
    },
    Room {
        name: "xmpp",
        ours: "model",
        outside: "base64 hmac jid minidom pbkdf2 rand_core rxml sha1 sha2 stringprep subtle thiserror tracing \
                  xmpp-parsers xso zeroize",
        beside: "proptest rand_chacha",
        never: "glib libsqlite3-sys rand tokio",
    },
    Room {
        name: "omemo",
        ours: "model",
        outside: "aes aes-gcm cbc curve25519-dalek hmac prost rand_core sha2 subtle thiserror zeroize",
        beside: "proptest rand_chacha",
        never: "getrandom glib libsqlite3-sys minidom rand rxml tokio tracing xmpp-parsers",
    },
    Room {
        name: "files",
        ours: "model",
        outside: "aes chacha20poly1305 ctr ghash image sha2 subtle thumbhash zeroize",
        beside: "aes-gcm proptest tempfile",
        never: "glib libsqlite3-sys rxml tokio tracing xmpp-parsers",
    },
    Room {
        name: "store",
        ours: "files model omemo",
        outside: "argon2 async-channel chacha20poly1305 rusqlite rustix sha2 thiserror tracing \
                  unicode-normalization unicode-script zeroize",
        beside: "proptest tempfile",
        never: "glib tokio xmpp-parsers",
    },
    Room {
        name: "account",
        ours: "files model omemo store xmpp",
        outside: "minidom rand_core sha1 sha2 thiserror tracing unicode-script unicode-security xmpp-parsers xso \
                  zeroize",
        beside: "proptest",
        never: "glib rand tokio",
    },
    Room {
        name: "media",
        ours: "model",
        outside: "async-trait bytes gstreamer gstreamer-app gstreamer-video rand rtc thiserror tokio tracing webrtc",
        beside: "proptest",
        never: "gtk4 libsqlite3-sys rxml xmpp-parsers",
    },
    Room {
        name: "session",
        ours: "account files media model store",
        outside: "async-broadcast async-channel futures-util hickory-resolver rand reqwest rustix rustls-native-certs \
                  secret-service sha2 tokio tokio-rustls tracing x509-cert zeroize",
        beside: "rcgen tempfile",
        // glib comes with GStreamer, beneath media.
        never: "gtk4",
    },
    Room {
        name: "view",
        ours: "files model store",
        outside: "",
        beside: "proptest",
        never: "glib tokio xmpp-parsers",
    },
    Room {
        name: "app",
        ours: "model session view",
        outside: "async-channel gettext-rs gstreamer gstreamer-app gtk4 image libadwaita libc qrcode rand rqrr rustix \
                  seccompiler thumbhash tracing tracing-subscriber unicode-script",
        beside: "glib-build-tools proptest",
        never: "",
    },
    // Tests may look everywhere, but what they bring from outside is listed too.
    Room {
        name: "tests",
        ours: "account files model omemo session store view xmpp",
        outside: "base64 rand serde tempfile tokio tokio-rustls zbus",
        beside: "cargo_metadata proc-macro2 rand_chacha roxmltree syn",
        never: "",
    },
];

#[test]
fn every_crate_knows_only_what_the_map_says() {
    let metadata = metadata();
    let members: Vec<&Package> = metadata.workspace_packages();
    let ours: BTreeSet<&str> = members.iter().map(|package| package.name.as_str()).collect();
    let mut faults = Vec::new();

    for package in &members {
        let Some(room) = HOUSE.iter().find(|room| room.name == package.name.as_str()) else {
            faults.push(format!("crate `{}` has no row", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let allowed = match dependency.kind {
                DependencyKind::Normal if ours.contains(name) => room.ours,
                DependencyKind::Normal => room.outside,
                // Tests of a crate may use what the crate itself uses.
                _ if words(room.ours).chain(words(room.outside)).any(|word| word == name) => continue,
                _ => room.beside,
            };
            if !words(allowed).any(|word| word == name) {
                faults.push(format!("`{}` depends on `{name}`", package.name));
            }
        }
        let used: BTreeSet<&str> =
            package.dependencies.iter().map(|dependency| dependency.name.as_str()).collect();
        for word in words(room.outside).chain(words(room.beside)).filter(|word| !used.contains(word)) {
            faults.push(format!("`{}` no longer uses `{word}`: take it off its row", package.name));
        }
    }
    assert!(
        faults.is_empty(),
        "the house differs from its map:\n  {}\n\n\
         Does the new import go the one way that src/ARCHITECTURE.md allows? If it does, add it to its row in \
         tests/layering.rs, in the same commit. If not, the code wants to live in another crate.",
        faults.join("\n  ")
    );
}

#[test]
fn nothing_forbidden_arrives_by_a_longer_road() {
    let mut faults = Vec::new();
    for room in HOUSE.iter().filter(|room| !room.never.is_empty()) {
        // cargo tree, because it answers for one crate alone: the metadata has the features of all together.
        let output = Command::new("cargo")
            .args([
                "tree",
                "--locked",
                "--edges=normal",
                "--prefix=none",
                "--format={p}",
                "--package",
                room.name,
            ])
            .current_dir(ROOT)
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let tree = String::from_utf8_lossy(&output.stdout);
        let reached: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
        for word in words(room.never).filter(|word| reached.contains(word)) {
            faults.push(format!(
                "`{}` and `{word}`: cargo tree -e normal -p {} -i {word}",
                room.name, room.name
            ));
        }
    }
    assert!(
        faults.is_empty(),
        "these must never meet, and the command shows where they do:\n  {}",
        faults.join("\n  ")
    );
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .current_dir(ROOT)
        .no_deps()
        .other_options(["--locked".to_owned()])
        .exec()
        .expect("cargo metadata runs")
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split_whitespace()
}
