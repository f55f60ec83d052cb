-- +goose Up
-- A value of an enum can be used once the transaction that adds it is committed: hence a
-- migration of its own.
alter type account_kind add value 'outside';
alter type ledger_kind add value 'handover';
alter type payment_type add value 'handover';

-- +goose Down
select 1; -- Postgres takes no value out of an enum
