use model::{ConnectionState, ConnectionStep, Failure};
use session::Condition;

use crate::i18n::{gettext, gettext_f};

/// How an account stands with its server, in a few words.
pub fn status(condition: &Condition) -> String {
    match condition {
        Condition::Opening => gettext("Opening…"),
        Condition::Open(ConnectionState::Online) => gettext("Online"),
        Condition::Open(ConnectionState::Connecting(_)) => gettext("Connecting…"),
        Condition::Open(ConnectionState::Waiting { .. }) => gettext("Not connected"),
        Condition::Open(ConnectionState::Stopped(Failure::WrongPassword)) => gettext("Wrong password"),
        Condition::Open(ConnectionState::Stopped(_)) => gettext("Cannot connect"),
        Condition::Open(ConnectionState::Offline) => gettext("Signed out"),
        Condition::Unavailable(_) => gettext("Locked"),
    }
}

/// What is being done while connecting.
pub fn step(step: ConnectionStep, server: &str) -> String {
    let server = [("server", server)];
    match step {
        ConnectionStep::Finding => gettext_f("Finding {server}…", &server),
        ConnectionStep::Connecting => gettext_f("Connecting to {server}…", &server),
        ConnectionStep::Securing => gettext("Securing the connection…"),
        ConnectionStep::SigningIn => gettext("Signing in…"),
        ConnectionStep::Binding => gettext("Almost there…"),
    }
}
