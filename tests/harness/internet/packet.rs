//! A packet of the Internet Protocol, version 4, as a translator of addresses sees it (RFC 791, 768, 9293).

use std::net::Ipv4Addr;

/// The numbers of the protocols that travel.
pub const TCP: u8 = 6;
const UDP: u8 = 17;

/// An address and a port.
pub type End = (Ipv4Addr, u16);

/// A whole datagram or segment.
pub struct Packet {
    bytes: Vec<u8>,
    /// Where its own header ends.
    payload: usize,
}

impl Packet {
    /// One that came, if it can travel here: whole, and of UDP or TCP.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let first = *bytes.first()?;
        let payload = usize::from(first & 0x0F) * 4;
        let is_known = first >> 4 == 4 && matches!(bytes.get(9), Some(&(TCP | UDP)));
        // Neither more of it to come, nor a place in something greater.
        let fragment = u16::from_be_bytes([*bytes.get(6)?, *bytes.get(7)?]) << 2;
        let is_whole = fragment == 0 && bytes.len() >= payload + 8;
        (is_known && is_whole && payload >= 20).then(|| Self { bytes: bytes.to_vec(), payload })
    }

    /// The number of its protocol.
    pub fn protocol(&self) -> u8 {
        self.bytes[9]
    }

    /// Where it comes from.
    pub fn source(&self) -> End {
        (self.address(12), self.port(self.payload))
    }

    /// Where it goes.
    pub fn destination(&self) -> End {
        (self.address(16), self.port(self.payload + 2))
    }

    /// Lets it come from elsewhere.
    pub fn set_source(&mut self, end: End) {
        self.set(12, self.payload, end);
    }

    /// Lets it go elsewhere.
    pub fn set_destination(&mut self, end: End) {
        self.set(16, self.payload + 2, end);
    }

    /// As it travels.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn address(&self, at: usize) -> Ipv4Addr {
        let octets: [u8; 4] = self.bytes[at..at + 4].try_into().unwrap_or_default();
        octets.into()
    }

    fn port(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    fn set(&mut self, address: usize, port: usize, end: End) {
        self.bytes[address..address + 4].copy_from_slice(&end.0.octets());
        self.bytes[port..port + 2].copy_from_slice(&end.1.to_be_bytes());
        self.sum_up();
    }

    fn sum_up(&mut self) {
        self.bytes[10..12].fill(0);
        let header = checksum(sum(&self.bytes[..self.payload]));
        self.bytes[10..12].copy_from_slice(&header.to_be_bytes());
        let at = self.payload + if self.protocol() == TCP { 16 } else { 6 };
        if self.bytes.len() < at + 2 {
            return;
        }
        self.bytes[at..at + 2].fill(0);
        let length = (self.bytes.len() - self.payload) as u32;
        let pseudo = sum(&self.bytes[12..20]) + u32::from(self.protocol()) + length;
        // A sum of nothing would mean that there is none (RFC 768).
        let body = match checksum(pseudo + sum(&self.bytes[self.payload..])) {
            0 => 0xFFFF,
            body => body,
        };
        self.bytes[at..at + 2].copy_from_slice(&body.to_be_bytes());
    }
}

/// The sum of words, as long as it is not folded. A packet has too few for it to overflow.
fn sum(bytes: &[u8]) -> u32 {
    bytes.chunks(2).map(|word| u32::from(word[0]) << 8 | u32::from(word.get(1).copied().unwrap_or(0))).sum()
}

fn checksum(mut sum: u32) -> u16 {
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}
