-- Files in messages: what is known of them, where they can be had, and where their bytes rest.

ALTER TABLE messages ADD COLUMN attachments INTEGER NOT NULL DEFAULT 0;

-- What the person wants of files: how large a file may be that is fetched by itself, by kind, and whose.
ALTER TABLE account ADD COLUMN fetch_pictures INTEGER NOT NULL DEFAULT 10485760;
ALTER TABLE account ADD COLUMN fetch_audio INTEGER NOT NULL DEFAULT 10485760;
ALTER TABLE account ADD COLUMN fetch_videos INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN fetch_others INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN fetch_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN strip_metadata INTEGER NOT NULL DEFAULT 1;

CREATE TABLE attachments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  is_voice INTEGER NOT NULL DEFAULT 0,
  size INTEGER,
  width INTEGER,
  height INTEGER,
  -- Milliseconds.
  duration INTEGER,
  waveform BLOB,
  thumbhash BLOB,
  description TEXT,
  -- Where it can be had, one address a line, and how it is encrypted there.
  addresses TEXT NOT NULL DEFAULT '',
  cipher INTEGER NOT NULL DEFAULT 0,
  cipher_key BLOB,
  cipher_iv BLOB,
  -- SHA-256 or SHA-512, by its length.
  hash BLOB,
  transfer INTEGER NOT NULL,
  failure INTEGER NOT NULL DEFAULT 0,
  failure_limit INTEGER NOT NULL DEFAULT 0,
  -- The container it rests in, or is being put into, within the folder `files`, and its key.
  container TEXT,
  container_key BLOB,
  -- The user's own: where it is, or its bytes until it was made ready, and what is to be done to it.
  source_path BLOB,
  source_bytes BLOB,
  strip_metadata INTEGER NOT NULL DEFAULT 0,
  longest_side INTEGER
) STRICT;
CREATE INDEX attachments_of ON attachments (message, id);
CREATE INDEX attachments_on_the_way ON attachments (id) WHERE transfer = 3;

-- Containers that nobody names any more, until they were deleted from the disk.
CREATE TABLE discarded_files (
  container TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TRIGGER attachment_added AFTER INSERT ON attachments BEGIN
  UPDATE messages SET attachments = attachments + 1 WHERE id = new.message;
END;
CREATE TRIGGER attachment_removed AFTER DELETE ON attachments BEGIN
  UPDATE messages SET attachments = attachments - 1 WHERE id = old.message;
  INSERT OR IGNORE INTO discarded_files SELECT old.container WHERE old.container IS NOT NULL;
END;
CREATE TRIGGER attachment_left_its_container AFTER UPDATE OF container ON attachments
WHEN old.container IS NOT NULL AND old.container IS NOT new.container BEGIN
  INSERT OR IGNORE INTO discarded_files VALUES (old.container);
END;
