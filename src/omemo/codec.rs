//! How records are written for the store: numbers little-endian, keys as they are, lists after their length.
//!
//! Every record opens with a byte that says what it is and in which edition, so that a later one can still
//! read it. Reading never trusts a length: a damaged record is an error and no allocation.

use zeroize::Zeroizing;

use crate::Refusal;
use crate::secret::Secret;

/// Writes a record. The room for it is taken at once, so that no grown-out buffer with secrets is left
/// behind in memory.
pub(crate) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    pub(crate) fn new(edition: u8, capacity: usize) -> Self {
        let mut writer = Self(Zeroizing::new(Vec::with_capacity(capacity)));
        writer.u8(edition);
        writer
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn array(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn secret(&mut self, secret: &Secret) {
        self.array(secret.bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.array(bytes);
    }

    /// All lists are bounded far below 2³².
    pub(crate) fn length(&mut self, length: usize) {
        self.u32(length as u32);
    }

    /// Whether a value follows.
    pub(crate) fn flag(&mut self, flag: bool) {
        self.u8(u8::from(flag));
    }

    pub(crate) fn finish(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

/// Reads what [`Writer`] wrote.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(edition: u8, bytes: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Self(bytes);
        if reader.u8()? == edition { Ok(reader) } else { Err(Refusal::DamagedRecord) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Refusal::DamagedRecord)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Refusal> {
        self.take(LENGTH)?.try_into().map_err(|_| Refusal::DamagedRecord)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Refusal> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Refusal> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Refusal> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn secret(&mut self) -> Result<Secret, Refusal> {
        self.array().map(Secret::new)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Refusal> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Refusal> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Refusal::DamagedRecord),
        }
    }

    /// A list of at most so many items.
    pub(crate) fn list<Item>(
        &mut self,
        most: usize,
        mut item: impl FnMut(&mut Self) -> Result<Item, Refusal>,
    ) -> Result<Vec<Item>, Refusal> {
        let length = self.u32()? as usize;
        if length > most {
            return Err(Refusal::DamagedRecord);
        }
        (0..length).map(|_| item(self)).collect()
    }

    /// There must be nothing behind.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::DamagedRecord) }
    }
}
