use std::time::Duration;

use async_channel::{Receiver, Sender};
use model::{AccountId, Answer, Command, Failure, Request};

use crate::{
    AccountInfo, EventStream,
    events::Bus,
    mail::Reply,
    service::{self, ToService},
    table::Table,
};

/// The front end's end of the service.
pub(crate) struct Handle {
    to_service: Sender<ToService>,
    bus: Bus,
    table: Table,
    /// Closed when the service has ended.
    ended: Receiver<()>,
}

impl Handle {
    pub(crate) fn new(to_service: Sender<ToService>, bus: Bus, table: Table, ended: Receiver<()>) -> Self {
        Self { to_service, bus, table, ended }
    }

    pub(crate) fn send(&self, command: Command) {
        // Closed: the service has ended, and there is nobody left to do it.
        let _ = self.to_service.try_send(ToService::Command(command));
    }

    pub(crate) async fn ask(&self, request: Request) -> Result<Answer, Failure> {
        let (reply, answer) = Reply::channel();
        if self.to_service.try_send(ToService::Ask(request, reply)).is_err() {
            return Err(Failure::Gone);
        }
        answer.recv().await.unwrap_or(Err(Failure::Gone))
    }

    pub(crate) fn events(&self) -> EventStream {
        self.bus.listen()
    }

    pub(crate) fn accounts(&self) -> Vec<AccountInfo> {
        self.table.listed()
    }

    pub(crate) fn reader(&self, account: AccountId) -> Option<store::ReaderHandle> {
        self.table.reader(account)
    }

    pub(crate) fn end(&self, at_most: Duration) -> bool {
        self.send(Command::Quit);
        let Ok(runtime) = service::small_runtime() else { return false };
        // The channel never carries anything: it closes when the service ends.
        runtime.block_on(async { tokio::time::timeout(at_most, self.ended.recv()).await }).is_ok()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.send(Command::Quit);
    }
}
