-- +goose Up
-- The first customer or series fixes the currency. In an installation that has one, nobody
-- needs to confirm it any more.
insert into setting (name, value)
select 'currency_confirmed', 'true'::jsonb
where exists (select from series) or exists (select from account where customer_id is not null)
on conflict (name) do nothing;

-- +goose Down
delete from setting where name in ('currency_confirmed', 'confirmed_address');
