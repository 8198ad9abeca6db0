//! A large file, encrypted, up to the server and down again, beside what curl does with the same server over the same TLS;
//! and how much memory that takes.
//!
//! Each side is a process of its own: `soak device-files`. Its peak of memory is compared with that of one that only signed
//! in. Both sides do more than curl: they encrypt and hash, and what came is kept sealed.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tests::{FilesAct, FilesDevice, FilesHome, Peer, Person, Prosody, befriend};

use crate::measure::{Rows, median, memory_peak, rest};

/// The word on the command line.
pub const WORD: &str = "files";
/// How often each figure is taken.
const ROUNDS: usize = 3;
/// How large the file is if nothing else is said, in megabytes.
const MEGABYTES: u64 = 1024;
/// How long nothing may be heard of a file that is on its way.
const PATIENCE: Duration = Duration::from_secs(300);

/// Measures with a file of so many megabytes.
pub fn measure(megabytes: Option<u64>, rows: &mut Rows) {
    let megabytes = megabytes.unwrap_or(MEGABYTES);
    let server = Prosody::start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("large.bin");
    write(&file, megabytes);
    let mut peer = Peer::start(&server, "robin");
    let (mut up, mut down, mut curl_up, mut curl_down) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut up_memory, mut down_memory) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let curl = curl(&server, &mut peer, &file, folder.path());
        curl_up.push(megabytes as f64 / curl.0);
        curl_down.push(megabytes as f64 / curl.1);
        rest();
        let way = way(&server, round, &file, folder.path());
        up.push(megabytes as f64 / way.up);
        down.push(megabytes as f64 / way.down);
        up_memory.push(way.up_memory);
        down_memory.push(way.down_memory);
        rest();
    }
    let name = |what: &str| format!("{what}, {megabytes} MB");
    let (curl_up, curl_down) = (median(curl_up), median(curl_down));
    rows.yardstick(&name("upload by curl"), curl_up, "MB/s");
    rows.yardstick(&name("upload, encrypted"), median(up.clone()), "MB/s");
    rows.at_least(&name("upload, encrypted, to curl's"), median(up) / curl_up, "×", 0.8);
    rows.yardstick(&name("download by curl"), curl_down, "MB/s");
    rows.yardstick(&name("download, encrypted"), median(down.clone()), "MB/s");
    rows.at_least(&name("download, encrypted, to curl's"), median(down) / curl_down, "×", 0.8);
    rows.at_most(&name("upload: peak memory grown by"), median(up_memory), "MB", 32.0);
    rows.at_most(&name("download: peak memory grown by"), median(down_memory), "MB", 32.0);
}

/// Seconds and megabytes of one round.
struct Way {
    up: f64,
    down: f64,
    up_memory: f64,
    down_memory: f64,
}

/// One sends, the other fetches.
fn way(server: &Prosody, round: usize, file: &Path, folder: &Path) -> Way {
    let names = [format!("sender-{round}"), format!("fetcher-{round}")];
    let people = names.each_ref().map(|name| Person::new(server, name));
    befriend(&people[0], &people[1]);
    let addresses = people.each_ref().map(|person| person.address.clone());
    // Their own devices are away, so that nothing else goes on in this process.
    drop(people);
    let home = |own: usize, other: usize| {
        FilesHome::new(server, &addresses[own], &format!("pw-{}", names[own]), &addresses[other], true)
    };
    let (sender, fetcher) = (home(0, 1), home(1, 0));
    let idle = [&fetcher, &sender].map(signed_in);

    let device = sender.start(&soak(), FilesAct::Send(file));
    device.expect("sending", PATIENCE);
    let start = Instant::now();
    device.expect("sent", PATIENCE);
    let up = start.elapsed().as_secs_f64();
    let up_memory = memory_peak(device.id()) - idle[1];
    device.kill();

    let target = folder.join(format!("fetched-{round}"));
    let device = fetcher.start(&soak(), FilesAct::Fetch(&target));
    device.expect("fetching", PATIENCE);
    let start = Instant::now();
    device.expect("here", PATIENCE);
    let down = start.elapsed().as_secs_f64();
    let down_memory = memory_peak(device.id()) - idle[0];
    device.expect("exported", PATIENCE);
    device.kill();
    assert!(is_same(file, &target), "another file came: the figures would mean nothing");
    std::fs::remove_file(target).expect("removed");
    Way { up, down, up_memory, down_memory }
}

/// Signs a device in and ends it: its peak of memory, in megabytes. It ends when others can encrypt for it, or what is sent to
/// it would wait for a device that is gone.
fn signed_in(home: &FilesHome) -> f64 {
    let device: FilesDevice = home.start(&soak(), FilesAct::Idle);
    device.expect("published", PATIENCE);
    rest();
    memory_peak(device.id())
}

/// Seconds that curl takes to put the file and to get it.
fn curl(server: &Prosody, peer: &mut Peer, file: &Path, folder: &Path) -> (f64, f64) {
    let size = std::fs::metadata(file).expect("the file").len();
    peer.tell(&format!("slot localhost {size}"));
    let slot = peer.expect_start("slot ");
    let mut words = slot.splitn(4, ' ').skip(1);
    let (put, get, authorization) = (words.next(), words.next(), words.next());
    let (put, get, authorization) =
        (put.expect("where to"), get.expect("where from"), authorization.unwrap_or(""));
    let run = |arguments: &[&str]| {
        let authority = server.authority();
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail", "--cacert"]).arg(authority).args(arguments);
        let start = Instant::now();
        assert!(command.status().expect("curl").success(), "curl failed");
        start.elapsed().as_secs_f64()
    };
    let header = format!("Authorization: {authorization}");
    let path = file.to_str().expect("letters");
    let kind = "Content-Type: application/octet-stream";
    let up = run(&["--upload-file", path, "--header", &header, "--header", kind, put]);
    let target = folder.join("by-curl");
    let down = run(&["--output", target.to_str().expect("letters"), get]);
    assert!(is_same(file, &target), "curl got another file: the figures would mean nothing");
    std::fs::remove_file(target).expect("removed");
    (up, down)
}

/// A file that no layer can make smaller.
fn write(path: &Path, megabytes: u64) {
    use std::io::Write as _;
    let mut random: rand::rngs::StdRng = rand::SeedableRng::seed_from_u64(1);
    let mut file = std::fs::File::create(path).expect("a file");
    let mut piece = vec![0; 1 << 20];
    for _ in 0..megabytes {
        rand::Rng::fill_bytes(&mut random, &mut piece);
        file.write_all(&piece).expect("room");
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    Command::new("cmp").arg("--silent").args([one, other]).status().expect("cmp").success()
}

/// The program beside this one.
fn soak() -> std::path::PathBuf {
    std::env::current_exe().expect("the path of this program").with_file_name("soak")
}
