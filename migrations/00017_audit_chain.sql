-- +goose Up
create table audit_block (
  number  bigint primary key,
  at      timestamptz not null,
  key_id  smallint not null,
  rows    integer not null,
  firsts  bigint[] not null,
  lasts   bigint[] not null,
  last_id bigint not null,
  hash    bytea not null,
  mac     bytea not null,
  constraint audit_block_number_positive check (number > 0),
  constraint audit_block_ranges check (cardinality(firsts) = cardinality(lasts)),
  constraint audit_block_hash_length check (octet_length(hash) = 32 and octet_length(mac) = 32)
);
comment on table audit_block is 'Links of the chain that the audit trail is sealed in. Insert-only. See internal/audit/chain.go.';
comment on column audit_block.firsts is 'With lasts, the runs of ids that the block holds: what was committed and in no block yet when it was made.';
comment on column audit_block.last_id is 'The highest id in this block or one before.';
comment on column audit_block.hash is 'SHA-256 over the hash of the block before, this block''s columns and its rows.';
comment on column audit_block.mac is 'HMAC-SHA-256 of hash under a key from the key file: nobody who has only the database makes one.';

create trigger audit_block_append_only before update or delete or truncate on audit_block
  for each statement execute function append_only();

-- +goose Down
drop table audit_block;
