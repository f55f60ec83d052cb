-- +goose Up
-- An imported code has six symbols or more: with its mark, nonce and tag it takes 35
-- bytes sealed. The check asked for one more, and files of six-digit codes failed.
alter table card drop constraint card_code_sealed_erased;
-- The next migration holds the cards that are there against it, without a lock that
-- redemptions would wait for.
alter table card add constraint card_code_sealed_erased check (case
  when shredded or state = 'void' then octet_length(code_sealed) = 0
  when state = 'used' then octet_length(code_sealed) = 0 or octet_length(code_sealed) >= 35
  else octet_length(code_sealed) >= 35 end) not valid;

-- +goose Down
alter table card drop constraint card_code_sealed_erased;
-- Fails where such a card is there: the older program can't keep its rule.
alter table card add constraint card_code_sealed_erased check (case
  when shredded or state = 'void' then octet_length(code_sealed) = 0
  when state = 'used' then octet_length(code_sealed) = 0 or octet_length(code_sealed) >= 36
  else octet_length(code_sealed) >= 36 end);
