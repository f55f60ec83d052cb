-- +goose Up
-- The code of a card that can never be redeemed is of use to thieves alone: a void
-- card loses it at once, whoever voids it, and a used one after a time.
update card set code_sealed = '', last_four = null where state = 'void' and octet_length(code_sealed) > 0;
alter table card drop constraint card_code_sealed_erased;
alter table card add constraint card_code_sealed_erased check (case state
  when 'void' then octet_length(code_sealed) = 0
  when 'used' then octet_length(code_sealed) = 0 or octet_length(code_sealed) >= 36
  else octet_length(code_sealed) >= 36 end);
comment on column card.code_sealed is 'AES-256-GCM: 12 bytes nonce, ciphertext, tag; series and serial are associated data, so swapped rows do not open. Empty: erased, since the card is void or was used long ago. The index stays, so that the code is never drawn again.';

-- +goose StatementBegin
create function card_void_loses_code() returns trigger language plpgsql as $$
begin
  new.code_sealed := '';
  new.last_four := null;
  return new;
end
$$;
-- +goose StatementEnd
create trigger card_void_loses_code before update of state on card for each row
  when (new.state = 'void') execute function card_void_loses_code();

create table shredding (
  one     boolean primary key default true check (one),
  through bigint not null default 0
);
comment on table shredding is 'Up to which ledger transaction the codes of cards that were used long ago are erased.';
insert into shredding default values;

-- +goose Down
drop table shredding;
drop trigger card_void_loses_code on card;
drop function card_void_loses_code;
alter table card drop constraint card_code_sealed_erased;
alter table card add constraint card_code_sealed_erased check (octet_length(code_sealed) >= 36 or octet_length(code_sealed) = 0);
