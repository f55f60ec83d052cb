-- +goose Up
-- A code of six symbols, the shortest that is imported, is sealed in 35 bytes: nonce 12,
-- the mark of imported codes 1, symbols 6, tag 16. The next migration holds the cards that
-- are there against it, without a lock that redemptions would wait for.
alter table card drop constraint card_code_sealed_erased;
alter table card add constraint card_code_sealed_erased check (case
  when shredded or state = 'void' then octet_length(code_sealed) = 0
  when state = 'used' then octet_length(code_sealed) = 0 or octet_length(code_sealed) >= 35
  else octet_length(code_sealed) >= 35 end) not valid;

-- +goose Down
alter table card drop constraint card_code_sealed_erased;
alter table card add constraint card_code_sealed_erased check (case
  when shredded or state = 'void' then octet_length(code_sealed) = 0
  when state = 'used' then octet_length(code_sealed) = 0 or octet_length(code_sealed) >= 36
  else octet_length(code_sealed) >= 36 end) not valid;
