//! A relay between a client and a server that breaks as networks break.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

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
    /// So many bytes pass, and then nothing.
    left: Mutex<Option<usize>>,
    /// New connections are refused.
    closed: AtomicBool,
    accepted: AtomicUsize,
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

    /// Lets so many bytes pass, and nothing after them until [`Self::stall`] says otherwise.
    ///
    /// # Panics
    /// When a relay thread panicked.
    pub fn stall_after(&self, bytes: usize) {
        *self.state.left.lock().expect("no relay panics") = Some(bytes);
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
            if let Ok(mut left) = state.left.lock()
                && let Some(bytes) = left.take()
            {
                *left = bytes.checked_sub(count);
                state.stalled.fetch_or(left.is_none(), Ordering::SeqCst);
            }
            while state.stalled.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
}
