//! A network of its own for a test: places with addresses, behind address translators and firewalls, over bad lines.
//!
//! Each place is a network namespace with one interface (`place.py`). Its packets come here as datagrams, and this is all the
//! network there is between places: what is lost, late, translated or refused is decided in one function, [`World::route`],
//! and can be changed while a call lasts. The kernel's own means (`netem`, `nftables`) are missing on many machines; this
//! needs the right to make a namespace and a TUN interface, and nothing else.
//!
//! ```text
//!   place ─ TUN ─ place.py ─┐                        ┌─ place.py ─ TUN ─ place
//!     └ door (signalling)   └→ firewall, NAT, loss ─→┘
//!                                 delay, NAT
//! ```
//!
//! A translator maps each pair of ends anew and lets in only answers ("symmetric"), so that two behind such translators
//! cannot reach each other.

mod packet;

use std::collections::{BinaryHeap, HashMap};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

use self::packet::{End, Packet, TCP};

/// The address of a relay, for which there is a certificate.
pub const RELAY: [u8; 4] = [192, 0, 2, 53];
/// The status of a place that could not be made.
const NOT_POSSIBLE: i32 = 77;
/// Packets under way; more are lost.
const MAX_UNDER_WAY: usize = 10_000;

/// A running network.
pub struct Internet {
    folder: TempDir,
    world: Arc<Mutex<World>>,
}

/// Somewhere on it.
#[derive(Clone)]
pub struct Place {
    name: String,
    folder: PathBuf,
    doors: String,
    world: Arc<Mutex<World>>,
}

/// How a place is connected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Its own address.
    pub address: Ipv4Addr,
    /// The address of the translator it is behind, if any.
    pub behind: Option<Ipv4Addr>,
    /// What leaves and enters.
    pub passes: Passes,
    /// How much of what leaves and enters is lost, of 1.
    pub loss: f64,
    /// How much later than at once each packet comes at most, evenly spread.
    pub jitter: Duration,
}

/// What a firewall lets pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// Everything.
    All,
    /// Connections, and no datagrams.
    Tcp,
    /// Nothing at all.
    Nothing,
}

impl Line {
    /// A good line at an address everybody reaches.
    pub fn open(address: [u8; 4]) -> Self {
        let (loss, jitter) = (0.0, Duration::ZERO);
        Self { address: address.into(), behind: None, passes: Passes::All, loss, jitter }
    }

    /// A good line behind a translator.
    pub fn behind(address: [u8; 4], translator: [u8; 4]) -> Self {
        Self { behind: Some(translator.into()), ..Self::open(address) }
    }

    /// The same line in bad weather.
    #[must_use]
    pub fn losing(self, loss: f64, jitter: Duration) -> Self {
        Self { loss, jitter, ..self }
    }

    fn public(&self) -> Ipv4Addr {
        self.behind.unwrap_or(self.address)
    }
}

impl Internet {
    /// Starts one, or tells why that is not possible on this machine.
    ///
    /// # Errors
    /// Why no namespace or interface can be made.
    ///
    /// # Panics
    /// When there is no room for a folder, or no Python.
    pub fn start() -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("starling-internet").tempdir().expect("a folder");
        let socket = UnixDatagram::bind(folder.path().join("internet")).expect("a socket");
        let world = Arc::new(Mutex::new(World::new(folder.path())));
        let internet = Self { folder, world: world.clone() };
        let trial = internet.attach("trial", Line::open([192, 0, 2, 1]), &[]).command("true").output();
        let trial = trial.expect("python3");
        lock(&internet.world).lines.clear();
        if !trial.status.success() {
            let reason = String::from_utf8_lossy(&trial.stderr).trim().to_owned();
            assert!(trial.status.code() == Some(NOT_POSSIBLE), "{reason}");
            return Err(reason);
        }
        std::thread::spawn(move || serve(&socket, &world));
        Ok(internet)
    }

    /// A place on it, where these ports of 127.0.0.1 lead to the machine's own.
    pub fn attach(&self, name: &str, line: Line, doors: &[u16]) -> Place {
        let doors: Vec<(u16, u16)> = doors.iter().map(|port| (*port, *port)).collect();
        self.attach_with(name, line, &doors)
    }

    /// A place on it, where the first port of each pair leads to the second of the machine's own. No two lead to different ones
    /// from the same.
    ///
    /// # Panics
    /// When there is no room for a socket.
    pub fn attach_with(&self, name: &str, line: Line, doors: &[(u16, u16)]) -> Place {
        lock(&self.world).lines.insert(name.to_owned(), line);
        let folder = self.folder.path().to_owned();
        for (inside, outside) in doors {
            open_door(&folder, *inside, *outside);
        }
        let doors: Vec<String> = doors.iter().map(|(inside, _)| inside.to_string()).collect();
        Place { name: name.to_owned(), folder, doors: doors.join(","), world: self.world.clone() }
    }
}

impl Place {
    /// What runs there. A place has one program at a time.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let _ = std::fs::remove_file(self.folder.join(&self.name));
        let mut command = Command::new("/usr/bin/python3");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/harness/place.py")).arg(&self.folder);
        command.arg(&self.name).arg(self.line().address.to_string()).arg(&self.doors).arg("--").arg(program);
        command
    }

    /// How it is connected.
    ///
    /// # Panics
    /// Never: a place has a line.
    pub fn line(&self) -> Line {
        *lock(&self.world).lines.get(&self.name).expect("a place has a line")
    }

    /// It is connected differently from now on: at another address, it has moved to another network.
    pub fn connect(&self, line: Line) {
        let mut world = lock(&self.world);
        let before = world.lines.insert(self.name.clone(), line);
        if before.is_some_and(|before| before.address != line.address) {
            let moved = format!("\0{}", line.address);
            world.send(self.name.clone(), moved.into_bytes(), Duration::ZERO);
        }
    }

    /// How many packets of datagrams (UDP) left it until now, and how many of connections (TCP).
    pub fn sent(&self) -> [u64; 2] {
        lock(&self.world).sent.get(&self.name).copied().unwrap_or_default()
    }
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets who comes through a door in to the machine's own loopback interface.
fn open_door(folder: &Path, inside: u16, outside: u16) {
    let door = folder.join(format!("door-{inside}"));
    if door.exists() {
        return;
    }
    let listener = UnixListener::bind(door).expect("a socket");
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(("127.0.0.1", outside)) else { continue };
            let _ = server.set_nodelay(true);
            pump(&client, &server);
        }
    });
}

fn pump(inside: &UnixStream, outside: &TcpStream) {
    let copy = || Some((inside.try_clone().ok()?, outside.try_clone().ok()?));
    let (Some((mut from_inside, mut to_outside)), Some((mut to_inside, mut from_outside))) = (copy(), copy())
    else {
        return;
    };
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_inside, &mut to_outside);
        let _ = to_outside.shutdown(std::net::Shutdown::Both);
    });
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_outside, &mut to_inside);
        let _ = to_inside.shutdown(std::net::Shutdown::Both);
    });
}

/// Carries packets for as long as anybody could want it.
fn serve(socket: &UnixDatagram, world: &Mutex<World>) {
    let mut buffer = vec![0; 0x1_0000];
    loop {
        let wait = lock(world).deliver(socket);
        socket.set_read_timeout(Some(wait.max(Duration::from_millis(1)))).expect("a timeout");
        let Ok((length, from)) = socket.recv_from(&mut buffer) else {
            // Nothing came in time; or the network is over.
            if !lock(world).folder.exists() {
                return;
            }
            continue;
        };
        let name = from.as_pathname().and_then(|path| path.file_name()).and_then(|name| name.to_str());
        if let (Some(name), Some(packet)) = (name, Packet::new(&buffer[..length])) {
            lock(world).route(name, packet);
        }
    }
}

/// Everything that is known of it.
struct World {
    folder: PathBuf,
    lines: HashMap<String, Line>,
    sent: HashMap<String, [u64; 2]>,
    translations: Translations,
    under_way: BinaryHeap<UnderWay>,
    chance: StdRng,
    count: u64,
}

/// What translators remember: by protocol, a place's own end, and the other end.
#[derive(Default)]
struct Translations {
    out: HashMap<(u8, End, End), u16>,
    back: HashMap<(u8, End, End), End>,
}

impl World {
    fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            lines: HashMap::new(),
            sent: HashMap::new(),
            translations: Translations::default(),
            under_way: BinaryHeap::new(),
            chance: StdRng::seed_from_u64(1),
            count: 0,
        }
    }

    /// What becomes of a packet that leaves a place.
    fn route(&mut self, from: &str, mut packet: Packet) {
        let Some(line) = self.lines.get(from).copied() else { return };
        let protocol = packet.protocol();
        self.sent.entry(from.to_owned()).or_default()[usize::from(protocol == TCP)] += 1;
        // What a place says from an address it no longer has leads nowhere.
        if packet.source().0 != line.address || !self.passes(&line, protocol) {
            return;
        }
        if let Some(public) = line.behind {
            let key = (protocol, packet.source(), packet.destination());
            let next = 20_000 + u16::try_from(self.translations.out.len()).unwrap_or(u16::MAX) % 40_000;
            let port = *self.translations.out.entry(key).or_insert(next);
            self.translations.back.insert((protocol, (public, port), packet.destination()), packet.source());
            packet.set_source((public, port));
        }
        let target = packet.destination();
        let found = self.lines.iter().find(|(_, line)| line.public() == target.0);
        let Some((name, line)) = found.map(|(name, line)| (name.clone(), *line)) else { return };
        if line.behind.is_some() {
            let key = (protocol, target, packet.source());
            let Some(own) = self.translations.back.get(&key).filter(|own| own.0 == line.address) else {
                return;
            };
            packet.set_destination(*own);
        }
        if self.passes(&line, protocol) && self.under_way.len() < MAX_UNDER_WAY {
            let sender = self.lines.get(from).map_or(Duration::ZERO, |line| line.jitter);
            let jitter = (sender + line.jitter).as_secs_f64();
            let late = Duration::from_secs_f64(self.chance.random_range(0.0..=jitter));
            self.send(name, packet.into_bytes(), late);
        }
    }

    fn send(&mut self, to: String, bytes: Vec<u8>, late: Duration) {
        self.count += 1;
        self.under_way.push(UnderWay { due: Instant::now() + late, count: self.count, to, bytes });
    }

    fn passes(&mut self, line: &Line, protocol: u8) -> bool {
        let may = match line.passes {
            Passes::All => true,
            Passes::Tcp => protocol == TCP,
            Passes::Nothing => false,
        };
        may && !self.chance.random_bool(line.loss)
    }

    /// Hands over what is due, and tells when the next will be.
    fn deliver(&mut self, socket: &UnixDatagram) -> Duration {
        let now = Instant::now();
        while self.under_way.peek().is_some_and(|next| next.due <= now) {
            if let Some(UnderWay { to, bytes, .. }) = self.under_way.pop() {
                // Nobody is there, or somebody who does not keep up: lost.
                let _ = socket.send_to(&bytes, self.folder.join(to));
            }
        }
        self.under_way.peek().map_or(Duration::from_millis(200), |next| next.due - now)
    }
}

/// A packet that will arrive. The greatest is the next.
struct UnderWay {
    due: Instant,
    count: u64,
    to: String,
    bytes: Vec<u8>,
}

impl Ord for UnderWay {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.due, other.count).cmp(&(self.due, self.count))
    }
}

impl PartialOrd for UnderWay {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for UnderWay {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for UnderWay {}
