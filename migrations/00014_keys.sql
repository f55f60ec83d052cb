-- +goose Up
alter table key_canary add column retired_at timestamptz;
comment on column key_canary.retired_at is 'When the key was taken out of the key file, no card being sealed under it any more; null: it is needed.';

create table key_rotation (
  key_id       smallint primary key,
  started_at   timestamptz not null default now(),
  finished_at  timestamptz,
  job_id       bigint,
  after_series bigint not null default 0,
  after_serial integer not null default 0,
  done         bigint not null default 0
);
comment on table key_rotation is 'The sealing of all cards under a new key: how far it is.';
comment on column key_rotation.after_series is 'With after_serial, the last card that was looked at; moves in the transaction that seals.';

-- +goose Down
drop table key_rotation;
alter table key_canary drop column retired_at;
