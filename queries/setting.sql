-- name: SettingList :many
select name, value from setting;

-- name: SettingSet :exec
insert into setting (name, value, changed_by) values (@name, @value, @changed_by)
on conflict (name) do update set value = excluded.value, changed_by = excluded.changed_by, changed_at = now();

-- name: SettingMoneyMoved :one
-- Whether the currency is fixed: a series or a customer's account uses it. Those for tests have
-- a currency of their own.
select (exists (select from series where currency <> 'XTS')
  or exists (select from account where customer_id is not null and currency <> 'XTS'))::boolean as moved;

-- name: SettingModuleUse :one
-- What the switch of the refill-card module affects: series and files, by progress.
select (select count(*) from series) as series,
  (select count(*) from series where state = 'active') as active,
  (select count(*) from series where state in ('queued', 'generating'))::bigint as making,
  (select count(*) from export where state in ('queued', 'running'))::bigint as writing;
