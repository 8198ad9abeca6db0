//! Contents that come, change and go while a session lasts.
//!
//! Adding video to a voice call adds a content. Whoever adds one sends; the other side takes it as it is offered, and
//! begins to send only when its user wants to: what is not captured is not sent, whatever the content would allow. A
//! camera that is turned off leaves its content where it is and tells that it is muted, since Dino cannot remove one.
//! Both sides adding the same at once is decided for the one who began the session (XEP-0166 §7.2.16).

use model::{Flow, MediaCommand, MediaDescription, MediaKind, WantedContent};
use xmpp::{
    xep_0166_jingle::{self as wire, Action, Jingle, MAX_CONTENTS},
    xep_0167_rtp::Info,
};

use super::{
    call::{Content, ContentState, Live, Question},
    commands, descriptions, ending, engine, sending, session,
    table::Phase,
};
use crate::{Error, inbound::Reply, turn::Turn};

/// What a content of ours is called.
pub fn name_of(media: MediaKind) -> &'static str {
    match media {
        MediaKind::Audio => "audio",
        MediaKind::Video | MediaKind::Screen => "video",
    }
}

/// A name that no content of a call has.
fn free_name(call: &Live, media: MediaKind) -> String {
    let name = name_of(media);
    let is_taken = |name: &str| call.contents.iter().any(|content| content.name == name);
    let mut free = name.to_owned();
    for number in 2..=MAX_CONTENTS + 2 {
        if !is_taken(&free) {
            break;
        }
        free = format!("{name}-{number}");
    }
    free
}

/// The user wants camera or screen to be sent, or not. Both go by one content, which others know as video: while the screen is
/// shown, media sends it in place of the camera.
pub fn send(turn: &mut Turn<'_, '_>, call: &mut Live, media: MediaKind, on: bool) -> Result<(), Error> {
    let before = call.sends.pictures();
    let wanted = match media {
        MediaKind::Screen => &mut call.sends.screen,
        _ => &mut call.sends.camera,
    };
    if *wanted == on {
        return Ok(());
    }
    *wanted = on;
    if !call.engine.has_begun {
        return Ok(());
    }
    engine::tell(turn, call.id, MediaCommand::Capture { media, on });
    let sends = call.sends.pictures();
    if call.phase != Phase::Active || sends == before {
        return Ok(());
    }
    let side = call.side();
    let Some(content) = call.contents.iter_mut().find(|content| content.media == MediaKind::Video) else {
        if sends {
            add_ours(turn, call, MediaKind::Video);
        }
        return Ok(());
    };
    if sends && content.state == ContentState::Accepted && !content.senders.include(side) {
        let name = content.name.clone();
        let flow = Flow { sends: true, ..call.flow(content_senders(call, &name)) };
        set_senders(turn, call, &name, flow);
    }
    tell_muted(turn, call, MediaKind::Video, !sends);
    Ok(())
}

fn content_senders(call: &Live, name: &str) -> wire::Senders {
    let content = call.contents.iter().find(|content| content.name == name);
    content.map_or(wire::Senders::Nobody, |content| content.senders)
}

/// Changes who sends, and says so.
fn set_senders(turn: &mut Turn<'_, '_>, call: &mut Live, name: &str, flow: Flow) {
    let senders = call.senders(flow);
    let Some(content) = call.content(name) else { return };
    content.senders = senders;
    let stub = wire::Content::stub(content.creator, name, senders);
    let jingle = Jingle { contents: vec![stub], ..Jingle::new(Action::ContentModify, &call.session) };
    engine::tell(turn, call.id, MediaCommand::SetFlow { content: name.to_owned(), flow });
    sending::request(turn, call, jingle);
}

/// The call goes on by a session: what the user wants to be sent and is not part of it is added.
pub fn add_wanted(turn: &mut Turn<'_, '_>, call: &mut Live) {
    let has_pictures = call.contents.iter().any(|content| content.media == MediaKind::Video);
    if call.sends.pictures() && !has_pictures {
        add_ours(turn, call, MediaKind::Video);
    }
}

fn add_ours(turn: &mut Turn<'_, '_>, call: &mut Live, media: MediaKind) {
    let name = free_name(call, media);
    let side = call.side();
    call.contents.push(Content {
        name: name.clone(),
        creator: side,
        media,
        senders: wire::Senders::Both,
        state: ContentState::Offered,
        credentials: None,
    });
    let wanted = vec![WantedContent { name: name.clone(), media, flow: Flow::BOTH }];
    engine::ask(turn, call, Question::Add(vec![name]), MediaCommand::Offer(wanted));
}

/// Media described what we add.
pub fn added_ready(
    turn: &mut Turn<'_, '_>,
    call: &mut Live,
    names: &[String],
    description: MediaDescription,
) -> Result<(), Error> {
    // They may have ended it, or won a tie, meanwhile.
    let pending = ours_pending(call);
    if call.phase != Phase::Active || !names.iter().all(|name| pending.contains(name)) {
        return Ok(());
    }
    if engine::is_empty(&description) {
        drop_contents(turn, call, names);
        return Ok(());
    }
    let jingle = descriptions::jingle_of(call, Action::ContentAdd, &description);
    session::say(turn, call, jingle)?;
    Ok(())
}

/// Forgets contents, here and in media.
pub fn drop_contents(turn: &mut Turn<'_, '_>, call: &mut Live, names: &[String]) {
    let is_gone = |content: &Content| content.media == MediaKind::Video && names.contains(&content.name);
    if call.contents.iter().any(is_gone) {
        (call.sends.camera, call.sends.screen) = (false, false);
    }
    call.contents.retain(|content| !names.contains(&content.name));
    if call.engine.has_begun {
        engine::tell(turn, call.id, MediaCommand::Remove(names.to_vec()));
    } else if let Some(offer) = &mut call.engine.their_offer {
        offer.contents.retain(|content| !names.contains(&content.name));
        offer.bundle.retain(|name| !names.contains(name));
    }
}

/// Names of contents that we offered and they have not taken.
pub fn ours_pending(call: &Live) -> Vec<String> {
    let side = call.side();
    let pending = |content: &&Content| content.state == ContentState::Offered && content.creator == side;
    call.contents.iter().filter(pending).map(|content| content.name.clone()).collect()
}

/// What we added while they did the same is not taken.
pub fn lost_tie(turn: &mut Turn<'_, '_>, call: &mut Live) {
    let pending = ours_pending(call);
    if call.phase == Phase::Active && !pending.is_empty() {
        drop_contents(turn, call, &pending);
    }
}

/// They took our contents: those of them that they did take.
pub fn took(turn: &mut Turn<'_, '_>, call: &mut Live, description: &MediaDescription) {
    let refused: Vec<String> = ours_pending(call)
        .into_iter()
        .filter(|name| !description.contents.iter().any(|content| content.name == *name))
        .collect();
    if !refused.is_empty() {
        drop_contents(turn, call, &refused);
    }
    for taken in &description.contents {
        let senders = call.senders(taken.flow);
        if let Some(content) = call.content(&taken.name) {
            content.state = ContentState::Accepted;
            content.senders = senders;
            content.credentials.clone_from(&taken.transport.credentials);
        }
    }
}

/// They took what we added.
pub fn accepted(turn: &mut Turn<'_, '_>, call: &mut Live, jingle: &Jingle) -> Result<Reply, Error> {
    let pending = ours_pending(call);
    let is_ours = !jingle.contents.is_empty()
        && jingle.contents.iter().all(|content| pending.contains(&content.name))
        && call.phase == Phase::Active;
    if !is_ours {
        return Ok(session::out_of_order());
    }
    let description = match descriptions::describe(call, jingle) {
        Ok(description) => description,
        Err(trigger) => {
            ending::advance(turn, call, trigger)?;
            return Ok(Reply::Result(None));
        }
    };
    for taken in &description.contents {
        let senders = call.senders(taken.flow);
        if let Some(content) = call.content(&taken.name) {
            content.state = ContentState::Accepted;
            content.senders = senders;
            content.credentials.clone_from(&taken.transport.credentials);
        }
    }
    engine::tell(turn, call.id, MediaCommand::Apply(description));
    Ok(Reply::Result(None))
}

/// They do not take what we added.
pub fn rejected(turn: &mut Turn<'_, '_>, call: &mut Live, jingle: &Jingle) -> Reply {
    let pending = ours_pending(call);
    let names: Vec<String> = jingle
        .contents
        .iter()
        .map(|content| content.name.clone())
        .filter(|name| pending.contains(name) && call.phase == Phase::Active)
        .collect();
    if names.is_empty() {
        return session::out_of_order();
    }
    drop_contents(turn, call, &names);
    Reply::Result(None)
}

/// Tells them that a kind of ours is off, or on again.
pub fn tell_muted(turn: &mut Turn<'_, '_>, call: &Live, media: MediaKind, off: bool) {
    let side = call.side();
    let names: Vec<String> = call
        .contents
        .iter()
        .filter(|content| {
            content.media == media && content.state == ContentState::Accepted && content.senders.include(side)
        })
        .map(|content| content.name.clone())
        .collect();
    for name in names {
        let info = if off { Info::Mute(Some(name)) } else { Info::Unmute(Some(name)) };
        commands::say(turn, call, info);
    }
}

/// The credentials they have for a content now.
pub fn credentials<'c>(call: &'c Live, name: &str) -> Option<&'c model::IceCredentials> {
    call.contents.iter().find(|content| content.name == name)?.credentials.as_ref()
}

/// Whether a content can have candidates.
pub fn knows(call: &Live, name: &str) -> bool {
    call.contents.iter().any(|content| content.name == name)
}
