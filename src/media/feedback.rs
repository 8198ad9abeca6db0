//! What the other side tells of what it receives (RTCP, RFC 3550 and 4585).
//!
//! The library acts on all of it itself but on what an encoder has to know; that is listened to here, on its way in.

use std::{collections::VecDeque, time::Instant};

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

/// What an encoder has to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Feedback {
    /// A whole picture is wanted (PLI, FIR) from this source.
    Keyframe(u32),
    /// So many bits a second can be received (REMB).
    Limit(f32),
    /// So much of what this source sent was lost lately, in 256ths.
    Loss(u32, u8),
}

/// Feedback that waits: more is repeated by the other side anyway.
const MAX_WAITING: usize = 64;

/// Makes a listener, and what it hears.
pub fn listen() -> (Listener, mpsc::Receiver<Feedback>) {
    let (heard, feedback) = mpsc::channel(MAX_WAITING);
    (Listener { heard, incoming: VecDeque::new(), outgoing: VecDeque::new() }, feedback)
}

/// Stands next to the application and lets everything through.
pub struct Listener {
    heard: mpsc::Sender<Feedback>,
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
        if let Packet::Rtcp(packets) = &packet.message.packet {
            self.hear_all(packets);
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
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
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
    fn nobody_fills_memory_with_wishes() {
        let (listener, mut heard) = listen();
        for _ in 0..1_000 {
            listener.hear(&PictureLossIndication { sender_ssrc: 1, media_ssrc: 2 });
        }
        assert_eq!(std::iter::from_fn(|| heard.try_recv().ok()).count(), MAX_WAITING);
    }
}
