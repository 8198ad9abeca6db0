//! What a person would see, as text.

use std::fmt::Write as _;

use model::{AddressWarning, ChatState, Content, Delivery, Direction, EventKind, Message, Timestamp};
use store::{Anchor, PageRequest};

use crate::device::Device;

/// Everything on the screen: conversations, their messages, and what was told since the last look.
pub fn print(device: &mut Device) -> String {
    let mut out = String::new();
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is not general enough in its lifetime"
    )]
    let conversations = device.read(|reads| reads.conversations());
    if conversations.is_empty() {
        out.push_str("(nothing)\n");
    }
    for summary in conversations {
        let conversation = &summary.conversation;
        if conversation.name != conversation.address.as_str() {
            write!(out, "{} = ", conversation.name).unwrap();
        }
        write!(out, "{}", conversation.address).unwrap();
        if let Some(warning) = &conversation.warning {
            match warning {
                AddressWarning::LooksLike(contact) => write!(out, " [looks like {contact}]").unwrap(),
                AddressWarning::MixedScripts => out.push_str(" [mixed scripts]"),
            }
        }
        if conversation.avatar.is_some() {
            out.push_str(" [picture]");
        }
        if conversation.unread > 0 {
            write!(out, " ({} unread)", conversation.unread).unwrap();
        }
        for (set, word) in [
            (conversation.stranger, "stranger"),
            (conversation.blocked, "blocked"),
            (conversation.archived, "archived"),
            (conversation.history_complete, "complete"),
        ] {
            if set {
                write!(out, " [{word}]").unwrap();
            }
        }
        out.push('\n');
        let request = PageRequest { conversation: conversation.id, anchor: Anchor::Newest, limit: 200 };
        for message in device.read(|reads| reads.page(&request)).messages {
            line(&mut out, &message);
        }
    }
    let events: Vec<String> = std::mem::take(&mut device.events).iter().filter_map(event).collect();
    if !events.is_empty() {
        writeln!(out, "told: {}", events.join(", ")).unwrap();
    }
    let refused: Vec<String> = device
        .account()
        .map(|account| account.refused().all().map(|(kind, count)| format!("{kind:?} {count}")).collect())
        .unwrap_or_default();
    if !refused.is_empty() {
        writeln!(out, "refused: {}", refused.join(", ")).unwrap();
    }
    out
}

fn line(out: &mut String, message: &Message) {
    let sender = match message.direction {
        Direction::Outgoing => "me",
        Direction::Incoming => message.sender.node().map_or("server", |node| node.as_str()),
    };
    write!(out, "  {} {sender}: ", clock(message.time)).unwrap();
    if let Some(reply) = &message.reply {
        let known = if reply.message.is_some() { "" } else { "?" };
        write!(out, "[{known}> {}] ", reply.text.replace('\n', " / ")).unwrap();
    }
    match &message.content {
        Content::Text(text) => out.push_str(&text.replace('\n', " / ")),
        Content::Retracted => out.push_str("(taken back)"),
        Content::Call(call) => {
            let kind = if call.video { "video call" } else { "call" };
            write!(out, "({kind}: {:?})", call.outcome).unwrap();
        }
        Content::Unreadable(reason) => write!(out, "({reason:?})").unwrap(),
    }
    if message.revisions > 0 {
        write!(out, " (edited {})", message.revisions).unwrap();
    }
    for reaction in &message.reactions {
        write!(out, " {}{}", reaction.emoji, reaction.count()).unwrap();
    }
    match &message.delivery {
        Delivery::Received => {}
        Delivery::Failed(failure) => {
            write!(out, " <failed: {:?} {}>", failure.reason, failure.text.as_deref().unwrap_or("")).unwrap();
        }
        delivery => write!(out, " <{delivery:?}>").unwrap(),
    }
    out.push('\n');
}

fn clock(time: Timestamp) -> String {
    let seconds = time.0.div_euclid(1000);
    let day = seconds.div_euclid(86400) - crate::device::MORNING.div_euclid(86_400_000);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let day = if day == 0 { String::new() } else { format!("{day:+}d ") };
    format!("{day}{hour:02}:{minute:02}:{second:02}")
}

fn event(event: &EventKind) -> Option<String> {
    Some(match event {
        EventKind::Connection(state) => format!("{state:?}"),
        EventKind::Syncing(true) => "syncing".to_owned(),
        EventKind::Syncing(false) => "synced".to_owned(),
        EventKind::ChatState(who, ChatState::Composing) => format!("{who} writes"),
        EventKind::ChatState(who, state) => format!("{who} {state:?}"),
        EventKind::Incoming(..) => "incoming".to_owned(),
        EventKind::OlderLoaded(_) => "older loaded".to_owned(),
        EventKind::Presence(who, presence) => format!("{who} is {:?}", presence.show),
        // Said for every row; the rows themselves are printed.
        EventKind::Changed { .. } => return None,
        other => format!("{other:?}"),
    })
}
