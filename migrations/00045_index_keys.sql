-- +goose Up
-- Codes are sealed under one key and found by another: sealing keys rotate and retire,
-- index keys stay, so that the code of a deleted card is known for ever.
create table index_canary (
  key_id     smallint primary key,
  mac        bytea,
  created_at timestamptz not null default now()
);
comment on table index_canary is 'Announces an index key: codes are found by it, and start is refused without it. Written by the tables'' owner only.';
comment on column index_canary.mac is 'HMAC-SHA-256 of a known text under the key. Null: the key is from before index keys were apart, and was not announced since.';
insert into index_canary (key_id, created_at) select key_id, created_at from key_canary where retired_at is null;

alter table card add column index_key_id smallint, add column code_mac bytea;
comment on column card.key_id is 'Which sealing key made code_sealed.';
comment on column card.index_key_id is 'Which index key made code_index. Null: the one with the number of key_id, since the card was made before the two were apart.';
comment on column card.code_mac is 'HMAC-SHA-256 of code_index with series and serial, first 16 bytes, in the place of the sealed code of a shredded card: a swapped index does not fit.';

create table code_mac_fill (
  one          boolean primary key default true check (one),
  after_series bigint not null default 0,
  after_serial integer not null default 0,
  finished_at  timestamptz
);
comment on table code_mac_fill is 'How far cards that were shredded before there were MACs have got theirs. Once finished, a shredded card without one is refused.';
insert into code_mac_fill default values;

alter table key_rotation add column what text not null default 'seal',
  add constraint key_rotation_what check (what in ('seal', 'index')),
  drop constraint key_rotation_pkey,
  add constraint key_rotation_pkey primary key (what, key_id);
comment on table key_rotation is 'The sealing, or indexing, of all cards under a new key: how far it is.';

-- +goose Down
delete from key_rotation where what <> 'seal';
alter table key_rotation drop constraint key_rotation_pkey, drop column what, add constraint key_rotation_pkey primary key (key_id);
drop table code_mac_fill;
-- Fails where cards stand under an index key that is not their sealing key's: the older
-- program would not find them.
alter table card add constraint card_index_key_same check (index_key_id = key_id);
alter table card drop constraint card_index_key_same, drop column index_key_id, drop column code_mac;
drop table index_canary;
