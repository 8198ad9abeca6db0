//! Making an account at a server (XEP-0077), before there is one on this device.

use std::path::PathBuf;

use model::{Failure, RegistrationForm, ServerAddress};

use crate::{mail::Reply, service::Shared, sign_in::NewAccount};

/// What a server wants to know is wanted.
pub(crate) struct Inquiry {
    pub(crate) domain: String,
    pub(crate) server: Option<ServerAddress>,
    pub(crate) extra_authorities: Option<PathBuf>,
}

/// An account is wanted.
pub(crate) struct Wanted {
    pub(crate) form: RegistrationForm,
    pub(crate) server: Option<ServerAddress>,
    pub(crate) extra_authorities: Option<PathBuf>,
    pub(crate) passphrase: Option<String>,
}

pub(crate) fn fetch_form(_shared: &Shared, _inquiry: &Inquiry, reply: &Reply) {
    reply.give(Err(Failure::RegistrationClosed(None)));
}

pub(crate) fn register(_shared: &Shared, _wanted: Wanted, reply: &Reply) -> Option<NewAccount> {
    reply.give(Err(Failure::RegistrationClosed(None)));
    None
}
