//! What is sent to an account's thread, and how questions are answered.

use account::Question;
use async_channel::Sender;
use model::{AccountCommand, Answer, CallId, Failure, MediaEvent};

/// Where the answer to a question goes. It holds one; nobody may be there to take it.
#[derive(Clone, Debug)]
pub(crate) struct Reply(Sender<Result<Answer, Failure>>);

impl Reply {
    pub(crate) fn channel() -> (Self, async_channel::Receiver<Result<Answer, Failure>>) {
        let (sender, receiver) = async_channel::bounded(1);
        (Self(sender), receiver)
    }

    pub(crate) fn give(&self, answer: Result<Answer, Failure>) {
        // Full: it was answered. Closed: nobody waits any more.
        let _ = self.0.try_send(answer);
    }

    /// Resolves when nobody waits for the answer any more.
    pub(crate) async fn withdrawn(&self) {
        self.0.closed().await;
    }
}

/// A letter to one account.
#[derive(Debug)]
pub(crate) enum Mail {
    /// Do this.
    Command(AccountCommand),
    /// The network came, went or changed.
    NetworkChanged { available: bool },
    /// The device woke.
    Resumed,
    /// A window is visible, or none.
    WindowVisible(bool),
    /// The media of a call tells this.
    Media(CallId, MediaEvent),
    /// Answer this.
    Ask(Question, Reply),
    /// Open the database with this passphrase.
    Unlock(String, Reply),
    /// Try again to open the database.
    Reopen(Reply),
    /// Remove the account from this device, and end.
    Remove,
    /// Say goodbye, and end.
    Quit,
}

impl Mail {
    /// Lets go of a letter that cannot be served: whoever waits is told why.
    pub(crate) fn refuse(self, why: &Failure) {
        match self {
            Self::Ask(_, reply) | Self::Unlock(_, reply) | Self::Reopen(reply) => {
                reply.give(Err(why.clone()));
            }
            Self::Command(_)
            | Self::NetworkChanged { .. }
            | Self::Resumed
            | Self::WindowVisible(_)
            | Self::Media(..)
            | Self::Remove
            | Self::Quit => {}
        }
    }
}
