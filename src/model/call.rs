//! A call, as people meet it: who, how far, how it ended.
//!
//! Everybody in a call is a [`Participant`], so that a call of several is a longer list and nothing else.

use std::{os::fd::OwnedFd, sync::Arc, time::Duration};

use crate::{BareJid, CallId, ConversationId, Direction, Timestamp};

/// A call that is under way, as it is now. It is told whole at each change and never stored; what stays of it is a
/// [`CallLine`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its row in the history.
    pub id: CallId,
    /// Where its line stands.
    pub conversation: ConversationId,
    /// Who began it.
    pub direction: Direction,
    /// How far it is.
    pub state: CallState,
    /// Whether it began as a call with video.
    pub video: bool,
    /// Everybody but the user.
    pub participants: Vec<Participant>,
    /// Whether the user's microphone is sent.
    pub microphone: bool,
    /// Whether the user's camera is sent.
    pub camera: bool,
    /// Whether the user's screen is sent, in place of the camera.
    pub screen: bool,
    /// Whether the user put the others on hold.
    pub on_hold: bool,
}

/// Somebody in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Who.
    pub address: BareJid,
    /// Whether the keys of the media were vouched for by a device whose key is verified (or blindly trusted).
    pub security: CallSecurity,
    /// Whether their microphone is off.
    pub muted: bool,
    /// Whether they send video.
    pub video: bool,
    /// Whether they put the user on hold.
    pub on_hold: bool,
}

/// Who vouches for the keys of a call's media.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallSecurity {
    /// Nobody but the servers, which could sit in between.
    #[default]
    Servers,
    /// A device of the other side, by OMEMO, whose key nobody has compared.
    Device,
    /// A device of the other side, by OMEMO, whose key was verified.
    Verified,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// Ours: on its way, and nobody has told that it rings.
    Calling,
    /// It rings, there or here.
    Ringing,
    /// It was answered, and media has not found its way yet.
    Connecting,
    /// They talk.
    Connected {
        /// Since when.
        since: Timestamp,
    },
    /// They talked, and media has lost its way for the moment.
    Reconnecting {
        /// Since when they talk.
        since: Timestamp,
    },
    /// It is over.
    Ended(CallOutcome),
}

/// What stays of a call: a line in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLine {
    /// Whether it began as a call with video.
    pub video: bool,
    /// What became of it.
    pub outcome: CallOutcome,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// It is not over, as far as is known.
    UnderWay,
    /// They talked on this device.
    Answered {
        /// How long.
        duration: Duration,
    },
    /// Another device of the user had it.
    OnOtherDevice,
    /// Nobody took it: incoming, it was missed; outgoing, there was no answer.
    Unanswered,
    /// The one who was called did not want it.
    Declined,
    /// The one who was called was in another call.
    Busy,
    /// Somebody thought better of it: the caller before it was answered, or either before media flowed. A call that rang
    /// and was given up was missed instead.
    Cancelled,
    /// It did not come about, or broke.
    Failed(CallFailure),
}

/// Why a call did not come about, or broke. Kinds stand apart where somebody would do something else about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFailure {
    /// None of their devices can be called, or their server cannot be reached.
    Unreachable,
    /// Media found no way between the devices.
    NoWay,
    /// Media found no way, and our server offers no relay that might have helped.
    NoRelay,
    /// The keys of the media are not those that were vouched for: somebody may be in between.
    Security,
    /// The two programs have no codec or transport in common.
    Incompatible,
    /// Microphone, camera or the machinery of media failed here.
    Media,
    /// The other side said what makes no sense.
    Protocol,
    /// The connection to our server was lost for good.
    SessionLost,
    /// The other side's program failed, or gave no reason.
    Theirs,
}

/// What the user wants of calls in general.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallSettings {
    /// Media goes through relays only, so that nobody learns the network address of this device.
    pub relay_only: bool,
    /// Little is to travel: voice at 12 kbit/s, and pictures at no more than 150 kbit/s. Also in calls that are under way.
    pub low_bandwidth: bool,
}

/// Whether somebody can be called, as far as their devices say: where nothing is known of them, a call may still ring on a
/// device that is away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Callable {
    /// With voice.
    pub voice: bool,
    /// With video.
    pub video: bool,
}

/// Which devices the user wants calls to use, by their [`CallDevice::id`]. `None`, or one that is not there: what the
/// desktop has chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallDevices {
    /// What hears the user.
    pub microphone: Option<String>,
    /// What the others are heard from.
    pub speaker: Option<String>,
    /// What sees the user.
    pub camera: Option<String>,
    /// Cameras that the desktop handed over: where it did, they are the only ones.
    pub cameras: Option<PictureStream>,
    /// The screen that the user wants to show.
    pub screen: Option<PictureStream>,
}

/// Pictures that the desktop hands over to a program that may see nothing else: a stream of PipeWire, and the way to it.
#[derive(Clone, Debug)]
pub struct PictureStream {
    /// The connection that leads there. It ends with the last who has it.
    pub remote: Arc<OwnedFd>,
    /// The number of the stream. `None`: the one that the desktop chooses of those there are.
    pub node: Option<u32>,
}

/// What leads through one connection to one stream is the same.
impl PartialEq for PictureStream {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.remote, &other.remote) && self.node == other.node
    }
}

impl Eq for PictureStream {}

/// A device that calls can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallDevice {
    /// What it is for.
    pub role: DeviceRole,
    /// Knows it again, also after it was away.
    pub id: String,
    /// What the desktop calls it.
    pub name: String,
}

/// What a device is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceRole {
    /// It hears.
    Microphone,
    /// It is heard.
    Speaker,
    /// It sees.
    Camera,
}

/// How a call's media does, told every second while it lasts. Never stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallStatistics {
    /// Voice.
    pub audio: StreamStatistics,
    /// Pictures.
    pub video: StreamStatistics,
}

/// What was sent and received of one kind of media since a call began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamStatistics {
    /// Packets handed to the network.
    pub packets_sent: u64,
    /// What they carried, in bytes.
    pub bytes_sent: u64,
    /// Packets that came, each counted once.
    pub packets_received: u64,
    /// Packets that should have come, and did not, not even when they were asked for again.
    pub packets_lost: u64,
    /// What they carried, in bytes.
    pub bytes_received: u64,
    /// Pieces of sound or pictures that were decoded.
    pub decoded: u64,
    /// How loud what is heard is at the moment, in decibels relative to the loudest there is: 0 at most. `None`: silence.
    pub level: Option<i8>,
}
