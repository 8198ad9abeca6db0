//! How long and how loud sounds are that came without saying so: they are measured once, and it is kept in their rows.

use std::{
    cell::{Cell, RefCell},
    collections::{HashSet, VecDeque},
};

use gtk::{gio, glib};
use model::{AccountCommand, AccountId, AttachmentId, FileFacts};

use crate::{
    bridge::Bridge,
    player::{self, Source},
};

type Key = (AccountId, AttachmentId);

/// The sounds that wait to be measured.
#[derive(Debug, Default)]
pub struct FileSounds {
    /// What was begun is not begun again: what cannot be measured stays so.
    begun: RefCell<HashSet<Key>>,
    waiting: RefCell<VecDeque<Key>>,
    working: Cell<bool>,
}

impl FileSounds {
    /// Measures a sound that is here, some time.
    pub fn measure(&self, bridge: &Bridge, account: AccountId, file: AttachmentId) {
        if !self.begun.borrow_mut().insert((account, file)) {
            return;
        }
        self.waiting.borrow_mut().push_back((account, file));
        if !self.working.replace(true) {
            glib::spawn_future_local(work(bridge.clone()));
        }
    }
}

/// Works off what waits.
async fn work(bridge: Bridge) {
    loop {
        let next = bridge.file_sounds().waiting.borrow_mut().pop_front();
        let Some((account, file)) = next else { break };
        let Some(open) = sound_of(&bridge, account, file).await else { continue };
        let measured = gio::spawn_blocking(move || open().and_then(player::measure)).await;
        if let Ok(Ok((duration, waveform))) = measured {
            let facts =
                FileFacts { duration: Some(duration), waveform: Some(waveform), ..FileFacts::default() };
            bridge.tell(account, AccountCommand::LearnFile(file, facts));
        }
    }
    bridge.file_sounds().working.set(false);
}

/// How to open a sound that is here, on a thread that may block.
pub async fn sound_of(
    bridge: &Bridge,
    account: AccountId,
    file: AttachmentId,
) -> Option<impl FnOnce() -> std::io::Result<Box<dyn Source>> + Send + 'static> {
    let (place, _) = bridge.session().reader(account)?.file(file).await.ok()??;
    Some(move || Ok(Box::new(place.open()?) as Box<dyn Source>))
}
