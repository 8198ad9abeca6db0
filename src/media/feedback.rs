//! What the other side tells of what it receives (RTCP, RFC 3550 and 4585), and what it sends without having told of it.
//!
//! The library acts on all of it itself but on what an encoder has to know; that is listened to here, on its way in. And it
//! drops what comes from a source that no description names, unless there is but one content; that is noticed here.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Instant,
};

use rtc::{
    interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket},
    rtcp::{
        payload_feedbacks::{
            full_intra_request::FullIntraRequest, picture_loss_indication::PictureLossIndication,
            receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate,
        },
        receiver_report::ReceiverReport,
        reception_report::ReceptionReport,
        sender_report::SenderReport,
    },
    sansio::Protocol,
    shared::error::Error,
};
use tokio::sync::mpsc;

/// What an encoder, or the call, has to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Feedback {
    /// A whole picture is wanted (PLI, FIR) from this source.
    Keyframe(u32),
    /// So many bits a second can be received (REMB).
    Limit(f32),
    /// So much of what this source sent was lost lately, in 256ths.
    Loss(u32, u8),
    /// Packets come from a source that nobody told of.
    Unknown {
        /// It.
        ssrc: u32,
        /// The number its packets have.
        payload: u8,
    },
}

/// Feedback that waits: more is repeated by the other side anyway.
const MAX_WAITING: usize = 64;
/// Sources that nobody told of and that are looked at: more are nonsense.
const MAX_UNKNOWN: usize = 16;
/// So many packets of one come before it is told of again: the call may not have been ready for it.
const UNKNOWN_AGAIN: u32 = 50;

/// Makes a listener, and what it hears.
pub fn listen() -> (Listener, mpsc::Receiver<Feedback>) {
    let (heard, feedback) = mpsc::channel(MAX_WAITING);
    let (known, unknown) = (HashSet::new(), HashMap::new());
    (Listener { heard, known, unknown, incoming: VecDeque::new(), outgoing: VecDeque::new() }, feedback)
}

/// Stands next to the application and lets everything through.
pub struct Listener {
    heard: mpsc::Sender<Feedback>,
    /// Sources that belong to a content.
    known: HashSet<u32>,
    /// And those that do not, with how much came from each.
    unknown: HashMap<u32, u32>,
    incoming: VecDeque<TaggedPacket>,
    outgoing: VecDeque<TaggedPacket>,
}

impl Listener {
    /// Takes in what was said.
    pub fn hear_all(&self, packets: &[Box<dyn rtc::rtcp::Packet>]) {
        for packet in packets {
            self.hear(packet.as_ref());
        }
    }

    fn hear(&self, packet: &dyn rtc::rtcp::Packet) {
        let packet = packet.as_any();
        if let Some(wish) = packet.downcast_ref::<PictureLossIndication>() {
            self.tell(Feedback::Keyframe(wish.media_ssrc));
        } else if let Some(wish) = packet.downcast_ref::<FullIntraRequest>() {
            for entry in &wish.fir {
                self.tell(Feedback::Keyframe(entry.ssrc));
            }
        } else if let Some(limit) = packet.downcast_ref::<ReceiverEstimatedMaximumBitrate>() {
            self.tell(Feedback::Limit(limit.bitrate));
        } else if let Some(report) = packet.downcast_ref::<ReceiverReport>() {
            self.losses(&report.reports);
        } else if let Some(report) = packet.downcast_ref::<SenderReport>() {
            self.losses(&report.reports);
        }
    }

    /// A packet came, from this source.
    pub fn came(&mut self, ssrc: u32, payload: u8) {
        if self.known.contains(&ssrc)
            || self.unknown.len() >= MAX_UNKNOWN && !self.unknown.contains_key(&ssrc)
        {
            return;
        }
        let count = self.unknown.entry(ssrc).or_default();
        let is_told = count.is_multiple_of(UNKNOWN_AGAIN);
        *count = count.wrapping_add(1);
        if is_told {
            self.tell(Feedback::Unknown { ssrc, payload });
        }
    }

    fn losses(&self, reports: &[ReceptionReport]) {
        for report in reports {
            self.tell(Feedback::Loss(report.ssrc, report.fraction_lost));
        }
    }

    fn tell(&self, feedback: Feedback) {
        let _ = self.heard.try_send(feedback);
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Listener {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        match &packet.message.packet {
            Packet::Rtcp(packets) => self.hear_all(packets),
            Packet::Rtp(packet) => self.came(packet.header.ssrc, packet.header.payload_type),
            _ => {}
        }
        self.incoming.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.incoming.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.outgoing.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.outgoing.pop_front()
    }
}

impl Interceptor for Listener {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}

    fn bind_remote_stream(&mut self, stream: &StreamInfo) {
        self.known.insert(stream.ssrc);
        self.unknown.remove(&stream.ssrc);
    }

    fn unbind_remote_stream(&mut self, stream: &StreamInfo) {
        self.known.remove(&stream.ssrc);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_encoder_has_to_know_is_heard() {
        let (listener, mut heard) = listen();
        listener.hear(&PictureLossIndication { sender_ssrc: 1, media_ssrc: 2 });
        let limit = ReceiverEstimatedMaximumBitrate { sender_ssrc: 1, bitrate: 5e5, ssrcs: vec![2] };
        listener.hear(&limit);
        let report = ReceptionReport { ssrc: 2, fraction_lost: 128, ..ReceptionReport::default() };
        listener.hear(&ReceiverReport { ssrc: 1, reports: vec![report], ..ReceiverReport::default() });
        let all: Vec<Feedback> = std::iter::from_fn(|| heard.try_recv().ok()).collect();
        assert_eq!(all, [Feedback::Keyframe(2), Feedback::Limit(5e5), Feedback::Loss(2, 128)]);
    }

    #[test]
    fn sources_that_nobody_told_of_are_noticed() {
        let (mut listener, mut heard) = listen();
        for packet in 0..120 {
            listener.came(7 + packet % 2, 111);
        }
        let told: Vec<Feedback> = std::iter::from_fn(|| heard.try_recv().ok()).collect();
        let [one, other] = [7, 8].map(|ssrc| Feedback::Unknown { ssrc, payload: 111 });
        assert_eq!(told, [one, other, one, other]);
        for ssrc in 0..10_000 {
            listener.came(ssrc, 111);
        }
        assert_eq!(listener.unknown.len(), MAX_UNKNOWN);
    }

    #[test]
    fn nobody_fills_memory_with_wishes() {
        let (listener, mut heard) = listen();
        for _ in 0..1_000 {
            listener.hear(&PictureLossIndication { sender_ssrc: 1, media_ssrc: 2 });
        }
        assert_eq!(std::iter::from_fn(|| heard.try_recv().ok()).count(), MAX_WAITING);
    }
}
