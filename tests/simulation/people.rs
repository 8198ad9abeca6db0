//! What people do: write, read, scroll up.

use account::{Input, Question};
use model::{AccountCommand, Direction, Message, MessageId, Outgoing, RequestId};
use store::{Anchor, PageRequest};

use crate::world::{Happening, World};

impl World {
    /// Somebody writes something, or several things at once.
    pub fn say(&mut self, device: usize) {
        let burst = self.chance.pick(&[1, 1, 1, 2, 5]);
        for _ in 0..burst {
            self.say_one(device);
        }
        if self.now < self.end_of_talk {
            let pause = self.weather.length * self.talkers() / self.weather.messages;
            let pause = self.chance.below(pause * 4) + 1;
            self.after(pause, Happening::Say(device));
        }
    }

    fn talkers(&self) -> u64 {
        self.devices.len() as u64
    }

    fn say_one(&mut self, device: usize) {
        if self.devices[device].account.is_none() {
            return;
        }
        let peer = self.devices[device].peer.clone();
        if self.devices[device].conversation.is_none() {
            self.give(device, Input::Ask(RequestId(1), Question::OpenConversation(peer.clone())));
            let conversation = self.devices[device].read(|reads| reads.conversation_with(&peer));
            // The commit may have failed.
            self.devices[device].conversation = conversation;
        }
        // Its process may have died of that.
        let (Some(conversation), Some(_)) =
            (self.devices[device].conversation, &self.devices[device].account)
        else {
            return;
        };
        let number = self.devices[device].said;
        let text = format!("{} {number}", self.devices[device].name);
        self.devices[device].said += 1;
        self.tell(|| format!("{device} says {text}"));
        let outgoing = Outgoing { text: text.clone(), reply_to: None, corrects: None };
        // Said before it is given: what a failed commit takes back is given again.
        self.said.push(text);
        self.give(device, Input::Command(AccountCommand::Send(conversation, outgoing)));
    }

    /// Somebody looks at what came, and perhaps at what was before.
    pub fn look(&mut self, device: usize) {
        let pause = self.chance.between(500, self.weather.length.max(1000));
        if self.now < self.end_of_talk {
            self.after(pause, Happening::Look(device));
        }
        let newest =
            self.history(device).into_iter().rfind(|message| message.direction == Direction::Incoming);
        let (Some(newest), Some(_)) = (newest, &self.devices[device].account) else { return };
        self.give(device, Input::Command(AccountCommand::MarkRead(newest.conversation, newest.id)));
        if self.chance.once_in(3) {
            self.scroll_up(device);
        }
    }

    /// Somebody scrolls up to the beginning. Whether there may be more.
    pub fn scroll_up(&mut self, device: usize) -> bool {
        let peer = self.devices[device].peer.clone();
        let stored = self.devices[device].read(|reads| match reads.conversation_with(&peer)? {
            Some(conversation) => reads.stored_conversation(conversation),
            None => Ok(None),
        });
        match stored {
            Some(stored) if !stored.history_complete && self.devices[device].account.is_some() => {
                self.give(device, Input::Command(AccountCommand::LoadOlder(stored.id)));
                true
            }
            _ => false,
        }
    }

    /// The history of the one conversation, as it is shown.
    pub fn history(&mut self, device: usize) -> Vec<Message> {
        let peer = self.devices[device].peer.clone();
        self.devices[device].read(|reads| {
            let Some(conversation) = reads.conversation_with(&peer)? else { return Ok(Vec::new()) };
            Ok(reads.page(&PageRequest { conversation, anchor: Anchor::Newest, limit: 10_000 })?.messages)
        })
    }

    /// Whether a message counts as unread.
    pub fn is_unread(&mut self, device: usize, message: MessageId) -> bool {
        self.devices[device].read(|reads| reads.stored_message(message)).is_some_and(|row| row.unread)
    }
}
