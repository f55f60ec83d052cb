-- +goose Up
-- +goose StatementBegin
-- append_only answers every UPDATE, DELETE and TRUNCATE on the tables that may
-- only grow. It stands behind the missing grants: where the database could not
-- make the application's role, it is the only guard.
create function append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name
    using errcode = 'restrict_violation', constraint = tg_table_name || '_append_only';
end
$$;
-- +goose StatementEnd

create table partner (
  id         bigint generated always as identity primary key,
  name       text not null constraint partner_name_key unique,
  brand      text not null default '',
  time_zone  text not null default 'UTC',
  -- Whether the portal offers this partner's customers the refill-card form.
  portal_refill_card boolean not null default true,
  created_at timestamptz not null default now(),
  constraint partner_name_length check (char_length(name) between 1 and 80),
  constraint partner_brand_length check (char_length(brand) <= 80)
);
comment on table partner is 'A branch, brand or reseller of the provider. A customer belongs to exactly one.';
comment on column partner.brand is 'The name customers see, on the portal and on cards. Empty: the partner''s name.';
comment on column partner.time_zone is 'IANA name. Decides when the day of a card''s valid-till date ends.';

create type staff_role as enum ('administrator', 'cashier', 'operator');

create table staff (
  id            bigint generated always as identity primary key,
  username      text not null constraint staff_username_key unique,
  name          text not null,
  password_hash text not null,
  role          staff_role not null,
  all_partners  boolean not null default false,
  disabled_at   timestamptz,
  created_at    timestamptz not null default now(),
  constraint staff_username_form check (username = lower(username) and char_length(username) between 1 and 64)
);
comment on table staff is 'Somebody who signs in at /admin.';
comment on column staff.all_partners is 'False: sees only the partners listed in staff_partner.';

create table staff_partner (
  staff_id   bigint not null references staff,
  partner_id bigint not null references partner,
  primary key (staff_id, partner_id)
);

create table customer (
  id            bigint generated always as identity primary key,
  partner_id    bigint not null references partner,
  username      text not null constraint customer_username_key unique,
  name          text not null,
  email         text not null default '',
  phone         text not null default '',
  password_hash text not null default '',
  disabled_at   timestamptz,
  created_at    timestamptz not null default now(),
  constraint customer_username_form check (username = lower(username) and char_length(username) between 1 and 64),
  constraint customer_name_length check (char_length(name) between 1 and 120)
);
create index customer_partner_idx on customer (partner_id, id);
comment on column customer.password_hash is 'argon2id. Empty: no portal sign-in.';

create table session (
  token_hash  bytea primary key,
  staff_id    bigint references staff,
  customer_id bigint references customer,
  created_at  timestamptz not null default now(),
  seen_at     timestamptz not null default now(),
  expires_at  timestamptz not null,
  address     inet,
  user_agent  text not null default '',
  constraint session_one_subject check (num_nonnulls(staff_id, customer_id) = 1)
);
create index session_staff_idx on session (staff_id) where staff_id is not null;
create index session_customer_idx on session (customer_id) where customer_id is not null;
create index session_expires_idx on session (expires_at);
comment on column session.token_hash is 'SHA-256 of the cookie, so that a copy of the table signs nobody in.';

create table setting (
  name       text primary key,
  value      jsonb not null,
  changed_at timestamptz not null default now(),
  changed_by bigint references staff
);
comment on table setting is 'What differs from the defaults in internal/setting; a missing row means the default.';

create table audit (
  id          bigint generated always as identity primary key,
  at          timestamptz not null default now(),
  action      text not null,
  staff_id    bigint references staff,
  customer_id bigint references customer,
  series_id   bigint,
  serial      integer,
  address     inet,
  request_id  text not null default '',
  detail      jsonb not null default '{}'
);
create index audit_series_idx on audit (series_id, id) where series_id is not null;
create index audit_customer_idx on audit (customer_id, id) where customer_id is not null;
create trigger audit_append_only before update or delete or truncate on audit
  for each statement execute function append_only();
comment on table audit is 'Who did what, when, from where. Insert-only. Never holds a code.';
comment on column audit.staff_id is 'The member of staff who acted; null: the customer acted, or the program itself.';
comment on column audit.customer_id is 'The customer who acted or was acted upon.';

-- +goose Down
drop table audit, setting, session, customer, staff_partner, staff, partner;
drop type staff_role;
drop function append_only;
