//! One call, while it lasts.

use std::{collections::VecDeque, time::Duration};

use model::{
    BareJid, Call, CallId, CallLine, CallOutcome, CallSecurity, CallState, ContentCandidates, ConversationId,
    Direction, Flow, IceCredentials, MediaDescription, MediaKind, Participant, Timestamp,
};
use xmpp::{
    Address,
    xep_0166_jingle::{Senders, Side},
};

use super::{security::Vouching, table::Phase};

/// A call.
#[derive(Clone, Debug)]
pub struct Live {
    /// Its line in the history.
    pub id: CallId,
    /// Where that stands.
    pub conversation: ConversationId,
    /// Who began it: as the line says.
    pub direction: Direction,
    /// The other side.
    pub peer: BareJid,
    /// The id of the session.
    pub session: String,
    /// Whether we began the session: not the same as the call, if both called.
    pub is_initiator: bool,
    /// How the call was begun.
    pub begun: Begun,
    /// How far it is.
    pub phase: Phase,
    /// The device of theirs it is with, or will be.
    pub device: Option<Address>,
    /// The media it was proposed with.
    pub proposed: Vec<MediaKind>,
    /// A device of theirs rings.
    pub rings: bool,
    /// When the present phase has lasted too long.
    pub deadline: Option<Duration>,
    /// When new ways are looked for, if none was found until then.
    pub restart_at: Option<Duration>,
    /// What is to be sealed, and what was vouched for.
    pub vouching: Vouching,
    /// What media has been told.
    pub engine: Engine,
    /// The contents of the session, ours and theirs.
    pub contents: Vec<Content>,
    /// Whether they share a transport.
    pub bundle: bool,
    /// What the user wants to be sent.
    pub sends: Sends,
    /// The other side.
    pub them: Participant,
    /// What became of it.
    pub ended: Option<CallOutcome>,
    /// The session that goes on in its place.
    pub succeeded_by: Option<String>,
}

/// How a call was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// By a proposal (XEP-0353), whose message had this id.
    Proposal(String),
    /// By an invitation with this id (XEP-0482).
    Invite(String),
    /// By the session itself.
    Session,
}

/// What the user wants to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Sends {
    pub microphone: bool,
    pub camera: bool,
    pub screen: bool,
    /// The others are on hold.
    pub on_hold: bool,
}

impl Sends {
    /// Whether there are pictures to be sent.
    pub fn pictures(self) -> bool {
        self.camera || self.screen
    }
}

/// What media has been told, and what waits.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    /// It has begun.
    pub has_begun: bool,
    /// It is to begin as soon as it is known which servers help.
    pub waits_for_servers: bool,
    /// What it was asked for: each answer is for the first.
    pub asked: VecDeque<Question>,
    /// Their session, until media may see it.
    pub their_offer: Option<MediaDescription>,
    /// Media knows their description: candidates may go there.
    pub knows_theirs: bool,
    /// Candidates of theirs that came before.
    pub early: Vec<ContentCandidates>,
    /// They know our description: candidates may go to them.
    pub they_know_ours: bool,
    /// Candidates of ours that were there before.
    pub ours_early: Vec<ContentCandidates>,
    /// Whether media flows.
    pub way: Way,
}

/// Whether media flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Not yet.
    #[default]
    None,
    /// Since then.
    Found(Since),
    /// It did since then, and is broken.
    Broken(Since),
}

/// A moment, on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    pub wall: Timestamp,
    pub monotonic: Duration,
}

/// What media was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The session we offer.
    Initiate,
    /// The answer to the session they offer.
    Accept,
    /// Contents we add.
    Add(Vec<String>),
    /// The answer to contents they add.
    TakeAdded(Vec<String>),
    /// New credentials.
    Restart(Restart),
}

/// Who began a restart, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// We did.
    Ours,
    /// We did, and so did they.
    Yielded,
    /// They did, by new credentials.
    Theirs,
    /// They did, by putting a transport in place of another.
    TheirsByReplacing,
}

/// A content of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub name: String,
    pub creator: Side,
    pub media: MediaKind,
    pub senders: Senders,
    /// How far it is.
    pub state: ContentState,
    /// Their credentials: others mean a restart.
    pub credentials: Option<IceCredentials>,
}

/// How far a content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentState {
    /// Offered by us.
    Offered,
    /// Offered by them.
    Wanted,
    /// Both sides have it.
    Accepted,
}

impl Live {
    /// A call about which little is known.
    pub fn new(
        id: CallId,
        conversation: ConversationId,
        direction: Direction,
        peer: &BareJid,
        phase: Phase,
    ) -> Self {
        Self {
            id,
            conversation,
            direction,
            peer: peer.clone(),
            session: String::new(),
            is_initiator: direction == Direction::Outgoing,
            begun: Begun::Session,
            phase,
            device: None,
            proposed: vec![MediaKind::Audio],
            rings: false,
            deadline: None,
            restart_at: None,
            vouching: Vouching::default(),
            engine: Engine::default(),
            contents: Vec::new(),
            bundle: false,
            sends: Sends { microphone: true, camera: false, screen: false, on_hold: false },
            them: Participant {
                address: peer.clone(),
                security: CallSecurity::Servers,
                muted: false,
                video: true,
                on_hold: false,
            },
            ended: None,
            succeeded_by: None,
        }
    }

    /// Which side of the session we are.
    pub fn side(&self) -> Side {
        if self.is_initiator { Side::Initiator } else { Side::Responder }
    }

    /// Which side they are.
    pub fn their_side(&self) -> Side {
        if self.is_initiator { Side::Responder } else { Side::Initiator }
    }

    /// Who sends, as we see it.
    pub fn flow(&self, senders: Senders) -> Flow {
        Flow { sends: senders.include(self.side()), receives: senders.include(self.their_side()) }
    }

    /// Who sends, as a session says it.
    pub fn senders(&self, flow: Flow) -> Senders {
        if self.is_initiator {
            Senders::new(flow.sends, flow.receives)
        } else {
            Senders::new(flow.receives, flow.sends)
        }
    }

    /// A content by its name.
    pub fn content(&mut self, name: &str) -> Option<&mut Content> {
        self.contents.iter_mut().find(|content| content.name == name)
    }

    /// Whether the call began with video.
    pub fn is_video(&self) -> bool {
        self.proposed.contains(&MediaKind::Video)
    }

    /// Since when they talk, if they do or did.
    pub fn since(&self) -> Option<Since> {
        match self.engine.way {
            Way::None => None,
            Way::Found(since) | Way::Broken(since) => Some(since),
        }
    }

    /// What its line says.
    pub fn line(&self) -> CallLine {
        CallLine { video: self.is_video(), outcome: self.ended.unwrap_or(CallOutcome::UnderWay) }
    }

    fn state(&self) -> CallState {
        match (self.phase, self.engine.way) {
            (Phase::Ended, _) => CallState::Ended(self.ended.unwrap_or(CallOutcome::UnderWay)),
            (Phase::Proposed, _) if !self.rings => CallState::Calling,
            (Phase::Initiated, _) if self.begun == Begun::Session && !self.rings => CallState::Calling,
            (Phase::Proposed | Phase::Invited | Phase::Offered, _) => CallState::Ringing,
            (Phase::Initiated, _) if self.begun == Begun::Session => CallState::Ringing,
            (_, Way::None) => CallState::Connecting,
            (_, Way::Found(since)) => CallState::Connected { since: since.wall },
            (_, Way::Broken(since)) => CallState::Reconnecting { since: since.wall },
        }
    }

    /// As it is told.
    pub fn snapshot(&self) -> Call {
        let theirs = self.their_side();
        let video = self.them.video
            && self.contents.iter().any(|content| {
                content.media != MediaKind::Audio
                    && content.state == ContentState::Accepted
                    && content.senders.include(theirs)
            });
        Call {
            id: self.id,
            conversation: self.conversation,
            direction: self.direction,
            state: self.state(),
            video: self.is_video(),
            participants: vec![Participant { video, security: self.vouching.security, ..self.them.clone() }],
            microphone: self.sends.microphone,
            camera: self.sends.camera,
            screen: self.sends.screen,
            on_hold: self.sends.on_hold,
        }
    }
}
