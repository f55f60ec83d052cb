-- +goose Up
-- Keys of API clients that give out codes may wait for a second person. A new value of a
-- type can be used once it is committed, so it has a migration of its own.
alter type approval_kind add value if not exists 'client';

-- +goose Down
select 1; -- Postgres takes no value out of a type.
