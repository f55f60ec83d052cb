-- name: FindSerial :many
-- The cards with a serial, of the newest series first: one look by primary key
-- for each series that has it.
select s.number, s.prefix, c.serial, c.key_id, c.code_sealed, c.series_id,
  card_shown(c.state, s.state, now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)) as shown,
  c.used_by, customer.name as used_by_name
from series s
join card c on c.series_id = s.id and c.serial = @serial
left join customer on customer.id = c.used_by and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
where s.made >= @serial and (@number::text = '' or s.number = @number)
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
order by s.id desc
limit @size;

-- name: FindLastFour :many
-- The cards whose code ends in four symbols, newest series first. The hash is short, so
-- the caller opens the codes and compares.
select s.number, s.prefix, c.serial, c.key_id, c.code_sealed, c.series_id,
  card_shown(c.state, s.state, now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)) as shown,
  c.used_by, customer.name as used_by_name
from card c
join series s on s.id = c.series_id
left join customer on customer.id = c.used_by and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
where c.last_four = any(@hashes::integer[])
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
order by c.series_id desc, c.serial
limit @size;

-- name: FindUsedBy :many
-- The cards that customers used, newest first: so many of each, by the index, then
-- the newest of all. Some customers use ten thousand.
select s.number, s.prefix, c.serial, c.key_id, c.code_sealed, c.series_id,
  card_shown(c.state, s.state, false) as shown,
  c.used_by, customer.name as used_by_name
from unnest(@customer_ids::bigint[]) as who(id)
cross join lateral (select k.series_id, k.serial, k.key_id, k.code_sealed, k.state, k.used_by, k.used_at
  from card k join series of on of.id = k.series_id
  where k.used_by = who.id
    and (@all_partners::boolean or (not of.any_partner and not exists (
      select from series_partner sp where sp.series_id = of.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
  order by k.used_at desc limit @size) c
join series s on s.id = c.series_id
left join customer on customer.id = c.used_by
order by c.used_at desc
limit @size;

-- name: CardListWithoutLastFour :many
-- Cards of a series whose last four symbols are not hashed yet.
select serial, key_id, coalesce(index_key_id, key_id)::smallint as index_key_id, code_sealed from card
where series_id = @series_id and serial > @after_serial and last_four is null and octet_length(code_sealed) > 0
order by series_id, serial
limit @size;

-- name: CardSetLastFour :exec
-- Skips cards that were voided or indexed under another key concurrently.
update card c set last_four = x.hash
from (select unnest(@serials::integer[]) as serial, unnest(@index_key_ids::smallint[]) as index_key_id, unnest(@hashes::integer[]) as hash) x
where c.series_id = @series_id and c.serial = x.serial and c.last_four is null
  and coalesce(c.index_key_id, c.key_id) = x.index_key_id and octet_length(c.code_sealed) > 0;

-- name: SeriesWithoutLastFour :one
-- A series with such cards.
select series_id from card
where last_four is null and octet_length(code_sealed) > 0
order by series_id
limit 1;

-- name: FindSeries :many
-- Series whose number begins with a text, or whose cards have a prefix that does;
-- newest first. Patterns for LIKE; empty: not asked for.
select s.number from series s
where ((@by_number::text <> '' and s.number like @by_number) or (@by_prefix::text <> '' and lower(s.prefix) like @by_prefix))
  and s.state <> 'void'
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
order by s.id desc
limit @size;
