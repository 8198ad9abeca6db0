//! What must hold, whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use model::{Content, Delivery, Direction, Message};
use store::OutboxId;
use xmpp::minidom::Element;

use crate::world::World;

const NS_SM: &str = "urn:xmpp:sm:3";

impl World {
    /// Everything that must hold when all is quiet.
    pub fn check(&mut self) -> Result<(), String> {
        for device in 0..self.devices.len() {
            let history = self.history(device);
            let name = self.devices[device].name.clone();
            self.check_history(device, &history)
                .and_then(|()| self.check_counts(device, &history))
                .and_then(|()| self.check_outbox(device))
                .map_err(|fault| {
                    let shown: Vec<String> = history.iter().map(show).collect();
                    self.tell(|| format!("{name} shows\n    {}", shown.join("\n    ")));
                    format!("on {name}: {fault}")
                })?;
        }
        Ok(())
    }

    /// Nothing is lost, nothing is doubled, and what each device said stands in the order it was said.
    fn check_history(&self, device: usize, history: &[Message]) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        let mut last: BTreeMap<&str, u64> = BTreeMap::new();
        for message in history {
            let text = text(message);
            if !seen.insert(text) {
                return Err(format!("{text} is here twice"));
            }
            let (speaker, number) = text.split_once(' ').ok_or("nobody said this")?;
            let number = number.parse().map_err(|_| format!("nobody said {text}"))?;
            if let Some(before) = last.insert(speaker, number)
                && before > number
            {
                return Err(format!("{text} stands after {speaker} {before}"));
            }
        }
        for said in &self.said {
            if !seen.contains(said.as_str()) {
                return Err(format!("{said} is lost"));
            }
        }
        if seen.len() != self.said.len() {
            return Err("here is more than was said".to_owned());
        }
        let own = &self.devices[device].own;
        for message in history {
            let is_own = message.sender == *own;
            match (&message.delivery, message.direction) {
                (Delivery::Sent | Delivery::Delivered | Delivery::Read, Direction::Outgoing) if is_own => {}
                (Delivery::Received, Direction::Incoming) if !is_own => {}
                (delivery, _) => return Err(format!("{} is {delivery:?}", text(message))),
            }
        }
        Ok(())
    }

    /// What is counted is what a recount finds, and nothing is unread before what was read.
    fn check_counts(&mut self, device: usize, history: &[Message]) -> Result<(), String> {
        let Some(first) = history.first() else { return Ok(()) };
        let conversation = first.conversation;
        let summary =
            self.devices[device].read(|reads| reads.conversation(conversation)).ok_or("no conversation")?;
        let unread = history.iter().filter(|message| self.is_unread(device, message.id)).count();
        if u64::from(summary.conversation.unread) != unread as u64 {
            return Err(format!("{unread} are unread, and not {}", summary.conversation.unread));
        }
        Ok(())
    }

    /// Nothing waits to be sent.
    fn check_outbox(&mut self, device: usize) -> Result<(), String> {
        let (ready, open) = self.devices[device]
            .read(|reads| Ok((reads.outbox_ready(OutboxId(0), 10)?, reads.outbox_unsettled()?)));
        if ready.is_empty() && open.is_empty() {
            return Ok(());
        }
        Err(format!("{} wait and {} are not settled", ready.len(), open.len()))
    }

    /// `<a h=''/>` and `<resume h=''/>` never go back, and never exceed what is on disk (DESIGN rule 2).
    pub fn check_acknowledgement(&mut self, device: usize, link: usize, element: &Element) {
        let (session, told) = if element.is("a", NS_SM) {
            (self.server.session_of(link), element)
        } else if let Some(resume) = element.get_child("resume", NS_SM) {
            (self.server.session_by_id(resume.attr("previd").unwrap_or_default()), resume)
        } else {
            return;
        };
        let h: u32 = told.attr("h").and_then(|h| h.parse().ok()).expect("an acknowledgement has a number");
        let Some(session) = session else { return };
        let (before, promised) = self.server.acknowledged(session, h);
        assert!(h >= before, "device {device} acknowledged {before} and then {h}");
        for promise in promised {
            let there = self.devices[device].read(|reads| {
                let Some(conversation) = reads.conversation_with(&promise.peer)? else { return Ok(false) };
                Ok(reads.message_by_stanza_id(conversation, promise.side, &promise.id)?.is_some())
            });
            assert!(there, "device {device} acknowledged {h}, but {} is not on its disk", promise.id);
        }
    }
}

fn text(message: &Message) -> &str {
    match &message.content {
        Content::Text(text) => text,
        Content::Retracted | Content::Unreadable(_) | Content::Call(_) => "?",
    }
}

fn show(message: &Message) -> String {
    let (id, place, time) = (message.id.0, message.sort_time.0, message.time.0);
    format!("{place} #{id:<3} at {time} {} {:?}", text(message), message.delivery)
}
