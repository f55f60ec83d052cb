-- +goose Up
-- Customers come in by files, with what they had in the system they come from.
alter table customer
  add column external_id text,
  add column import_id bigint references card_import,
  add column import_row integer,
  add constraint customer_external_id_length check (char_length(external_id) between 1 and 64),
  add constraint customer_import_whole check ((import_id is null) = (import_row is null));
create unique index customer_external_id_key on customer (external_id);
create unique index customer_import_key on customer (import_id, import_row) where import_id is not null;
comment on column customer.external_id is 'What another system calls the customer. Null: nothing.';
comment on column customer.import_id is 'The import that entered the customer; null: entered by hand.';
comment on column customer.import_row is 'The row of its file, as a spreadsheet numbers it. Each row enters at most one customer.';

alter table payment add column import_id bigint references card_import;
create index payment_import_idx on payment (import_id) where import_id is not null;
comment on column payment.import_id is 'The import whose opening balance this is; null: another payment.';

alter table card_import
  add column confirmed_by bigint references staff,
  add column made integer not null default 0,
  add column made_value bigint not null default 0,
  add column hidden_hits integer not null default 0;
comment on table card_import is 'An upload of existing cards or customers, from the file to what became of it.';
comment on column card_import.confirmed_by is 'Of customers: who confirmed the import. Their customers and opening balances are entered in this name.';
comment on column card_import.made is 'Of customers: how many it has entered.';
comment on column card_import.made_value is 'Of customers: the opening balances that it has entered, without their signs, in minor units.';
comment on column card_import.hidden_hits is 'Of customers: rows of its dry runs whose username or external id another partner has. They are charged to the person and never named.';
create index card_import_hidden_idx on card_import (planned_by) where hidden_hits > 0;

create unique index approval_opening_balances_key on approval (import_id) where kind = 'opening_balances' and state = 'waiting';

-- +goose Down
drop index approval_opening_balances_key, card_import_hidden_idx;
alter table card_import drop column confirmed_by, drop column made, drop column made_value, drop column hidden_hits;
drop index payment_import_idx;
alter table payment drop column import_id;
drop index customer_external_id_key, customer_import_key;
alter table customer drop constraint customer_import_whole, drop column external_id, drop column import_id, drop column import_row;
