-- +goose Up
create table staff_second_factor (
  staff_id      bigint primary key references staff,
  key_id        smallint not null,
  secret_sealed bytea not null,
  last_step     bigint not null,
  recovery_salt bytea not null,
  created_at    timestamptz not null default now()
);
comment on table staff_second_factor is 'The shared secret of a member of staff''s authenticator (RFC 6238); no row: the password is enough.';
comment on column staff_second_factor.secret_sealed is 'AES-256-GCM under a key derived from set key_id of the key file, bound to staff_id.';
comment on column staff_second_factor.last_step is 'The 30 seconds of the last code that was taken. Only a later one is taken, so no code counts twice.';

create table staff_recovery_code (
  staff_id  bigint not null references staff_second_factor on delete cascade,
  code_hash bytea not null,
  used_at   timestamptz,
  primary key (staff_id, code_hash)
);
comment on column staff_recovery_code.code_hash is 'argon2id of the code under the owner''s recovery_salt.';

create table sign_in_step (
  token_hash bytea primary key,
  staff_id   bigint not null references staff,
  expires_at timestamptz not null
);
create index sign_in_step_staff_idx on sign_in_step (staff_id);
comment on table sign_in_step is 'Who gave the right password and has yet to give a code. Not a session: nothing but the page for the code knows it.';
comment on column sign_in_step.token_hash is 'SHA-256 of the cookie.';

alter table session
  add column id bigint not null generated always as identity constraint session_id_key unique,
  add column renew boolean not null default false,
  add column previous_hash bytea,
  add column renewed_at timestamptz;
create index session_previous_idx on session (previous_hash) where previous_hash is not null;
comment on column session.id is 'What pages call it by; the token is a secret.';
comment on column session.renew is 'Its owner''s rights have changed: it gets another token with the next request.';
comment on column session.previous_hash is 'The token before, which holds for a few seconds more, for requests that were under way.';

-- +goose Down
drop index session_previous_idx;
alter table session drop column id, drop column renew, drop column previous_hash, drop column renewed_at;
drop table sign_in_step, staff_recovery_code, staff_second_factor;
