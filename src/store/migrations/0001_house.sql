-- The house: one-to-one chat, its history, its outbox. Room and encryption columns stand ready.
--
-- Rules: STRICT, AUTOINCREMENT where an id leaves this file, NOT NULL wherever possible,
-- a column never changes its meaning. Times are milliseconds since 1970.

CREATE TABLE meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  commit_number INTEGER NOT NULL,
  -- The newest message that is in the search index; what is newer waits for it.
  indexed INTEGER NOT NULL
) STRICT;
INSERT INTO meta (id, commit_number, indexed) VALUES (1, 0, 0);

-- What the person chose, and what others call them.
CREATE TABLE account (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  address TEXT NOT NULL,
  server_host TEXT,
  server_port INTEGER,
  extra_authorities BLOB,
  allow_plain INTEGER NOT NULL DEFAULT 0,
  enabled INTEGER NOT NULL DEFAULT 1,
  send_receipts INTEGER NOT NULL DEFAULT 1,
  send_typing INTEGER NOT NULL DEFAULT 1,
  nickname TEXT,
  avatar TEXT
) STRICT;

-- What signing in takes. `pin` and `features` are the stream's own notes.
CREATE TABLE credentials (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  password TEXT,
  scram_mechanism TEXT,
  scram_salt BLOB,
  scram_iterations INTEGER,
  scram_client_key BLOB,
  scram_server_key BLOB,
  fast_mechanism TEXT,
  fast_token TEXT,
  fast_count INTEGER NOT NULL DEFAULT 0,
  fast_expires INTEGER,
  pin BLOB,
  features BLOB
) STRICT;

-- Small facts that need no column of their own (the id of this installation for SASL2, …).
CREATE TABLE facts (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Every bare address that is spoken of here, once: people and rooms, and what they call themselves.
-- `warning` names the contact whose address it looks like; empty when it mixes scripts.
CREATE TABLE addresses (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  address TEXT NOT NULL UNIQUE,
  nickname TEXT,
  avatar TEXT,
  warning TEXT
) STRICT;
CREATE INDEX addresses_by_avatar ON addresses (avatar) WHERE avatar IS NOT NULL;

CREATE TABLE roster_version (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  version TEXT
) STRICT;
INSERT INTO roster_version (id) VALUES (1);

-- `listed` is false for someone who only asks to see our presence and stands on no roster.
CREATE TABLE roster (
  address INTEGER PRIMARY KEY REFERENCES addresses (id),
  listed INTEGER NOT NULL,
  name TEXT,
  subscription INTEGER NOT NULL DEFAULT 0,
  asked INTEGER NOT NULL DEFAULT 0,
  approved INTEGER NOT NULL DEFAULT 0,
  asks INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE roster_groups (
  address INTEGER NOT NULL REFERENCES roster (address) ON DELETE CASCADE,
  name TEXT NOT NULL,
  PRIMARY KEY (address, name)
) STRICT, WITHOUT ROWID;

-- Addresses of any form: bare, full, or a whole domain.
CREATE TABLE blocked (
  address TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE avatars (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  bytes BLOB NOT NULL
) STRICT;

-- What a verified caps hash stands for.
CREATE TABLE caps (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  features TEXT NOT NULL
) STRICT;

-- `archive` numbers where an archive id counts: the own account's, or a room's.
CREATE TABLE archives (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  address TEXT NOT NULL UNIQUE,
  newest_id TEXT,
  newest_time INTEGER
) STRICT;

CREATE TABLE conversations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  address INTEGER NOT NULL REFERENCES addresses (id),
  kind INTEGER NOT NULL,
  pinned INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0,
  mute INTEGER NOT NULL DEFAULT 0,
  mute_until INTEGER NOT NULL DEFAULT 0,
  stranger INTEGER NOT NULL DEFAULT 0,
  deleting INTEGER NOT NULL DEFAULT 0,
  encryption INTEGER,
  unread INTEGER NOT NULL DEFAULT 0,
  last_message INTEGER,
  last_activity INTEGER NOT NULL,
  -- The place in the history up to which everything was read, and the row that stood there.
  read_time INTEGER NOT NULL DEFAULT -9223372036854775808,
  read_message INTEGER NOT NULL DEFAULT 0,
  -- The newest message the other side, and the own account (XEP-0490), were told is displayed.
  displayed_told INTEGER NOT NULL DEFAULT 0,
  displayed_synced TEXT,
  draft_text TEXT,
  draft_reply_to INTEGER,
  draft_corrects INTEGER,
  draft_time INTEGER,
  -- How far back the archive was fetched.
  oldest_archive_id TEXT,
  history_complete INTEGER NOT NULL DEFAULT 0,
  -- The places of the newest messages that the archive told of, reading forward: of all, of the other side, and
  -- of the user's own from other devices.
  archive_floor INTEGER,
  archive_floor_incoming INTEGER,
  archive_floor_outgoing INTEGER,
  -- Rooms: our name there and the subject.
  room_nickname TEXT,
  room_subject TEXT
) STRICT;
CREATE UNIQUE INDEX conversations_by_address ON conversations (address) WHERE deleting = 0;
CREATE INDEX conversations_being_deleted ON conversations (id) WHERE deleting = 1;

CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation INTEGER NOT NULL REFERENCES conversations (id),
  sort_time INTEGER NOT NULL,
  time INTEGER NOT NULL,
  direction INTEGER NOT NULL,
  sender INTEGER NOT NULL REFERENCES addresses (id),
  occupant_id TEXT,
  nickname TEXT,
  kind INTEGER NOT NULL,
  body TEXT NOT NULL,
  unreadable INTEGER NOT NULL DEFAULT 0,
  encryption INTEGER NOT NULL,
  sender_device INTEGER,
  delivery INTEGER NOT NULL,
  failure INTEGER NOT NULL DEFAULT 0,
  failure_text TEXT,
  unread INTEGER NOT NULL DEFAULT 0,
  -- It was written on this device: its place is when that was, not when the server got it.
  written_here INTEGER NOT NULL DEFAULT 0,
  -- The sender asked to be told when it is displayed (XEP-0333).
  markable INTEGER NOT NULL DEFAULT 0,
  -- An origin id that is the stanza's id too, as it mostly is, is not written twice.
  stanza_id TEXT,
  origin_is_stanza INTEGER NOT NULL DEFAULT 0,
  origin_id TEXT,
  archive INTEGER REFERENCES archives (id),
  archive_id TEXT,
  -- The correction that made the present text, and when.
  edit_id TEXT,
  edit_time INTEGER,
  revisions INTEGER NOT NULL DEFAULT 0,
  reactions INTEGER NOT NULL DEFAULT 0,
  -- The row of the search index: grows with sort_time, so that newest first is its own order.
  search_row INTEGER NOT NULL UNIQUE
) STRICT;
CREATE INDEX messages_in_order ON messages (conversation, sort_time, id);
CREATE INDEX messages_unread ON messages (conversation, sort_time, id) WHERE unread = 1;
CREATE INDEX messages_unsettled ON messages (conversation, sort_time, id) WHERE delivery IN (2, 3);
CREATE INDEX messages_by_stanza_id
  ON messages (conversation, stanza_id) WHERE stanza_id IS NOT NULL AND origin_is_stanza = 0;
CREATE UNIQUE INDEX messages_by_both_ids
  ON messages (conversation, stanza_id, sender, ifnull(occupant_id, '')) WHERE origin_is_stanza = 1;
CREATE UNIQUE INDEX messages_by_origin_id
  ON messages (conversation, origin_id, sender, ifnull(occupant_id, '')) WHERE origin_id IS NOT NULL;
CREATE UNIQUE INDEX messages_by_archive_id
  ON messages (archive, archive_id) WHERE archive_id IS NOT NULL;

-- Earlier texts of a corrected message.
CREATE TABLE revisions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  edit_id TEXT,
  time INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX revisions_of ON revisions (message, time, id);

CREATE TABLE replies (
  message INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  conversation INTEGER NOT NULL,
  target INTEGER REFERENCES messages (id) ON DELETE SET NULL,
  target_id TEXT NOT NULL,
  target_sender INTEGER REFERENCES addresses (id),
  fallback TEXT NOT NULL
) STRICT;
CREATE INDEX replies_to ON replies (target) WHERE target IS NOT NULL;
CREATE INDEX replies_waiting ON replies (conversation, target_id) WHERE target IS NULL;

-- The latest set of each sender; an empty set stays, so that an older one cannot come back.
CREATE TABLE reactions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  sender INTEGER NOT NULL REFERENCES addresses (id),
  occupant_id TEXT NOT NULL DEFAULT '',
  nickname TEXT,
  own INTEGER NOT NULL,
  time INTEGER NOT NULL,
  emojis TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX reactions_to ON reactions (message, sender, occupant_id);

-- Edits that came before what they edit.
CREATE TABLE pending (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  target_id TEXT NOT NULL,
  kind INTEGER NOT NULL,
  sender INTEGER NOT NULL REFERENCES addresses (id),
  occupant_id TEXT,
  nickname TEXT,
  own INTEGER NOT NULL,
  time INTEGER NOT NULL,
  edit_id TEXT,
  content TEXT NOT NULL,
  encryption INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX pending_for ON pending (conversation, target_id);

-- What is to be sent, as its final bytes (DESIGN rule 3). `after` names the row that must be done first.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL,
  message INTEGER,
  conversation INTEGER,
  state INTEGER NOT NULL,
  token TEXT NOT NULL,
  bytes BLOB NOT NULL,
  after INTEGER REFERENCES outbox (id) ON DELETE SET NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  time INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_by_message ON outbox (message) WHERE message IS NOT NULL;
CREATE INDEX outbox_by_token ON outbox (token);
CREATE INDEX outbox_by_conversation ON outbox (conversation) WHERE conversation IS NOT NULL;
CREATE INDEX outbox_after ON outbox (after) WHERE after IS NOT NULL;

-- Words for search, split and folded by us; the text itself is not kept twice.
CREATE VIRTUAL TABLE words USING fts5 (
  tokens,
  content = '',
  contentless_delete = 1,
  detail = none,
  prefix = '1 2 3',
  tokenize = 'ascii'
);
