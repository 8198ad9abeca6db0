use std::path::PathBuf;

use crate::{AccountId, AttachmentId, BareJid, Callable, ConversationId, ExportTo, ServerAddress};

/// A question on whose answer a person waits.
#[derive(Clone, Debug)]
pub enum Request {
    /// Sign in to an account that is not on this device yet. It is added only if signing in worked.
    SignIn(SignIn),
    /// A new password for an account that is here.
    ChangePassword(AccountId, String),
    /// Opens an account whose key is wrapped with a passphrase.
    Unlock(AccountId, String),
    /// Tries again to open an account that was unavailable.
    Reopen(AccountId),
    /// The form a server wants filled in for a new account (XEP-0077).
    RegistrationForm {
        /// The server's domain.
        domain: String,
        /// A server named by hand.
        server: Option<ServerAddress>,
        /// Authorities to trust besides the system's.
        extra_authorities: Option<PathBuf>,
    },
    /// Makes the account, then signs in.
    Register {
        /// The filled-in form.
        form: RegistrationForm,
        /// A server named by hand.
        server: Option<ServerAddress>,
        /// Authorities to trust besides the system's.
        extra_authorities: Option<PathBuf>,
        /// Wraps the database key where no Secret Service runs.
        passphrase: Option<String>,
    },
    /// The conversation with an address, made if there is none.
    OpenConversation(AccountId, BareJid),
    /// Whether somebody can be called.
    Callable(AccountId, BareJid),
    /// Writes a file that is here to where the user wants it.
    ExportFile(AccountId, AttachmentId, ExportTo),
}

/// What signing in takes.
#[derive(Clone)]
pub struct SignIn {
    /// The address.
    pub address: BareJid,
    /// The password.
    pub password: String,
    /// A server named by hand.
    pub server: Option<ServerAddress>,
    /// Authorities to trust besides the system's.
    pub extra_authorities: Option<PathBuf>,
    /// Whether the password itself may be sent inside TLS.
    pub allow_plain: bool,
    /// Wraps the database key where no Secret Service runs.
    pub passphrase: Option<String>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SignIn").finish_non_exhaustive()
    }
}

/// The answer to a [`Request`] that went well.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Done.
    Done,
    /// The account that was added.
    Account(AccountId),
    /// The conversation that was opened.
    Conversation(ConversationId),
    /// Whether they can be called.
    Callable(Callable),
    /// The place a file was written to.
    File(PathBuf),
    /// The form to fill in.
    RegistrationForm(RegistrationForm),
}

/// What a server asks of a new user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationForm {
    /// The server's domain.
    pub domain: String,
    /// The server's words, free of control characters.
    pub instructions: Option<String>,
    /// The fields, in order.
    pub fields: Vec<FormField>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// The server's name for it.
    pub name: String,
    /// What to call it, if the server says.
    pub label: Option<String>,
    /// Its kind.
    pub kind: FormFieldKind,
    /// Whether it must be filled in.
    pub required: bool,
    /// What it holds.
    pub value: String,
}

/// Kinds of field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormFieldKind {
    /// The user name.
    Username,
    /// The password.
    Password,
    /// A line of text.
    Text,
    /// Text that is not shown while typed.
    Secret,
    /// Yes or no: `1` or `0`.
    Flag,
    /// One of some values, each with its label.
    Choice(Vec<(String, String)>),
    /// Sent back as it came.
    Hidden,
    /// Words to read.
    Note,
}
