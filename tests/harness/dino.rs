//! Dino, an XMPP program of other people, on a desktop and a network of its own: somebody to call who is not ours.
//!
//! It is signed in by its database, and used over the accessibility bus. Its microphone and camera are a plugin of GStreamer's
//! (`dino_devices.c`). It knows no way to name a port or an authority: so it stands at a place of an [`Internet`] where 5222 leads
//! to the server, and sees its authority in place of the system's.

use std::path::Path;
use std::process::Command;

use crate::internet::{Internet, Line, Place};
use crate::program::Program;
use crate::{Desktop, Robot, Server, wait};

/// A running Dino.
pub struct Dino {
    /// Its screen.
    pub desktop: Desktop,
    /// Uses its window.
    pub robot: Robot,
    /// Where it stands.
    pub place: Place,
    _program: Program,
}

/// The program.
const DINO: &str = "dino";
/// Where programs ask for a server if nobody tells them another port.
const CLIENTS: u16 = 5222;

impl Dino {
    /// Starts it, signed in to an account that has somebody as a contact, with the conversation with them open.
    ///
    /// # Panics
    /// When Dino, gcc, or sqlite3 is not installed.
    pub fn start(
        internet: &Internet,
        line: Line,
        server: &impl Server,
        address: &str,
        password: &str,
        contact: &str,
    ) -> Self {
        let desktop = Desktop::start(1280, 800);
        let home = desktop.home().to_owned();
        make_devices(&home.join("plugins"));
        let robot = Robot::connect(&desktop);
        let place = internet.attach_with("dino", line, &[(CLIENTS, server.starttls_port())]);
        std::fs::write(home.join("resolv.conf"), "").expect("a file");
        let start = || {
            let mut command = place.command("/usr/bin/python3");
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/harness/in_place_of.py"));
            command.arg(server.authority()).arg("/etc/ssl/certs/ca-certificates.crt");
            command.arg(home.join("resolv.conf")).args(["/etc/resolv.conf", "--", DINO]);
            for (name, value) in desktop.command(DINO).get_envs() {
                match value {
                    Some(value) => command.env(name, value),
                    None => command.env_remove(name),
                };
            }
            command.env("GST_PLUGIN_PATH", home.join("plugins"));
            Program::start(&command)
        };
        // The first time it makes its database.
        let database = home.join("data/dino/dino.db");
        let first = start();
        robot.find("label", "Dino");
        wait::until("Dino's database", || {
            sql(&database, "SELECT 1 FROM conversation UNION SELECT 1").then_some(())
        });
        drop(first);
        wait::until("Dino to let go of its database", || {
            let statements = format!(
                "INSERT OR IGNORE INTO account (id, bare_jid, resourcepart, password, alias, enabled) \
                   VALUES (1, '{address}', 'dino', '{password}', '', 1);
                 INSERT OR IGNORE INTO jid (id, bare_jid) VALUES (1, '{contact}');
                 INSERT OR IGNORE INTO conversation \
                   (id, account_id, jid_id, active, active_last_changed, last_active, type, encryption, \
                    notification, send_typing, send_marker) \
                   VALUES (1, 1, 1, 1, 1, strftime('%s'), 0, 0, 0, 0, 0);"
            );
            sql(&database, &statements).then_some(())
        });
        let program = start();
        let dino = Self { desktop, robot, place, _program: program };
        dino.robot.find_text(contact.split('@').next().unwrap_or(contact)).click();
        dino
    }

    /// Which version it is, for those who read a transcript.
    ///
    /// # Panics
    /// When dpkg is missing.
    pub fn version() -> String {
        let told = Command::new("dpkg-query").args(["-W", "-f", "${Version}", "dino-im"]).output();
        String::from_utf8_lossy(&told.expect("dpkg-query").stdout).into_owned()
    }

    /// Calls the person whose conversation is open. Pressed over the bus, the button does not ask whether with pictures.
    #[track_caller]
    pub fn calls(&self) {
        self.robot.find_named("Start call").click();
    }

    /// Takes the call that rings.
    #[track_caller]
    pub fn answers(&self) {
        self.robot.find("button", "Accept").click();
    }
}

/// Compiles the devices.
fn make_devices(folder: &Path) {
    std::fs::create_dir(folder).expect("a folder");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/harness/dino_devices.c");
    let words =
        "gcc -shared -fPIC -Wall -Werror -o \"$1\" \"$2\" $(pkg-config --cflags --libs gstreamer-1.0)";
    let done = Command::new("sh")
        .args(["-c", words, "sh"])
        .arg(folder.join("libtestdevices.so"))
        .arg(source)
        .status();
    assert!(done.expect("sh").success(), "the devices of a test were not compiled");
}

/// Tells whether the statements could be executed now.
fn sql(database: &Path, statements: &str) -> bool {
    let mut command = Command::new("sqlite3");
    command.args(["-bail", "-cmd", ".timeout 1000"]).arg(database).arg(statements);
    command.stdout(std::process::Stdio::null());
    database.exists() && command.status().expect("sqlite3").success()
}
