//! Contents that the other side adds, takes away and changes while a session lasts.

use model::{MediaCommand, MediaDescription, MediaKind};
use xmpp::xep_0166_jingle::{self as wire, Action, Condition, Jingle, MAX_CONTENTS};

use super::{
    call::{Content, ContentState, Live, Question},
    contents::{drop_contents, ours_pending, tell_muted},
    descriptions, ending, engine, sending, session,
    table::{Phase, Trigger},
};
use crate::{Error, inbound::Reply, turn::Turn};

/// They add contents.
pub fn add(turn: &mut Turn<'_, '_>, call: &mut Live, jingle: &Jingle) -> Result<Reply, Error> {
    if call.phase != Phase::Active {
        return Ok(session::out_of_order());
    }
    let mut description = match descriptions::describe(call, jingle) {
        Ok(description) => description,
        Err(trigger) => {
            ending::advance(turn, call, trigger)?;
            return Ok(Reply::Result(None));
        }
    };
    let pending = ours_pending(call);
    let is_same = call.contents.iter().any(|ours| {
        pending.contains(&ours.name) && description.contents.iter().any(|new| new.rtp.media == ours.media)
    });
    let sends = call.sends;
    if is_same {
        if call.is_initiator {
            return Ok(session::tie_break());
        }
        // Ours is refused; what the user wanted to send goes by theirs.
        drop_contents(turn, call, &pending);
    }
    let is_known = |name: &String| call.contents.iter().any(|known| known.name == *name);
    let is_double = jingle.contents.iter().any(|new| is_known(&new.name));
    if is_double || call.contents.len() + jingle.contents.len() > MAX_CONTENTS {
        ending::advance(turn, call, Trigger::Nonsense)?;
        return Ok(Reply::BAD_REQUEST);
    }
    call.sends = sends;
    if !call.bundle {
        description.bundle.clear();
    }
    for content in &description.contents {
        let senders = call.senders(content.flow);
        call.contents.push(Content {
            name: content.name.clone(),
            creator: call.their_side(),
            media: content.rtp.media,
            senders,
            state: ContentState::Wanted,
            credentials: content.transport.credentials.clone(),
        });
    }
    // Dino says that the initiator made all contents, and wants to hear so.
    for content in &jingle.contents {
        if let Some(known) = call.content(&content.name) {
            known.creator = content.creator;
        }
    }
    call.them.video = true;
    let names = jingle.contents.iter().map(|content| content.name.clone()).collect();
    engine::ask(turn, call, Question::TakeAdded(names), MediaCommand::Answer(description));
    Ok(Reply::Result(None))
}

/// Media described what it takes of what they add.
pub fn taken_ready(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    names: &[String],
    description: MediaDescription,
) -> Result<(), Error> {
    if call.phase != Phase::Active {
        return Ok(());
    }
    let (mut refused, mut gone) = (Vec::new(), Vec::new());
    for name in names {
        match call.contents.iter().find(|content| content.name == *name) {
            // They removed it meanwhile.
            None => gone.push(name.clone()),
            Some(content) if !description.contents.iter().any(|taken| taken.name == *name) => {
                refused.push(wire::Content::stub(content.creator, name, content.senders));
            }
            Some(_) => {}
        }
    }
    if !refused.is_empty() {
        call.contents.retain(|content| !refused.iter().any(|refused| refused.name == content.name));
        let reason = Some(Condition::IncompatibleParameters.into());
        let jingle =
            Jingle { contents: refused, reason, ..Jingle::new(Action::ContentReject, &call.session) };
        sending::request(turn, call, jingle);
    }
    let mut taken = description;
    taken.contents.retain(|content| names.contains(&content.name) && !gone.contains(&content.name));
    if !gone.is_empty() {
        engine::tell(turn, call.id, MediaCommand::Remove(gone));
    }
    for content in &taken.contents {
        if let Some(known) = call.content(&content.name) {
            known.state = ContentState::Accepted;
        }
    }
    if taken.contents.is_empty() {
        return Ok(());
    }
    let jingle = descriptions::jingle_of(call, Action::ContentAccept, &taken);
    if session::say(turn, call, jingle)? && !call.sends.pictures() {
        tell_muted(turn, call, MediaKind::Video, true);
    }
    Ok(())
}

/// They take contents away.
pub fn remove(turn: &mut Turn<'_, '_>, call: &mut Live, jingle: &Jingle) -> Result<Reply, Error> {
    let is_known = |name: &String| call.contents.iter().any(|content| content.name == *name);
    let names: Vec<String> =
        jingle.contents.iter().map(|content| content.name.clone()).filter(is_known).collect();
    if names.is_empty() {
        return Ok(Reply::Error { kind: "cancel", condition: "item-not-found" });
    }
    drop_contents(turn, call, &names);
    if call.contents.is_empty() {
        ending::advance(turn, call, Trigger::HangsUp)?;
    }
    Ok(Reply::Result(None))
}

/// They change who sends. What they want of us is ours to decide: nothing is captured for it.
pub fn modify(turn: &mut Turn<'_, '_>, call: &mut Live, jingle: &Jingle) -> Reply {
    let mut flows = Vec::new();
    for change in &jingle.contents {
        let Some(content) = call.content(&change.name) else {
            return Reply::Error { kind: "cancel", condition: "item-not-found" };
        };
        content.senders = change.senders;
        flows.push((change.name.clone(), call.flow(change.senders)));
    }
    // Dino narrows an offer before it takes it: media then learns with the description.
    if call.engine.has_begun && call.phase == Phase::Active {
        for (content, flow) in flows {
            engine::tell(turn, call.id, MediaCommand::SetFlow { content, flow });
        }
    }
    call.them.video = true;
    Reply::Result(None)
}
