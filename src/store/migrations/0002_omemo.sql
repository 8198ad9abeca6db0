-- OMEMO: the own device, the devices of others with their keys and trust, and the sessions with them.

-- What the person wants of encryption, and what they call this device.
ALTER TABLE account ADD COLUMN blind_trust INTEGER NOT NULL DEFAULT 1;
ALTER TABLE account ADD COLUMN verified_only INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN reactions_in_clear INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN device_label TEXT;

-- `sender_device` (0001) names a row of `omemo_devices`; this is how far its key was trusted when the message came.
ALTER TABLE messages ADD COLUMN sender_trust INTEGER;
-- Why an own message that is queued cannot be encrypted yet.
ALTER TABLE messages ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;

-- The own device as one record: its secrets, and `place`, where the database stood when it was made.
CREATE TABLE omemo_own (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  device INTEGER NOT NULL,
  record BLOB NOT NULL,
  place TEXT
) STRICT;

-- A device stays when it vanishes from its owner's lists: its key and trust count if it comes back.
-- `listed` has bit 1 for lists of the legacy version and bit 2 for those of version 2.
CREATE TABLE omemo_devices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  address INTEGER NOT NULL REFERENCES addresses (id),
  device INTEGER NOT NULL,
  identity_key BLOB,
  -- The same key as version 2 and trust messages write it, where it is known.
  ed25519_key BLOB,
  -- The key the device showed, where that is another.
  shown_key BLOB,
  trust INTEGER NOT NULL DEFAULT 0,
  -- What its owner calls it, and the signature of that: believed once it was checked with the key.
  label TEXT,
  label_signature BLOB,
  label_is_believed INTEGER NOT NULL DEFAULT 0,
  listed INTEGER NOT NULL DEFAULT 0,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER
) STRICT;
CREATE UNIQUE INDEX omemo_devices_by_number ON omemo_devices (address, device);

CREATE TABLE omemo_sessions (
  address INTEGER NOT NULL REFERENCES addresses (id),
  device INTEGER NOT NULL,
  version INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (address, device, version)
) STRICT, WITHOUT ROWID;

-- What was decrypted once, or sent: 63 bits of the hash of the sealed key, and the message it became if it became one.
-- It outlives the message, so that no later copy meets the ratchet.
CREATE TABLE omemo_seen (
  mark INTEGER PRIMARY KEY,
  message INTEGER
) STRICT;

-- What a device said of keys (XEP-0450) before it was verified itself, or before the key was met.
CREATE TABLE omemo_told_trust (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  teller INTEGER NOT NULL REFERENCES omemo_devices (id) ON DELETE CASCADE,
  address INTEGER NOT NULL REFERENCES addresses (id),
  key BLOB NOT NULL,
  trusted INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX omemo_told_trust_once ON omemo_told_trust (teller, address, key);
