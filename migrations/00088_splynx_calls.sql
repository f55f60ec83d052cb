-- +goose Up
-- Calls in the shape of Splynx, one switch per client. Their signatures need the secret of a
-- pair in clear, so it is sealed besides its hash.

alter table api_client add column splynx boolean not null default false;
comment on column api_client.splynx is 'The client may use the calls below /api/2.0/.';

alter table api_key
  add column splynx_key text constraint api_key_splynx_key unique,
  add column splynx_key_id smallint,
  add column splynx_secret bytea,
  add column splynx_nonce bigint not null default 0,
  add constraint api_key_splynx_sealed check ((splynx_key_id is null) = (splynx_secret is null)),
  add constraint api_key_splynx_pair check (splynx_secret is null or splynx_key is not null),
  add constraint api_key_splynx_ended check (splynx_secret is null or revoked_at is null),
  add constraint api_key_splynx_length check (octet_length(splynx_key) = 32);
comment on column api_key.splynx_key is 'The public half of a pair for the calls below /api/2.0/; hash is that of its secret. Null: a key for /api/v1.';
comment on column api_key.splynx_secret is 'AES-256-GCM under a key derived from set splynx_key_id of the key file, bound to splynx_key. Null: no pair, or one that has ended.';
comment on column api_key.splynx_nonce is 'The greatest nonce of a signature so far. Only greater ones are taken.';

create table splynx_token (
  id           bigint generated always as identity primary key,
  api_key_id   bigint references api_key,
  customer_id  bigint references customer,
  shut_out     integer not null default 0,
  access_hash  bytea not null constraint splynx_token_access_key unique,
  refresh_hash bytea not null constraint splynx_token_refresh_key unique,
  agent_hash   bytea not null,
  address      inet,
  expires_at   timestamptz not null,
  refresh_until timestamptz not null,
  created_at   timestamptz not null default now(),
  constraint splynx_token_owner check ((api_key_id is null) <> (customer_id is null))
);
create index splynx_token_key_idx on splynx_token (api_key_id);
create index splynx_token_customer_idx on splynx_token (customer_id);
create index splynx_token_until_idx on splynx_token (refresh_until);
comment on table splynx_token is 'Access tokens of the calls below /api/2.0/, of a pair or of a customer.';
comment on column splynx_token.shut_out is 'customer.shut_out when the customer signed in. Where all sessions of the customer are ended, the tokens end too.';
comment on column splynx_token.access_hash is 'SHA-256 of the access token, which has 256 random bits.';
comment on column splynx_token.agent_hash is 'SHA-256 of the user agent that asked for the token. Another one may not use it.';

-- +goose StatementBegin
-- Whether customers of a partner may use the calls: a client with the switch sees the partner.
create function splynx_open(partner bigint) returns boolean language sql stable as $$
  select exists (select from api_client c join staff o on o.id = c.owner_id
    where c.splynx and c.disabled_at is null and o.disabled_at is null
      and (c.all_partners or exists (select from api_client_partner p where p.client_id = c.id and p.partner_id = partner))
      and (o.all_partners or exists (select from staff_partner p where p.staff_id = o.id and p.partner_id = partner)))
$$;
-- +goose StatementEnd

-- +goose Down
drop function splynx_open(bigint);
drop table splynx_token;
alter table api_key drop column splynx_nonce, drop column splynx_secret, drop column splynx_key_id, drop column splynx_key;
alter table api_client drop column splynx;
