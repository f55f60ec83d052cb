-- +goose Up
-- Cards that were printed by another system go on working: they are imported with
-- the codes that they have.
create type import_state as enum
  ('uploaded', 'checking', 'checked', 'running', 'done', 'cancelled', 'failed', 'expired');

create table card_import (
  id          bigint generated always as identity primary key,
  state       import_state not null default 'uploaded',
  file_name   text not null,
  file        text not null,
  key_id      smallint not null,
  size        bigint not null,
  sha256      bytea not null,
  preview     jsonb not null,
  plan        jsonb not null default '{}',
  report      jsonb not null default '{}',
  run         integer not null default 0,
  rows_done   integer not null default 0,
  rows_total  integer not null default 0,
  job_id      bigint,
  failure     text not null default '',
  created_by  bigint not null references staff,
  created_at  timestamptz not null default now(),
  finished_at timestamptz,
  constraint card_import_file_name_length check (char_length(file_name) <= 200)
);
create index card_import_created_idx on card_import (id desc);
create index card_import_open_idx on card_import (id) where state in ('uploaded', 'checking', 'checked', 'running', 'failed');
comment on table card_import is 'An upload of existing cards, from the file to the series.';
comment on column card_import.file is 'Name in the file store, where the upload lies encrypted until the import has ended or is a day old.';
comment on column card_import.key_id is 'Which key set the file is encrypted under.';
comment on column card_import.sha256 is 'Of the file as it was uploaded.';
comment on column card_import.preview is 'First rows, with whatever could be a code masked.';
comment on column card_import.plan is 'Which column is what, and what the file does not say.';
comment on column card_import.report is 'What the dry run found.';
comment on column card_import.run is 'Counts the runs of the dry run: an older one that is still alive writes nothing more.';
comment on column card_import.rows_done is 'Rows read. While running it moves only in the transaction that inserts their cards.';

create table card_import_problem (
  import_id bigint not null references card_import,
  row       integer not null,
  serial    text not null,
  reason    text not null,
  primary key (import_id, row)
);
comment on table card_import_problem is 'Rows of a file that make no card. Never a code.';
comment on column card_import_problem.row is 'As a spreadsheet numbers it, from 1, headings included.';

alter table series
  add column import_id bigint references card_import,
  add column code_bits real,
  add column code_shortest smallint,
  add column code_longest smallint;
create index series_imported_idx on series (id) where import_id is not null;
comment on column series.import_id is 'The import that made the series; null: its codes are ours.';
comment on column series.code_bits is 'Imported only: how hard a code is to guess, estimated from the alphabet and the shortest changing part.';
comment on column series.code_shortest is 'Imported only: symbols of the shortest code; what is typed is looked up among imported codes only where its length fits.';
comment on column series.code_longest is 'Imported only: symbols of the longest code.';

alter table card add column imported_serial text;
comment on column card.imported_serial is 'The serial that the card had in the system it comes from.';
create index card_imported_serial_idx on card (series_id, imported_serial) where imported_serial is not null;

-- +goose Down
alter table card drop column imported_serial;
alter table series drop column import_id, drop column code_bits, drop column code_shortest, drop column code_longest;
drop table card_import_problem, card_import;
drop type import_state;
