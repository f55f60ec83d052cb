-- +goose Up
-- What other systems are told: entries of a queue, which acts write in their transaction,
-- and the events that one relay makes of them.

create table event_switch (
  id     boolean primary key default true,
  wanted boolean not null default false,
  since  timestamptz,
  constraint event_switch_one check (id),
  constraint event_switch_since check (wanted = (since is not null))
);
insert into event_switch default values;
comment on table event_switch is 'Whether acts write entries of the queue of events. Triggers set it, so that it is as certain as what it follows from.';
comment on column event_switch.since is 'When it was switched on. Null: it is off.';

create table event_out (
  id          bigint not null generated always as identity,
  type        text not null,
  at          timestamptz not null default now(),
  customer_id bigint,
  series_id   bigint,
  serial      integer,
  ref_id      bigint,
  client_id   bigint
);
comment on table event_out is 'The queue of events. Acts insert a row in their transaction; the relay takes it out. It names ids only and has no foreign keys and no index, because redemptions write it and it is emptied within a second.';
comment on column event_out.ref_id is 'By type: the payment, the file, the request for a second person, the operation on cards, or the webhook endpoint.';

create table event_counter (
  id      boolean primary key default true,
  last    bigint not null default 0,
  trimmed bigint not null default 0,
  constraint event_counter_one check (id),
  constraint event_counter_order check (trimmed between 0 and last)
);
insert into event_counter default values;
comment on column event_counter.last is 'The seq of the newest event. Only the relay moves it, so that seq has no gap.';
comment on column event_counter.trimmed is 'Events up to this seq were deleted because of their age.';

create table event (
  seq         bigint primary key,
  id          uuid not null,
  type        text not null,
  at          timestamptz not null,
  partner_ids bigint[],
  customer_id bigint,
  payment_id  bigint,
  data        jsonb not null
);
create index event_type_idx on event (type, seq);
create index event_at_idx on event (at);
create index event_customer_idx on event (customer_id) where customer_id is not null;
comment on table event is 'What other systems are told, kept for 30 days. Never a code of a card.';
comment on column event.partner_ids is 'The partners that it concerns. Null: it concerns a series for any partner, so every reader sees it. Empty: only readers of all partners see it.';
comment on column event.at is 'When the transaction of the act began.';

create table event_partner (
  partner_id bigint not null,
  seq        bigint not null,
  type       text not null,
  primary key (partner_id, seq) include (type)
);
comment on table event_partner is 'The events of each partner in order, so that a page of a partner with few events is read as fast as any. 0: the events that every reader sees.';

-- +goose StatementBegin
-- As the owner of the tables: the application has no right to change the switch. The row is
-- locked before anything is read, so that of two changes at once the later one sees both.
create function event_switch_set() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  needed boolean;
begin
  perform from event_switch for update;
  select exists (select from api_client where disabled_at is null and 'events.view' = any(permissions)) into needed;
  update event_switch set wanted = needed, since = case when needed then clock_timestamp() end where wanted <> needed;
  return null;
end
$$;
-- +goose StatementEnd
create trigger api_client_wants_events after insert or update on api_client
  for each statement execute function event_switch_set();
update event_switch set wanted = true, since = clock_timestamp()
where exists (select from api_client where disabled_at is null and 'events.view' = any(permissions));

-- +goose Down
drop trigger api_client_wants_events on api_client;
drop function event_switch_set();
drop table event_partner, event, event_counter, event_out, event_switch;
