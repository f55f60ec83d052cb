-- +goose Up
-- A request may be about anything or nothing: a series, a card of it, a customer, an
-- import, a setting.
alter table approval
  alter column series_id drop not null,
  alter column price set default 0,
  alter column cards set default 0,
  add column serial integer,
  add column customer_id bigint references customer,
  add column import_id bigint references card_import,
  add column partner_ids bigint[] not null default '{}',
  add column version integer not null default 0,
  add column currency text not null default '',
  add column request_key uuid,
  add column facts jsonb not null default '{}',
  add column used_at timestamptz;
update approval a set version = s.version, currency = s.currency from series s where s.id = a.series_id;
alter table approval add constraint approval_subject check (case kind
  when 'activate' then series_id is not null
  when 'export' then series_id is not null
  when 'renewal' then series_id is not null
  when 'reveal' then series_id is not null and serial is not null
  when 'import' then import_id is not null
  when 'payment' then customer_id is not null
  else true end);
create unique index approval_renewal_key on approval (series_id) where kind = 'renewal' and state = 'waiting';
create unique index approval_reveal_key on approval (series_id, serial, requested_by) where kind = 'reveal' and state = 'waiting';
create unique index approval_import_key on approval (import_id) where kind = 'import' and state = 'waiting';
create unique index approval_limit_key on approval (kind) where kind = 'limit' and state = 'waiting';
create unique index approval_request_key on approval (request_key) where request_key is not null;
create index approval_customer_idx on approval (customer_id, id) where customer_id is not null;
create index approval_import_idx on approval (import_id) where import_id is not null;
comment on table approval is 'What one member of staff asked for and another decides.';
comment on column approval.value is 'What it was worth together when it was asked for, in minor units. Approving measures again.';
comment on column approval.partner_ids is 'The partners that a request without series and customer concerns; empty: all of them. Staff who see all of these see the request.';
comment on column approval.version is 'series.version when it was asked for; 0: there is no series.';
comment on column approval.currency is 'Of value and price; empty: the request is about no money.';
comment on column approval.request_key is 'Drawn when the form was shown: the same key asks once.';
comment on column approval.facts is 'What exactly was asked for, as the kind reads it. Never a code, key or password.';
comment on column approval.used_at is 'When the asker used what can be used once; null: not yet, or the decision itself did it.';

alter table series add column edited_version integer not null default 0;
comment on column series.edited_version is 'The version that the last edit of the series or of its cards made. A change of state alone leaves it.';

-- +goose StatementBegin
-- approval_is_for tells whether staff of some partners see a request: those whose
-- partners are all that its subject is for.
create function approval_is_for(of_series bigint, of_customer bigint, of_partners bigint[], all_partners boolean, scope bigint[])
returns boolean language sql stable parallel safe as $$
  select all_partners or (
    (of_series is not null or of_customer is not null or cardinality(of_partners) > 0)
    and of_partners <@ scope
    and (of_series is null or exists (select from series s where s.id = of_series and not s.any_partner and not exists (
      select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and sp.partner_id <> all(scope))))
    and (of_customer is null or exists (select from customer c where c.id = of_customer and c.partner_id = any(scope))))
$$;
-- +goose StatementEnd

-- +goose Down
drop function approval_is_for;
alter table series drop column edited_version;
delete from approval where series_id is null or kind::text not in ('activate', 'export');
drop index approval_renewal_key, approval_reveal_key, approval_import_key, approval_limit_key;
alter table approval
  drop constraint approval_subject,
  drop column serial, drop column customer_id, drop column import_id, drop column partner_ids, drop column version,
  drop column currency, drop column request_key, drop column facts, drop column used_at,
  alter column price drop default, alter column cards drop default,
  alter column series_id set not null;
