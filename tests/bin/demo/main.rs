//! The demo: a private server on this device, somebody who talks back, and Starling signed in as a guest.
//!
//! With a display the guest is signed in beforehand and the window opens on the conversation; everything is cleaned up when
//! it is closed. Without one (`STARLING_HEADLESS`, or no display at all) the demo takes a tour through the accessibility bus
//! by itself, prints each step and leaves pictures in `target/demo`.

mod friend;
mod tour;

use std::process::ExitCode;

use model::AccountCommand;
use session::{Config, Session};
use tests::person::{block_on, sign_in_request};
use tests::{Desktop, Person, Prosody, Starling, befriend};

/// What the friend says first.
const GREETING: &str = "Welcome to Starling! Write something, and I will answer.";

/// The account that the demo is signed in with.
struct Guest {
    address: String,
    password: String,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, rest @ ..] = arguments.as_slice()
        && word == SIGN_IN
    {
        return sign_in_here(rest);
    }
    println!("Starting a private server…");
    let server = Prosody::start();
    let friend = Person::new(&server, "friend");
    let guest = Guest { address: "guest@localhost".to_owned(), password: server.register("guest") };
    introduce(&server, &friend, &guest);
    std::thread::scope(|scope| {
        scope.spawn(|| friend::talk_back(&friend));
        // Whatever becomes of the window, the friend must hear the end, or nobody would.
        let shown = std::panic::catch_unwind(|| {
            if headless() {
                println!("No display: taking the tour.");
                tour::take(&server, &guest);
            } else {
                show(&server, &guest);
            }
        });
        friend.session.end(std::time::Duration::from_secs(5));
        if let Err(panic) = shown {
            std::panic::resume_unwind(panic);
        }
    });
    println!("Done; nothing of it is left but the pictures.");
    ExitCode::SUCCESS
}

fn headless() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    set("STARLING_HEADLESS") || !(set("DISPLAY") || set("WAYLAND_DISPLAY"))
}

/// Lets the guest and the friend know each other, and the friend say the first word.
fn introduce(server: &Prosody, friend: &Person, guest: &Guest) {
    let device = Person::sign_in(server, "guest", &guest.password, server.direct_tls_port());
    befriend(&device, friend);
    // In the clear: the device at the window, which comes later, could not read it otherwise.
    let conversation = friend.conversation(&device.address);
    friend.command(AccountCommand::SetEncryption(conversation, false));
    friend.say(&device.address, GREETING);
    device.hears(&friend.address, GREETING);
    friend.command(AccountCommand::SetEncryption(conversation, true));
    device.session.end(std::time::Duration::from_secs(5));
}

/// Opens the window where somebody can look, and waits until they close it.
fn show(server: &Prosody, guest: &Guest) {
    let desktop = Desktop::beside_the_real_one();
    let own = std::env::current_exe().expect("the path of this program");
    let signed_in = desktop
        .command(own)
        .args([SIGN_IN, &guest.address, &guest.password, &server.direct_tls_port().to_string()])
        .arg(server.authority())
        .arg(desktop.home().join("data/starling/default"))
        .status();
    assert!(signed_in.is_ok_and(|status| status.success()), "the guest could not sign in");
    println!("Starling is open. Close its window to end the demo.");
    Starling::start(&desktop, server).wait();
}

const SIGN_IN: &str = "sign-in";

/// Runs on the bus of the demo's desktop, so that the key lands in the demo's keyring and not in the user's.
fn sign_in_here(arguments: &[String]) -> ExitCode {
    let [address, password, port, authority, folder] = arguments else {
        return ExitCode::from(2);
    };
    let session = Session::start(Config::new(folder.into())).expect("the service");
    let port = port.parse().expect("a port");
    let answer = block_on(session.ask(sign_in_request(address, password, port, authority.into())));
    let done = session.end(std::time::Duration::from_secs(10));
    match answer {
        Ok(_) if done => ExitCode::SUCCESS,
        answer => {
            eprintln!("{answer:?}");
            ExitCode::FAILURE
        }
    }
}
