-- +goose Up

-- People, without anything that says who they are. Identity is a blind index; the key is wrapped by the master key.
CREATE TABLE subject (
  id TEXT PRIMARY KEY,
  identity BLOB UNIQUE,
  wrapped_key BLOB,
  created_at INTEGER NOT NULL,
  erased_at INTEGER
) STRICT;

CREATE TABLE registration (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  kind TEXT NOT NULL,
  channel TEXT NOT NULL,
  outlet TEXT NOT NULL,
  state TEXT NOT NULL,
  opened_by TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  number BLOB NOT NULL,
  doc TEXT NOT NULL
) STRICT;
CREATE INDEX registration_opened ON registration (opened_at, id);
CREATE INDEX registration_state ON registration (state, opened_at, id);
CREATE INDEX registration_outlet ON registration (outlet, opened_at, id);
CREATE INDEX registration_number ON registration (number);

CREATE TABLE party (
  registration TEXT NOT NULL REFERENCES registration (id),
  party TEXT NOT NULL,
  subject TEXT NOT NULL REFERENCES subject (id),
  PRIMARY KEY (registration, party)
) STRICT;
CREATE INDEX party_subject ON party (subject);

CREATE TABLE consent (
  id TEXT PRIMARY KEY,
  registration TEXT NOT NULL REFERENCES registration (id),
  subject TEXT NOT NULL REFERENCES subject (id),
  given_at INTEGER NOT NULL,
  doc TEXT NOT NULL
) STRICT;
CREATE INDEX consent_registration ON consent (registration);
CREATE INDEX consent_subject ON consent (subject);

CREATE TABLE evidence (
  id TEXT PRIMARY KEY,
  registration TEXT NOT NULL REFERENCES registration (id),
  subject TEXT NOT NULL REFERENCES subject (id),
  party TEXT NOT NULL,
  kind TEXT NOT NULL,
  box BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX evidence_registration ON evidence (registration);
CREATE INDEX evidence_subject ON evidence (subject);

-- Numbers held or reserved. A number has at most one holder and at most one reservation: both at once only while it
-- passes from one holder to the next.
CREATE TABLE account (
  id TEXT PRIMARY KEY,
  number BLOB NOT NULL,
  sim BLOB,
  subject TEXT NOT NULL REFERENCES subject (id),
  registration TEXT NOT NULL REFERENCES registration (id),
  state TEXT NOT NULL,
  reserved_until INTEGER,
  activated_at INTEGER,
  closed_at INTEGER,
  reverify_by INTEGER
) STRICT;
CREATE UNIQUE INDEX account_held ON account (number) WHERE state IN ('active', 'suspended');
CREATE UNIQUE INDEX account_reserved ON account (number) WHERE state = 'reserved';
CREATE INDEX account_subject ON account (subject);
CREATE INDEX account_registration ON account (registration);

CREATE TABLE decision (
  id TEXT PRIMARY KEY,
  registration TEXT NOT NULL REFERENCES registration (id),
  leaf INTEGER NOT NULL UNIQUE,
  doc TEXT NOT NULL
) STRICT;
CREATE INDEX decision_registration ON decision (registration);

CREATE TABLE review (
  registration TEXT PRIMARY KEY REFERENCES registration (id),
  version INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  resolved_at INTEGER,
  claimed_by TEXT NOT NULL,
  doc TEXT NOT NULL
) STRICT;
CREATE INDEX review_opened ON review (opened_at, registration);

-- The audit log: leaves, the hashes of its tree by stored index, and one row that says how far it goes.
CREATE TABLE log_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  size INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT;
INSERT INTO log_head (id, size, last_at) VALUES (1, 0, 0);
CREATE TABLE log_leaf (
  position INTEGER PRIMARY KEY,
  data BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE TABLE log_hash (
  position INTEGER PRIMARY KEY,
  hash BLOB NOT NULL
) STRICT;
CREATE TABLE log_checkpoint (
  size INTEGER PRIMARY KEY,
  note BLOB NOT NULL
) STRICT;

CREATE TABLE event (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  registration TEXT NOT NULL,
  at INTEGER NOT NULL,
  doc TEXT NOT NULL
) STRICT;
CREATE INDEX event_at ON event (at, id);
CREATE INDEX event_registration ON event (registration);

CREATE TABLE webhook (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  secrets BLOB NOT NULL,
  doc TEXT NOT NULL
) STRICT;

CREATE TABLE delivery (
  id TEXT PRIMARY KEY,
  event TEXT NOT NULL REFERENCES event (id),
  webhook TEXT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  doc TEXT NOT NULL
) STRICT;
CREATE INDEX delivery_created ON delivery (created_at, id);
CREATE INDEX delivery_state ON delivery (state, created_at, id);
CREATE INDEX delivery_webhook ON delivery (webhook, created_at, id);
CREATE INDEX delivery_event ON delivery (event);

CREATE TABLE pack (
  digest TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE keyring (
  name TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;

-- Keys of repeated requests, as hashes: what a client chooses as a key may say something about a person.
CREATE TABLE idempotency (
  hash BLOB PRIMARY KEY,
  request BLOB NOT NULL,
  boot TEXT NOT NULL,
  claimed_at INTEGER NOT NULL,
  done INTEGER NOT NULL,
  status INTEGER NOT NULL,
  answer BLOB
) STRICT;
CREATE INDEX idempotency_claimed ON idempotency (claimed_at);

CREATE TABLE client (
  id TEXT PRIMARY KEY,
  key_hash BLOB NOT NULL,
  certificate_hash BLOB,
  doc TEXT NOT NULL
) STRICT;

CREATE TABLE staff (
  id TEXT PRIMARY KEY,
  issuer TEXT NOT NULL,
  login TEXT NOT NULL,
  doc TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX staff_login ON staff (issuer, login) WHERE login <> '';

CREATE TABLE passkey (
  id BLOB PRIMARY KEY,
  staff TEXT NOT NULL REFERENCES staff (id),
  credential BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT;
CREATE INDEX passkey_staff ON passkey (staff);

CREATE TABLE session (
  hash BLOB PRIMARY KEY,
  staff TEXT NOT NULL REFERENCES staff (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE invitation (
  hash BLOB PRIMARY KEY,
  staff TEXT NOT NULL REFERENCES staff (id),
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE outlet (
  id TEXT PRIMARY KEY,
  doc TEXT NOT NULL
) STRICT;
