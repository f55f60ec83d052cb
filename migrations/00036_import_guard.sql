-- +goose Up
-- What an import may tell, keep and undo.
create type import_kind as enum ('cards', 'customers');

alter table card_import
  add column kind       import_kind not null default 'cards',
  add column planned_by bigint references staff,
  add column left_out   jsonb not null default '{}',
  add column rows_known integer not null default 0,
  add column alarmed_at timestamptz,
  add column voided_at  timestamptz,
  add column voided_by  bigint references staff;
comment on column card_import.kind is 'What the rows of the file are.';
comment on column card_import.planned_by is 'Who asked for the dry run: what it finds known is charged to them.';
comment on column card_import.left_out is 'How many rows make no card, by reason: the rows themselves are kept up to a bound.';
comment on column card_import.rows_known is 'Rows that the import itself passed over because their code was known.';
comment on column card_import.alarmed_at is 'When the file was found to try codes of other cards.';
comment on column card_import.voided_at is 'When all that it made was voided in one act.';
create index card_import_sha256_idx on card_import (sha256);
create index card_import_alarmed_idx on card_import (alarmed_at) where alarmed_at is not null;

alter table card_import_problem add column value text not null default '';
comment on column card_import_problem.value is 'What stood in the row and was refused; masked where it could be a code.';

-- No foreign key to card, as everywhere.
create table card_import_hit (
  staff_id  bigint not null references staff,
  series_id bigint not null,
  serial    integer not null,
  import_id bigint not null references card_import,
  at        timestamptz not null default now(),
  primary key (staff_id, series_id, serial)
);
comment on table card_import_hit is 'Cards that somebody''s files named without a sign of having imported them: each is charged once.';

create table import_answer (
  staff_id bigint not null references staff,
  kind     import_kind not null,
  shape    bytea not null,
  answers  jsonb not null,
  used_at  timestamptz not null default now(),
  primary key (staff_id, kind, shape)
);
comment on table import_answer is 'What somebody answered about files of a shape, to be offered with the next one.';
comment on column import_answer.shape is 'Hash of the headings.';

alter table series add column import_inactive boolean not null default false;
comment on column series.import_inactive is 'Imported only: its cards were inactive where they come from. It is never activated with the import.';

-- +goose Down
alter table series drop column import_inactive;
drop table import_answer, card_import_hit;
alter table card_import_problem drop column value;
drop index card_import_sha256_idx, card_import_alarmed_idx;
alter table card_import drop column kind, drop column planned_by, drop column left_out, drop column rows_known,
  drop column alarmed_at, drop column voided_at, drop column voided_by;
drop type import_kind;
