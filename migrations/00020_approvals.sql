-- +goose Up
alter type export_state add value if not exists 'waiting';

create type approval_kind as enum ('activate', 'export');
create type approval_state as enum ('waiting', 'approved', 'refused', 'expired', 'outdated', 'withdrawn');

create table approval (
  id           bigint generated always as identity primary key,
  kind         approval_kind not null,
  state        approval_state not null default 'waiting',
  series_id    bigint not null references series,
  export_id    bigint references export,
  value        bigint not null,
  price        bigint not null,
  cards        bigint not null,
  requested_by bigint not null references staff,
  requested_at timestamptz not null default now(),
  expires_at   timestamptz not null default now() + interval '24 hours',
  decided_by   bigint references staff,
  decided_at   timestamptz,
  reason       text not null default '',
  constraint approval_export_which check ((kind = 'export') = (export_id is not null)),
  constraint approval_by_another check (decided_by <> requested_by),
  constraint approval_decided check ((state in ('approved', 'refused')) <= (decided_by is not null and reason <> '')),
  constraint approval_ended check ((state = 'waiting') = (decided_at is null))
);
create unique index approval_activation_key on approval (series_id) where kind = 'activate' and state = 'waiting';
create unique index approval_export_key on approval (export_id) where state in ('waiting', 'approved');
create index approval_waiting_idx on approval (id) where state = 'waiting';
create index approval_series_idx on approval (series_id, id);
comment on table approval is 'An activation or an export above the value that settings name: asked for by one member of staff, decided by another.';
comment on column approval.value is 'What the cards were worth together when it was asked for, in minor units. Approving measures again.';

-- +goose Down
drop table approval;
drop type approval_state, approval_kind;
update export set state = 'cancelled' where state::text = 'waiting';
