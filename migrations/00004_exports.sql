-- +goose Up
create type export_format as enum ('csv', 'pdf');
create type export_state as enum ('queued', 'running', 'ready', 'failed', 'cancelled', 'expired');

create table export (
  id          bigint generated always as identity primary key,
  series_id   bigint not null references series,
  format      export_format not null,
  state       export_state not null default 'queued',
  request_key uuid not null constraint export_request_key unique,
  job_id      bigint,
  rows_total  integer not null default 0,
  rows_done   integer not null default 0,
  file        text not null default '',
  size        bigint not null default 0,
  sha256      bytea,
  failure     text not null default '',
  created_by  bigint not null references staff,
  created_at  timestamptz not null default now(),
  started_at  timestamptz,
  finished_at timestamptz,
  expires_at  timestamptz,
  fetched_at  timestamptz,
  dismissed_at timestamptz,
  constraint export_ready_whole check (
    state <> 'ready' or (sha256 is not null and file <> '' and size > 0 and rows_done = rows_total and expires_at is not null))
);
create index export_series_idx on export (series_id, id desc);
create index export_created_by_idx on export (created_by, id desc);
create index export_expires_idx on export (expires_at) where state = 'ready';
comment on table export is 'A file made from a series in the background.';
comment on column export.file is 'Name in the file store; kept after expiry so that nobody reuses it.';
comment on column export.fetched_at is 'First download. Until then, or until they wave it away, its owner is reminded on every page.';

-- +goose Down
drop table export;
drop type export_state, export_format;
