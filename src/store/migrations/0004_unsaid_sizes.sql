-- How many bytes of a file are fetched at most where nobody asked for it and its sender did not say how large it is.
ALTER TABLE attachments ADD COLUMN fetch_limit INTEGER;
