-- +goose Up

-- People, without anything that says who they are. Identity is a blind index; the key is wrapped by the master key.
CREATE TABLE subject (
  id TEXT PRIMARY KEY,
  identity BYTEA UNIQUE,
  wrapped_key BYTEA,
  created_at BIGINT NOT NULL,
  erased_at BIGINT
);

CREATE TABLE registration (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  kind TEXT NOT NULL,
  channel TEXT NOT NULL,
  outlet TEXT NOT NULL,
  state TEXT NOT NULL,
  opened_by TEXT NOT NULL,
  opened_at BIGINT NOT NULL,
  number BYTEA NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX registration_opened ON registration (opened_at, id);
CREATE INDEX registration_state ON registration (state, opened_at, id);
CREATE INDEX registration_outlet ON registration (outlet, opened_at, id);
CREATE INDEX registration_number ON registration (number);

CREATE TABLE party (
  registration TEXT NOT NULL REFERENCES registration (id),
  party TEXT NOT NULL,
  subject TEXT NOT NULL REFERENCES subject (id),
  PRIMARY KEY (registration, party)
);
CREATE INDEX party_subject ON party (subject);

CREATE TABLE consent (
  id TEXT PRIMARY KEY,
  registration TEXT NOT NULL REFERENCES registration (id),
  subject TEXT NOT NULL REFERENCES subject (id),
  given_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX consent_registration ON consent (registration);
CREATE INDEX consent_subject ON consent (subject);

CREATE TABLE evidence (
  id TEXT PRIMARY KEY,
  registration TEXT NOT NULL REFERENCES registration (id),
  subject TEXT NOT NULL REFERENCES subject (id),
  party TEXT NOT NULL,
  kind TEXT NOT NULL,
  box BYTEA NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX evidence_registration ON evidence (registration);
CREATE INDEX evidence_subject ON evidence (subject);

-- Numbers held or reserved. A number has at most one holder and at most one reservation: both at once only while it
-- passes from one holder to the next.
CREATE TABLE account (
  id TEXT PRIMARY KEY,
  number BYTEA NOT NULL,
  sim BYTEA,
  subject TEXT NOT NULL REFERENCES subject (id),
  registration TEXT NOT NULL REFERENCES registration (id),
  state TEXT NOT NULL,
  reserved_until BIGINT,
  activated_at BIGINT,
  closed_at BIGINT,
  reverify_by BIGINT
);
CREATE UNIQUE INDEX account_held ON account (number) WHERE state IN ('active', 'suspended');
CREATE UNIQUE INDEX account_reserved ON account (number) WHERE state = 'reserved';
CREATE INDEX account_subject ON account (subject);
CREATE INDEX account_registration ON account (registration);

CREATE TABLE decision (
  id TEXT PRIMARY KEY,
  registration TEXT NOT NULL REFERENCES registration (id),
  leaf BIGINT NOT NULL UNIQUE,
  doc TEXT NOT NULL
);
CREATE INDEX decision_registration ON decision (registration);

CREATE TABLE review (
  registration TEXT PRIMARY KEY REFERENCES registration (id),
  version BIGINT NOT NULL,
  opened_at BIGINT NOT NULL,
  resolved_at BIGINT,
  claimed_by TEXT NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX review_opened ON review (opened_at, registration);

-- The audit log: leaves, the hashes of its tree by stored index, and one row that says how far it goes.
CREATE TABLE log_head (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  size BIGINT NOT NULL,
  last_at BIGINT NOT NULL
);
INSERT INTO log_head (id, size, last_at) VALUES (1, 0, 0);
CREATE TABLE log_leaf (
  position BIGINT PRIMARY KEY,
  data BYTEA NOT NULL,
  at BIGINT NOT NULL
);
CREATE TABLE log_hash (
  position BIGINT PRIMARY KEY,
  hash BYTEA NOT NULL
);
CREATE TABLE log_checkpoint (
  size BIGINT PRIMARY KEY,
  note BYTEA NOT NULL
);

CREATE TABLE event (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  registration TEXT NOT NULL,
  at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX event_at ON event (at, id);
CREATE INDEX event_registration ON event (registration);

CREATE TABLE webhook (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  secrets BYTEA NOT NULL,
  doc TEXT NOT NULL
);

CREATE TABLE delivery (
  id TEXT PRIMARY KEY,
  event TEXT NOT NULL REFERENCES event (id),
  webhook TEXT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX delivery_created ON delivery (created_at, id);
CREATE INDEX delivery_state ON delivery (state, created_at, id);
CREATE INDEX delivery_webhook ON delivery (webhook, created_at, id);
CREATE INDEX delivery_event ON delivery (event);

CREATE TABLE pack (
  digest TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  body BYTEA NOT NULL
);

CREATE TABLE keyring (
  name TEXT PRIMARY KEY,
  sealed BYTEA NOT NULL
);

-- Keys of repeated requests, as hashes: what a client chooses as a key may say something about a person.
CREATE TABLE idempotency (
  hash BYTEA PRIMARY KEY,
  request BYTEA NOT NULL,
  boot TEXT NOT NULL,
  claimed_at BIGINT NOT NULL,
  done BIGINT NOT NULL,
  status BIGINT NOT NULL,
  answer BYTEA
);
CREATE INDEX idempotency_claimed ON idempotency (claimed_at);

CREATE TABLE client (
  id TEXT PRIMARY KEY,
  key_hash BYTEA NOT NULL,
  certificate_hash BYTEA,
  doc TEXT NOT NULL
);

CREATE TABLE staff (
  id TEXT PRIMARY KEY,
  issuer TEXT NOT NULL,
  login TEXT NOT NULL,
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX staff_login ON staff (issuer, login) WHERE login <> '';

CREATE TABLE passkey (
  id BYTEA PRIMARY KEY,
  staff TEXT NOT NULL REFERENCES staff (id),
  credential BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX passkey_staff ON passkey (staff);

CREATE TABLE session (
  hash BYTEA PRIMARY KEY,
  staff TEXT NOT NULL REFERENCES staff (id),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);

CREATE TABLE invitation (
  hash BYTEA PRIMARY KEY,
  staff TEXT NOT NULL REFERENCES staff (id),
  expires_at BIGINT NOT NULL
);

CREATE TABLE outlet (
  id TEXT PRIMARY KEY,
  doc TEXT NOT NULL
);
