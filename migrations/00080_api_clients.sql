-- +goose Up
-- Programs call the API with keys. A client acts for its owner on the staff, whose rights and
-- limits count, within permissions and partners of its own.
create table api_client (
  id           bigint generated always as identity primary key,
  name         text not null,
  owner_id     bigint not null references staff,
  all_partners boolean not null default false,
  permissions  text[] not null default '{}',
  networks     cidr[] not null default '{}',
  per_minute   integer not null default 600,
  wrong_codes_hour integer not null default 300,
  disabled_at  timestamptz,
  version      integer not null default 1,
  created_by   bigint not null references staff,
  created_at   timestamptz not null default now(),
  constraint api_client_name_length check (char_length(name) between 1 and 60),
  constraint api_client_per_minute check (per_minute between 1 and 100000),
  constraint api_client_wrong_codes check (wrong_codes_hour between 1 and 100000)
);
create unique index api_client_name_key on api_client (lower(name));
create index api_client_owner_idx on api_client (owner_id);
comment on table api_client is 'A program that calls the API. What it does counts for its owner.';
comment on column api_client.permissions is 'At most these, of what the owner''s role includes at the time of the request.';
comment on column api_client.networks is 'Networks that may use the keys of the client. Empty: every address may.';
comment on column api_client.per_minute is 'Requests within a minute, over all web processes.';
comment on column api_client.wrong_codes_hour is 'Wrong codes within an hour, for all customers of the client together.';

create table api_client_partner (
  client_id  bigint not null references api_client,
  partner_id bigint not null references partner,
  primary key (client_id, partner_id)
);

create table api_key (
  id           bigint generated always as identity primary key,
  client_id    bigint not null references api_client,
  hint         text not null,
  hash         bytea not null constraint api_key_hash_key unique,
  created_by   bigint not null references staff,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz,
  last_used_from inet,
  constraint api_key_hash_length check (octet_length(hash) = 32)
);
create index api_key_client_idx on api_key (client_id);
comment on column api_key.hash is 'SHA-256 of the key. It has 256 random bits, so that no slower hash is needed.';
comment on column api_key.hint is 'The first characters of the key, by which people tell keys apart.';
comment on column api_key.created_by is 'The member of staff who saw the key. They do not approve what the client asks for with it.';
comment on column api_key.expires_at is 'The end of a key that another one replaces. Null: it has no end.';

create unlogged table api_quota (
  client_id bigint primary key,
  minute    timestamptz not null,
  n         integer not null
);
comment on table api_quota is 'Requests of each client within the current minute. A crash of the server loses the counts, which is no harm.';

create table api_request (
  id         bigint generated always as identity primary key,
  client_id  bigint not null,
  key_id     bigint not null,
  at         timestamptz not null,
  operation  text not null,
  status     integer not null,
  code       text not null default '',
  request_id text not null,
  took_ms    integer not null
);
create index api_request_client_idx on api_request (client_id, id desc);
create index api_request_at_idx on api_request (at);
comment on table api_request is 'What clients asked lately, for the page of a client: method and route, never an address as sent and never a body. Web processes write it a second later; old rows go.';
comment on column api_request.code is 'The code of the problem that was answered. Empty: there was none.';

-- Which client moved money. No foreign keys: their check would lock one row for every redemption.
alter table ledger_tx add column client_id bigint;
alter table payment add column client_id bigint;
comment on column ledger_tx.client_id is 'The API client that acted, for the member of staff in staff_id. Null: none did.';
comment on column payment.client_id is 'As ledger_tx.client_id.';

-- The version of a customer's data, which If-Match names.
alter table customer add column version integer not null default 1;

-- What is charged to a balance for services.
alter type account_kind add value 'services';
alter type ledger_kind add value 'charge';
alter type payment_type add value 'charge' before 'reversal';

-- +goose Down
alter table customer drop column version;
alter table payment drop column client_id;
alter table ledger_tx drop column client_id;
drop table api_request, api_quota, api_key, api_client_partner, api_client;
-- Values of an enum can't be dropped; nothing minds that they are there.
