-- +goose Up

-- What requests under an Idempotency-Key were answered. Keys are kept as hashes: what a client chooses as a key may say
-- something about a person.
CREATE TABLE answer (
  hash BLOB PRIMARY KEY,
  request BLOB NOT NULL,
  status INTEGER NOT NULL,
  answer BLOB,
  at INTEGER NOT NULL
) STRICT;
INSERT INTO answer (hash, request, status, answer, at) SELECT hash, request, status, answer, claimed_at FROM idempotency WHERE done = 1;
DROP TABLE idempotency;
CREATE INDEX answer_at ON answer (at);
