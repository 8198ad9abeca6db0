use model::{FetchFrom, FileService, FileSettings};
use rusqlite::params;

use crate::{Error, Reads, Tx};

/// The fact under which it is kept what the server takes of files.
const FACT_SERVICE: &str = "file service";

impl Reads<'_> {
    /// What the user wants of files in general.
    pub fn file_settings(self) -> Result<FileSettings, Error> {
        let settings = self
            .connection
            .prepare_cached(
                "SELECT fetch_pictures, fetch_audio, fetch_videos, fetch_others, fetch_from, strip_metadata FROM account",
            )?
            .query_one([], |row| {
                let bytes = |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.max(0) as u64);
                Ok(FileSettings {
                    fetch_pictures: bytes(0)?,
                    fetch_audio: bytes(1)?,
                    fetch_videos: bytes(2)?,
                    fetch_others: bytes(3)?,
                    fetch_from: match row.get::<_, i64>(4)? {
                        0 => FetchFrom::Accepted,
                        1 => FetchFrom::Contacts,
                        _ => FetchFrom::Verified,
                    },
                    strip_metadata: row.get(5)?,
                })
            })?;
        Ok(settings)
    }

    /// What the server takes of files, as it told last.
    pub fn file_service(self) -> Result<FileService, Error> {
        let fact = self.fact(FACT_SERVICE)?;
        Ok(match fact.as_deref().map(str::from_utf8) {
            None | Some(Err(_)) => FileService::Unknown,
            Some(Ok("none")) => FileService::None,
            Some(Ok(most)) => FileService::Takes(most.parse().ok()),
        })
    }
}

impl Tx<'_> {
    /// What the user wants of files in general.
    pub fn set_file_settings(&mut self, settings: &FileSettings) -> Result<bool, Error> {
        let from = match settings.fetch_from {
            FetchFrom::Accepted => 0,
            FetchFrom::Contacts => 1,
            FetchFrom::Verified => 2,
        };
        self.execute(
            "UPDATE account SET fetch_pictures = ?1, fetch_audio = ?2, fetch_videos = ?3, fetch_others = ?4,
               fetch_from = ?5, strip_metadata = ?6",
            params![
                settings.fetch_pictures.min(i64::MAX as u64) as i64,
                settings.fetch_audio.min(i64::MAX as u64) as i64,
                settings.fetch_videos.min(i64::MAX as u64) as i64,
                settings.fetch_others.min(i64::MAX as u64) as i64,
                from,
                settings.strip_metadata,
            ],
        )
    }

    /// Keeps what the server takes of files. True if it changed.
    pub fn set_file_service(&mut self, service: FileService) -> Result<bool, Error> {
        let fact = match service {
            FileService::Unknown => None,
            FileService::None => Some("none".to_owned()),
            FileService::Takes(None) => Some("any".to_owned()),
            FileService::Takes(Some(most)) => Some(most.to_string()),
        };
        self.set_fact(FACT_SERVICE, fact.as_deref().map(str::as_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    #[test]
    fn what_the_server_takes_is_kept() {
        let mut bench = Bench::new();
        assert_eq!(bench.read(|reads| reads.file_service()), FileService::Unknown);
        for told in [FileService::None, FileService::Takes(None), FileService::Takes(Some(5_242_880))] {
            assert!(bench.write(|tx| tx.set_file_service(told)));
            assert!(!bench.write(|tx| tx.set_file_service(told)), "nothing changed");
            assert_eq!(bench.read(|reads| reads.file_service()), told);
        }
    }
}
