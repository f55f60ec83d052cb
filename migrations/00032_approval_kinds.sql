-- +goose Up
-- What else may wait for a second person. New values of a type can be used once
-- they are committed, so they have a migration of their own.
alter type approval_kind add value if not exists 'renewal';
alter type approval_kind add value if not exists 'reveal';
alter type approval_kind add value if not exists 'import';
alter type approval_kind add value if not exists 'limit';
alter type approval_kind add value if not exists 'payment';
alter type approval_kind add value if not exists 'opening_balances';
alter type approval_kind add value if not exists 'reopening';

-- +goose Down
select 1; -- Postgres takes no value out of a type.
