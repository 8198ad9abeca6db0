use std::{io, path::PathBuf};

use model::{AttachmentId, ExportTo, Failure, StorageFailure};
use store::ReaderHandle;

use crate::service;

/// Writes a file that is here to where the user wants it. Blocks.
pub(crate) fn export(reader: &ReaderHandle, file: AttachmentId, to: &ExportTo) -> Result<PathBuf, Failure> {
    let found = service::small_runtime()?.block_on(reader.file(file)).map_err(|error| error.failure())?;
    let (file, name) = found.ok_or(Failure::Gone)?;
    files::export(&file, &name, to).map_err(|error| {
        tracing::warn!(%error, "a file was not written");
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StorageFailure::Full.into(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StorageFailure::ReadOnly.into()
            }
            io::ErrorKind::InvalidData => StorageFailure::Damaged.into(),
            io::ErrorKind::NotFound => Failure::Gone,
            _ => StorageFailure::Io.into(),
        }
    })
}
