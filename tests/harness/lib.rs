//! What tests, the demo and the benches share: real servers, people, and a desktop to stand them on.
//!
//! Nothing here stands in for a real part. [`Prosody`] and [`Ejabberd`] are servers of their own on free ports,
//! [`LinkCutter`] a relay that breaks connections, [`Person`] a [`session::Session`] with an empty folder, [`Peer`] somebody
//! with a client of other people, [`Desktop`] an X server with its own D-Bus, keyring and accessibility bus, and [`Robot`]
//! uses the program's window as a screen reader would: it finds things by role and name and by nothing else.

pub mod call_device;
pub mod certificates;
pub mod desktop;
pub mod dino;
pub mod ejabberd;
pub mod files_device;
pub mod friends;
pub mod internet;
pub mod link_cutter;
pub mod peer;
pub mod person;
pub mod phone;
pub mod portal;
pub mod program;
pub mod prosody;
pub mod relay;
pub mod robot;
pub mod secrets;
pub mod server;
pub mod stand_in;
pub mod starling;
pub mod wait;

pub use call_device::{CallAs, CallDevice, CallHome};
pub use desktop::Desktop;
pub use dino::Dino;
pub use ejabberd::Ejabberd;
pub use files_device::{FilesAct, FilesDevice, FilesHome};
pub use friends::{befriend, befriend_peer, know_devices, publish_device};
pub use internet::{Internet, Line, Passes, Place};
pub use link_cutter::LinkCutter;
pub use peer::Peer;
pub use person::Person;
pub use phone::Phone;
pub use portal::Portal;
pub use prosody::Prosody;
pub use relay::{By, Relay};
pub use robot::Robot;
pub use server::Server;
pub use stand_in::StandIn;
pub use starling::Starling;
