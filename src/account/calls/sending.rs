//! What a call says: messages to all devices, requests to one.
//!
//! A link may break in mid-call and the session be resumed. What is said in between waits here, in order; a stanza that
//! was on its way is sent again by the stream itself.

use std::collections::VecDeque;

use model::CallId;
use store::NewOutboxRow;
use xmpp::{
    minidom::Element,
    payload,
    xep_0166_jingle::{Action, Jingle},
    xep_0334_hints::Hint,
    xep_0353_invitations::{Act, Invitation},
    xep_0482_call_invites::{self as invites, CallInvite},
    xml,
};

use super::call::{Begun, Live};
use crate::{
    Error, outbox,
    turn::{IqKind, PendingIq, Turn},
};

/// More than this is not kept for a link that is broken.
const MAX_WAITING: usize = 128;

/// What waits for the link.
#[derive(Default)]
pub struct Memory {
    waiting: VecDeque<Waiting>,
}

enum Waiting {
    Message(Element),
    Request(String, Element, CallId, Action),
}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Which servers help media to find a way.
    Services,
    /// Something of a session.
    Said(CallId, Action),
}

/// Asks something of the device a call is with.
pub fn request(turn: &mut Turn<'_, '_>, call: &Live, mut jingle: Jingle) {
    let Some(device) = call.device.as_ref().map(ToString::to_string) else { return };
    let own = turn.state.own.full.as_ref().map(ToString::to_string);
    match jingle.action {
        Action::SessionInitiate => jingle.initiator = own,
        Action::SessionAccept => jingle.responder = own,
        _ => {}
    }
    let action = jingle.action;
    say(turn, Waiting::Request(device, jingle.element(), call.id, action));
}

/// Says something of the call to the other side: to the device it is with if that is known, else to all of theirs.
pub fn to_them(turn: &mut Turn<'_, '_>, call: &Live, act: Act) {
    let to = call.device.as_ref().map_or_else(|| call.peer.to_string(), ToString::to_string);
    if let Begun::Invite(id) = &call.begun {
        if let Some(act) = as_invite(&act, &call.session) {
            let child = CallInvite { id: id.clone(), act }.element();
            message(turn, &to, None, child);
        }
        return;
    }
    let child = Invitation { session: call.session.clone(), act }.element();
    message(turn, &to, None, child);
}

/// Proposes a call to all their devices.
pub fn propose(turn: &mut Turn<'_, '_>, call: &Live) {
    let Begun::Proposal(id) = &call.begun else { return };
    let invitation = Invitation { session: call.session.clone(), act: Act::Propose(call.proposed.clone()) };
    message(turn, call.peer.as_str(), Some(id.clone()), invitation.element());
}

/// Answers what somebody proposed that is no call here.
pub fn answer(turn: &mut Turn<'_, '_>, to: &str, session: &str, act: Act) {
    let invitation = Invitation { session: session.to_owned(), act };
    message(turn, to, None, invitation.element());
}

/// Tells the user's other devices, in the words of version 0.3.
pub fn to_own_devices(turn: &mut Turn<'_, '_>, call: &Live, act: Act) {
    if matches!(call.begun, Begun::Proposal(_)) {
        let own = turn.own_bare().to_string();
        let invitation = Invitation { session: call.session.clone(), act };
        message(turn, &own, None, invitation.element());
    }
}

/// Says something that must reach the archives even if the link is gone.
pub fn lasting(turn: &mut Turn<'_, '_>, call: &Live, invitation: &Invitation) -> Result<(), Error> {
    let id = turn.new_id();
    let bytes = xml::serialise(&stanza(call.peer.as_str(), &id, invitation.element()));
    let row = NewOutboxRow::apart(&id, &bytes, turn.now.wall);
    outbox::push(turn, &row)
}

fn as_invite(act: &Act, session: &str) -> Option<invites::Act> {
    let session = || invites::Session { id: session.to_owned(), from: None };
    Some(match act {
        Act::Proceed { .. } => invites::Act::Accept(Some(session())),
        Act::Reject { .. } => invites::Act::Reject,
        Act::Finish { .. } => invites::Act::Left,
        _ => return None,
    })
}

fn message(turn: &mut Turn<'_, '_>, to: &str, id: Option<String>, child: Element) {
    let id = id.unwrap_or_else(|| turn.new_id());
    say(turn, Waiting::Message(stanza(to, &id, child)));
}

fn stanza(to: &str, id: &str, child: Element) -> Element {
    let attributes = [("to", to), ("type", "chat"), ("id", id)];
    payload::parent_tag("message", xml::NS_CLIENT, &attributes, [child, Hint::Store.element()])
}

fn say(turn: &mut Turn<'_, '_>, what: Waiting) {
    if turn.is_online() {
        return send(turn, what);
    }
    let waiting = &mut turn.state.calls.sending.waiting;
    if waiting.len() < MAX_WAITING {
        waiting.push_back(what);
    }
}

fn send(turn: &mut Turn<'_, '_>, what: Waiting) {
    match what {
        Waiting::Message(stanza) => turn.send(&stanza),
        Waiting::Request(to, jingle, call, action) => {
            turn.send_iq(IqKind::Set, Some(&to), jingle, PendingIq::Calls(Asked::Said(call, action)));
        }
    }
}

/// The link is back.
pub fn resumed(turn: &mut Turn<'_, '_>) {
    for what in std::mem::take(&mut turn.state.calls.sending.waiting) {
        send(turn, what);
    }
}
