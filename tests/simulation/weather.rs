use crate::chance::Chance;

/// What one evening is like. Times are milliseconds; "once in" 0 is never.
#[derive(Debug)]
pub struct Weather {
    /// How long people write.
    pub length: u64,
    /// How many messages are begun, together.
    pub messages: u64,
    pub latency: u64,
    /// How much later a live message may be routed than it is archived.
    pub lag: u64,
    /// How long the archive may take to answer.
    pub archive_lag: u64,
    /// The largest page the archive gives.
    pub page: usize,
    /// The archive tells times in whole seconds, as many do.
    pub whole_seconds: bool,
    /// Whether there is stream management.
    pub management: bool,
    /// How long the server keeps a session that lost its link.
    pub hibernation: u64,
    /// A new session of a device ends what the server kept of its last one.
    pub replaces: bool,
    /// Messages go to all devices, rather than to one and as carbons to the others.
    pub forks: bool,
    /// What comes while nobody is there is also kept as an offline message.
    pub offline: bool,
    /// What is sent again on resumption is stamped.
    pub stamps_resent: bool,
    /// Carbons of own messages say their archive ids.
    pub carbon_ids: bool,
    /// Something goes wrong every so often.
    pub fault_every: u64,
    /// A commit fails once in so many.
    pub commit_fails: u64,
    /// A process dies once in so many inputs.
    pub killed: u64,
    /// An acknowledgement is doubled or late once in so many.
    pub odd_acks: u64,
    /// How far the clocks of devices may be off.
    pub skew: u64,
    /// Whether each person has a second device from the start, or from later on, if at all.
    pub second: [Second; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    None,
    AtOnce,
    Later,
}

impl Weather {
    pub fn draw(chance: &mut Chance) -> Self {
        let seconds = [Second::None, Second::None, Second::AtOnce, Second::Later];
        Self {
            length: chance.pick(&[5_000, 30_000, 120_000, 600_000]),
            messages: chance.between(5, 60),
            latency: chance.pick(&[1, 20, 100, 800]),
            lag: chance.pick(&[0, 5, 300, 3000]),
            archive_lag: chance.pick(&[0, 50, 500, 4000]),
            page: usize::try_from(chance.pick(&[2, 5, 20, 250])).unwrap(),
            whole_seconds: chance.once_in(2),
            management: !chance.once_in(6),
            hibernation: chance.pick(&[0, 20_000, 300_000, 600_000]),
            replaces: chance.once_in(2),
            forks: chance.once_in(2),
            offline: chance.once_in(2),
            stamps_resent: chance.once_in(2),
            carbon_ids: !chance.once_in(4),
            fault_every: chance.pick(&[0, 1_000, 4_000, 15_000, 60_000]),
            commit_fails: chance.pick(&[0, 0, 20, 200]),
            killed: chance.pick(&[0, 0, 20, 100]),
            odd_acks: chance.pick(&[0, 3]),
            skew: chance.pick(&[0, 0, 3_000, 7_200_000]),
            second: [chance.pick(&seconds), chance.pick(&seconds)],
        }
    }
}
