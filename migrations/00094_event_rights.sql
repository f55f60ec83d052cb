-- +goose Up
-- Names of webhook endpoints are unique for one maker, so that no name tells of an endpoint
-- that another maker has.
drop index webhook_endpoint_name_key;
create unique index webhook_endpoint_name_key on webhook_endpoint (created_by, coalesce(client_id, 0), lower(name));

-- +goose StatementBegin
-- Whether events are sent to an endpoint: always where a member of staff made it in person.
-- One that an API client made runs while the client could make it, with the rights that the
-- client and its owner have now.
create function webhook_runs(client bigint, every_partner boolean, partners bigint[]) returns boolean
language sql stable as $$
  select client is null or exists (
    select from api_client c join staff o on o.id = c.owner_id join role r on r.id = o.role_id
    where c.id = client and c.disabled_at is null and o.disabled_at is null
      and 'webhooks.manage' = any(c.permissions) and (r.everything or 'webhooks.manage' = any(r.permissions))
      and (c.all_partners or (not every_partner and partners <@ array(select a.partner_id from api_client_partner a where a.client_id = c.id)))
      and (o.all_partners or (not every_partner and partners <@ array(select m.partner_id from staff_partner m where m.staff_id = o.id))))
$$;
-- +goose StatementEnd

-- Events name a reservation by a number, as everything else.
alter table reservation add column event_no bigint not null generated always as identity, add column broken_at timestamptz;
create unique index reservation_event_no_key on reservation (event_no);
comment on column reservation.event_no is 'Names the reservation in the queue of events.';
comment on column reservation.broken_at is 'When a commit was refused for the first time. The reservation can still be committed, if what was in the way is undone.';

-- Alarms that last and that an event has told of. A row goes when the alarm is over.
create table event_alarm (
  kind    text not null,
  subject bigint not null,
  primary key (kind, subject),
  constraint event_alarm_kind check (kind in ('books', 'guesses'))
);
comment on column event_alarm.subject is 'The number of the invariant, or the partner whose codes are guessed (0: all).';

-- +goose StatementBegin
-- Whether an endpoint may be sent a type of events. Alarms need alarms.view: of the member of
-- staff who made the endpoint, or of the client that did and of its owner.
create function webhook_may(maker bigint, client bigint, event_type text) returns boolean
language sql stable as $$
  select event_type not in ('check.broken', 'guesses.alarm') or exists (
    select from staff m join role r on r.id = m.role_id
    where m.id = coalesce((select c.owner_id from api_client c where c.id = client), maker) and (r.everything or 'alarms.view' = any(r.permissions)))
    and (client is null or exists (select from api_client c where c.id = client and 'alarms.view' = any(c.permissions)))
$$;
-- +goose StatementEnd

-- +goose Down
drop function webhook_may(bigint, bigint, text);
drop table event_alarm;
alter table reservation drop column broken_at, drop column event_no;
drop function webhook_runs(bigint, boolean, bigint[]);
drop index webhook_endpoint_name_key;
create unique index webhook_endpoint_name_key on webhook_endpoint (lower(name));
