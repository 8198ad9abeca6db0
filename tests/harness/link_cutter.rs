//! A relay between a client and a server that breaks as networks break.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::wait;

/// Relays connections to a port, and cuts or stalls them when told.
pub struct LinkCutter {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    links: Mutex<Vec<TcpStream>>,
    /// Nothing passes, and nobody is told: a train in a tunnel.
    stalled: AtomicBool,
    /// New connections are refused.
    closed: AtomicBool,
    accepted: AtomicUsize,
    /// How many bytes passed, in both directions together.
    passed: AtomicU64,
    /// After so many it stalls; 0 if it does not.
    most: AtomicU64,
}

impl State {
    /// Counts what passed.
    fn count(&self, bytes: usize) {
        let passed = self.passed.fetch_add(bytes as u64, Ordering::SeqCst) + bytes as u64;
        let most = self.most.load(Ordering::SeqCst);
        if most > 0 && passed >= most {
            self.stalled.store(true, Ordering::SeqCst);
        }
    }
}

impl LinkCutter {
    /// Relays to `target` on the loopback interface.
    ///
    /// # Panics
    /// When no port is free.
    pub fn start(target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let state = Arc::new(State::default());
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.closed.load(Ordering::SeqCst) {
                    continue;
                }
                shared.accepted.fetch_add(1, Ordering::SeqCst);
                if let Ok(server) = TcpStream::connect(("127.0.0.1", target)) {
                    relay(&shared, &client, &server);
                    relay(&shared, &server, &client);
                }
            }
        });
        Self { port, state }
    }

    /// Where to connect.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Breaks every connection there is.
    ///
    /// # Panics
    /// When a relay thread panicked.
    pub fn cut(&self) {
        for link in self.state.links.lock().expect("no relay panics").drain(..) {
            let _ = link.shutdown(Shutdown::Both);
        }
    }

    /// Lets nothing pass, or lets it pass again.
    pub fn stall(&self, stalled: bool) {
        self.state.stalled.store(stalled, Ordering::SeqCst);
    }

    /// Lets so many bytes more pass, in both directions together, and then nothing.
    pub fn stall_after(&self, bytes: u64) {
        self.state.most.store(self.passed() + bytes, Ordering::SeqCst);
    }

    /// Waits until nothing passes any more: after [`Self::stall_after`].
    #[track_caller]
    pub fn waits_to_stall(&self) {
        wait::until("the link to stall", || self.state.stalled.load(Ordering::SeqCst).then_some(()));
    }

    /// Breaks every connection there is, and lets new ones pass as if nothing had been.
    pub fn cut_and_mend(&self) {
        self.cut();
        self.state.most.store(0, Ordering::SeqCst);
        self.stall(false);
    }

    /// How many bytes passed, in both directions together.
    pub fn passed(&self) -> u64 {
        self.state.passed.load(Ordering::SeqCst)
    }

    /// Takes no new connections, or takes them again.
    pub fn close(&self, closed: bool) {
        self.state.closed.store(closed, Ordering::SeqCst);
    }

    /// How many connections were made through it.
    pub fn accepted(&self) -> usize {
        self.state.accepted.load(Ordering::SeqCst)
    }
}

fn relay(state: &Arc<State>, from: &TcpStream, to: &TcpStream) {
    let (Ok(mut from), Ok(mut to), Ok(kept)) = (from.try_clone(), to.try_clone(), from.try_clone()) else {
        return;
    };
    let _ = to.set_nodelay(true);
    if let Ok(mut links) = state.links.lock() {
        links.push(kept);
    }
    let state = state.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            while state.stalled.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
            state.count(count);
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
}
