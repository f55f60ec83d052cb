-- +goose Up
-- Files and operations that an API client asked for name it beside its owner.
alter table export add column client_id bigint;
alter table card_change add column client_id bigint;
comment on column export.client_id is 'The API client that asked for the file, for its owner. Null: no client did.';
comment on column card_change.client_id is 'The API client that asked for the operation, for its owner. Null: no client did.';

-- +goose Down
alter table card_change drop column client_id;
alter table export drop column client_id;
