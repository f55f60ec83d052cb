-- +goose Up
-- What a card of a series was worth when it was redeemed can be told for ever.
create table series_price (
  series_id bigint not null,
  price     bigint not null,
  through   bigint not null,
  at        timestamptz not null default now(),
  primary key (series_id, through)
);
comment on table series_price is 'The prices that series had before. Written by a trigger only, insert-only.';
comment on column series_price.through is 'The last ledger transaction up to which the price held: an edit holds the series alone, so every redemption at the old price has its number by then.';
create trigger series_price_append_only before update or delete or truncate on series_price
  for each statement execute function append_only();
-- The line of no series: prices from before it are not on record.
insert into series_price (series_id, price, through) select 0, 0, coalesce(max(id), 0) from ledger_tx;

-- +goose StatementBegin
-- As the owner of the tables: the application must not write a history of its own, nor
-- put temporary tables in the place of ours.
create function series_keeps_price() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into series_price (series_id, price, through)
  select old.id, old.price, last_value from ledger_tx_id_seq
  on conflict (series_id, through) do nothing; -- no card was redeemed at the price between
  return null;
end
$$;
-- +goose StatementEnd
create trigger series_keeps_price after update of price on series for each row
  when (old.price is distinct from new.price) execute function series_keeps_price();

-- +goose Down
drop trigger series_keeps_price on series;
drop function series_keeps_price;
drop table series_price;
