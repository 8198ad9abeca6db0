-- Calls: each is a line of the history (`messages.kind` 4), known on the wire by the id of its session.

CREATE TABLE calls (
  message INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  conversation INTEGER NOT NULL,
  session TEXT NOT NULL,
  -- When it was taken, on whichever device, if it was and that is known.
  answered INTEGER,
  -- Whether this device takes or took part in it.
  here INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX calls_by_session ON calls (conversation, session);

-- Whether media may go through relays only.
ALTER TABLE account ADD COLUMN relay_only INTEGER NOT NULL DEFAULT 0;
-- Whether little is to travel.
ALTER TABLE account ADD COLUMN low_bandwidth INTEGER NOT NULL DEFAULT 0;
