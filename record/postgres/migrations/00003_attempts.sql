-- +goose Up

-- Attempts at verifying a person that did not pass within the last day, as JSON.
ALTER TABLE subject ADD COLUMN attempts TEXT NOT NULL DEFAULT '[]';
