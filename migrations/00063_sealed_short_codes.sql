-- +goose Up
-- The short code of a card that has a full one as well is sealed, so that it can be
-- indexed under another key. It goes with the code of its card.
alter table card_reading
  add column sealed bytea,
  add column seal_key_id smallint,
  add constraint card_reading_sealed check ((sealed is null) = (seal_key_id is null) and (sealed is null or kind = 'short'));
comment on column card_reading.sealed is 'AES-256-GCM of a short code, bound to series and serial. Null: it follows from the code of the card, or came in before short codes were sealed, or is erased with the code of the card.';
comment on column card_reading.seal_key_id is 'Which sealing key made sealed.';
create index card_reading_card_idx on card_reading (series_id, serial);

-- +goose StatementBegin
create function card_loses_short_code() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update card_reading set sealed = null, seal_key_id = null
  where series_id = new.series_id and serial = new.serial and sealed is not null;
  return null;
end
$$;
-- +goose StatementEnd
revoke execute on function card_loses_short_code from public;
create trigger card_loses_short_code after update on card for each row
  when (octet_length(old.code_sealed) > 0 and octet_length(new.code_sealed) = 0) execute function card_loses_short_code();

-- +goose Down
drop trigger card_loses_short_code on card;
drop function card_loses_short_code;
drop index card_reading_card_idx;
alter table card_reading drop constraint card_reading_sealed, drop column sealed, drop column seal_key_id;
