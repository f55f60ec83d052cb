-- +goose Up
-- What is printed on an imported card can be read in more ways than one: in another
-- case, as a short code beside the full one, as a code of ours without its dashes.
-- Each further reading is a row, found by the same blind index as the code itself.
create type reading_kind as enum ('own', 'exact', 'short', 'folded', 'short_folded');

create table card_reading (
  code_index bytea not null,
  series_id  bigint not null,
  serial     integer not null,
  kind       reading_kind not null,
  key_id     smallint not null,
  proof      bytea not null,
  constraint card_reading_pkey primary key (code_index, series_id, serial, kind),
  constraint card_reading_lengths check (octet_length(code_index) = 16 and octet_length(proof) = 16)
);
comment on table card_reading is 'Further readings of the codes of imported cards. What is typed finds a card by one only where exactly one card fits.';
comment on column card_reading.code_index is 'HMAC-SHA-256 of the reading under the index key, first 16 bytes, as card.code_index. Not unique: two cards may share a reading, which then finds neither.';
comment on column card_reading.kind is 'own: as a code of our own format, which tells printed codes apart in imports and finds nothing. exact: the code in today''s spelling of digits. short: the short code of a file that has both. folded, short_folded: in any case.';
comment on column card_reading.key_id is 'Which index key made code_index and proof.';
comment on column card_reading.proof is 'Keyed proof that this reading is of this card: a row that was written or moved by hand finds nothing.';

-- How many readings of each length there are, and how hard they are to guess.
create table series_shape (
  series_id bigint not null references series,
  kind      reading_kind not null,
  length    smallint not null,
  classes   smallint not null,
  cards     integer not null,
  bits      real not null,
  primary key (series_id, kind, length)
);
comment on table series_shape is 'What the codes of an imported series look like, by length, as they can be typed: in any case, and by their short codes.';
comment on column series_shape.kind is 'folded: the codes; short_folded: their short codes.';
comment on column series_shape.length is 'Symbols, dashes not counted.';
comment on column series_shape.classes is 'Symbols that occur: 1 digits, 2 letters A to Z, 4 others.';
comment on column series_shape.cards is 'Codes of this length, those of void cards left out.';
comment on column series_shape.bits is 'Logarithm to base 2 of how many codes of this length there could be.';

create table series_reading (
  series_id    bigint primary key references series,
  after_serial integer not null default 0,
  cards        bigint not null default 0,
  started_at   timestamptz not null default now(),
  finished_at  timestamptz
);
create index series_reading_open_idx on series_reading (series_id) where finished_at is null;
comment on table series_reading is 'How far the further readings of an imported series are written. Series without a row were imported before there were any.';
comment on column series_reading.after_serial is 'The last card whose readings are written; moves in the transaction that writes them.';

-- +goose Down
drop table series_reading, series_shape, card_reading;
drop type reading_kind;
