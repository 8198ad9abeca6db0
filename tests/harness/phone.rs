//! Somebody's telephone: what is told of their calls, and what they do about it.

use std::time::{Duration, Instant};

use model::{
    AccountCommand, BareJid, Call, CallCommand, CallLine, CallState, CallStatistics, Content, EventKind,
    MediaKind,
};
use session::{EventStream, Heard};

use crate::{Person, person::block_on, wait::LONG_PATIENCE};

/// The telephone of a [`Person::who_calls`].
pub struct Phone<'a> {
    /// Whose it is.
    pub person: &'a Person,
    /// The call that was told of last.
    pub call: Option<Call>,
    /// How its media did when it was told last.
    pub statistics: CallStatistics,
    events: EventStream,
}

impl<'a> Phone<'a> {
    /// From now on.
    pub fn of(person: &'a Person) -> Self {
        let events = person.session.events();
        Self { person, call: None, statistics: CallStatistics::default(), events }
    }

    /// Calls somebody.
    pub fn call(&self, other: &BareJid, video: bool) {
        let conversation = self.person.conversation(other);
        self.person.command(AccountCommand::StartCall(conversation, video));
    }

    /// Does something about the call there is.
    ///
    /// # Panics
    /// When there is none.
    pub fn does(&self, command: CallCommand) {
        let call = self.call.as_ref().expect("a call");
        self.person.command(AccountCommand::Call(call.id, command));
    }

    /// Takes the call that rings.
    pub fn answers(&mut self, video: bool) {
        self.until("ringing", |phone| phone.state() == Some(CallState::Ringing));
        self.does(CallCommand::Answer { video });
    }

    /// Sends a kind of media, or does not.
    pub fn sends(&self, media: MediaKind, on: bool) {
        self.does(CallCommand::Send(media, on));
    }

    /// How far the call is.
    pub fn state(&self) -> Option<CallState> {
        self.call.as_ref().map(|call| call.state)
    }

    /// Whether they talk.
    pub fn is_connected(&self) -> bool {
        matches!(self.state(), Some(CallState::Connected { .. }))
    }

    /// Listens until it is as wanted.
    ///
    /// # Panics
    /// When that takes too long.
    #[track_caller]
    pub fn until(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + LONG_PATIENCE;
        while !wanted(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            let address = &self.person.address;
            assert!(left > Duration::ZERO, "{address}: not {what}: {:?} {:?}", self.call, self.statistics);
            let events = &mut self.events;
            match block_on(async { tokio::time::timeout(left, events.next()).await }) {
                Ok(Some(Heard::Event(event))) if event.account == self.person.account => {
                    self.hear(event.kind);
                }
                Ok(Some(_)) | Err(_) => {}
                Ok(None) => panic!("the service has ended"),
            }
        }
    }

    fn hear(&mut self, event: EventKind) {
        match event {
            EventKind::Call(call) => self.call = Some(*call),
            EventKind::CallStatistics(id, statistics)
                if self.call.as_ref().is_some_and(|call| call.id == id) =>
            {
                self.statistics = *statistics;
            }
            _ => {}
        }
    }

    /// Listens until the other side's tone was heard in that many more pieces of 20 ms, and that many more pictures were seen.
    #[track_caller]
    pub fn hears_and_sees(&mut self, pieces: u64, pictures: u64) {
        let before = self.statistics;
        self.until("hearing and seeing", |phone| {
            let now = phone.statistics;
            // A sine of half the greatest amplitude.
            now.audio.level.is_some_and(|level| (-12..=-6).contains(&level))
                && now.audio.decoded >= before.audio.decoded + pieces
                && now.video.decoded >= before.video.decoded + pictures
        });
    }

    /// The lines of calls in the history with somebody, oldest first.
    pub fn lines(&self, other: &BareJid) -> Vec<CallLine> {
        let messages = self.person.messages(other, 100);
        let lines = messages.into_iter().filter_map(|message| match message.content {
            Content::Call(line) => Some(line),
            _ => None,
        });
        lines.collect()
    }
}
