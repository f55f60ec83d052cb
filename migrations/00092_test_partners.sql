-- +goose Up
-- Test partners: everything that belongs to one is for testing. Their customers and series are
-- in XTS, the code that ISO 4217 keeps for tests, so that no movement of the ledger holds test
-- money and real money together.
alter table partner add column test boolean not null default false;
comment on column partner.test is 'Whether the partner is for testing. Set when it is made; it never changes.';
create index partner_test_idx on partner (id) where test;

alter table api_client add column test boolean not null default false;
comment on column api_client.test is 'A test client acts for test partners only, and no other client for one. It never changes.';

-- A series for any partner is never for testing.
alter table series add constraint series_test_partners check (currency <> 'XTS' or not any_partner);

-- +goose StatementBegin
create function test_mark_is_kept() returns trigger language plpgsql as $$
begin
  raise exception 'the test mark never changes' using errcode = 'check_violation', constraint = tg_table_name || '_test_kept';
end
$$;
-- +goose StatementEnd
create trigger partner_keeps_test before update of test on partner
  for each row when (old.test is distinct from new.test) execute function test_mark_is_kept();
create trigger api_client_keeps_test before update of test on api_client
  for each row when (old.test is distinct from new.test) execute function test_mark_is_kept();
create trigger series_keeps_test before update of currency on series
  for each row when ((old.currency = 'XTS') <> (new.currency = 'XTS')) execute function test_mark_is_kept();

-- +goose StatementBegin
-- A row that is missing is left to its foreign key.
create function customer_keeps_test() returns trigger language plpgsql as $$
begin
  if (select test from partner where id = old.partner_id) <> (select test from partner where id = new.partner_id) then
    raise exception 'a customer moves between test partners and others' using errcode = 'check_violation', constraint = 'customer_test_kept';
  end if;
  return new;
end
$$;

create function series_partner_agrees() returns trigger language plpgsql as $$
begin
  if (select test from partner where id = new.partner_id) <> (select currency = 'XTS' from series where id = new.series_id) then
    raise exception 'a series and its partner differ in their test mark' using errcode = 'check_violation', constraint = 'series_partner_test';
  end if;
  return new;
end
$$;

create function account_agrees() returns trigger language plpgsql as $$
begin
  if (new.currency = 'XTS') <> (select partner.test from customer join partner on partner.id = customer.partner_id where customer.id = new.customer_id)
    or new.currency <> (select currency from series where id = new.series_id) then
    raise exception 'an account is in the wrong currency' using errcode = 'check_violation', constraint = 'account_test';
  end if;
  return new;
end
$$;

create function api_client_partner_agrees() returns trigger language plpgsql as $$
begin
  if (select test from partner where id = new.partner_id) <> (select test from api_client where id = new.client_id) then
    raise exception 'an API client and its partner differ in their test mark' using errcode = 'check_violation', constraint = 'api_client_partner_test';
  end if;
  return new;
end
$$;
-- +goose StatementEnd
create trigger customer_keeps_test before update of partner_id on customer
  for each row when (old.partner_id is distinct from new.partner_id) execute function customer_keeps_test();
create trigger series_partner_agrees before insert or update of series_id, partner_id on series_partner
  for each row execute function series_partner_agrees();
create trigger account_agrees before insert or update of currency, customer_id, series_id on account
  for each row execute function account_agrees();
create trigger api_client_partner_agrees before insert or update on api_client_partner
  for each row execute function api_client_partner_agrees();

-- +goose Down
drop trigger api_client_partner_agrees on api_client_partner;
drop trigger account_agrees on account;
drop trigger series_partner_agrees on series_partner;
drop trigger customer_keeps_test on customer;
drop trigger series_keeps_test on series;
drop trigger api_client_keeps_test on api_client;
drop trigger partner_keeps_test on partner;
drop function api_client_partner_agrees, account_agrees, series_partner_agrees, customer_keeps_test, test_mark_is_kept;
alter table series drop constraint series_test_partners;
alter table api_client drop column test;
alter table partner drop column test;
