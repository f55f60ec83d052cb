-- name: SeriesNextNumber :one
-- The next number of this year, 1, 2, 3 …, as the year stands in a time zone.
-- Serialises orders by the row's lock.
insert into series_counter (year, last) values (extract(year from now() at time zone @time_zone::text)::integer, 1)
on conflict (year) do update set last = series_counter.last + 1
returning year, last;

-- name: SeriesToday :one
-- The date now in a time zone, by the database's clock.
select (now() at time zone @time_zone::text)::date as today;

-- name: SeriesLiveCards :many
-- How many cards could be redeemed now or after an activation, by the form of
-- their codes: what a guesser may hit.
select s.code_alphabet, s.code_length, sum(s.made - coalesce(t.gone, 0))::bigint as cards
from series s
left join (select series_id, sum(used + void) as gone from series_tally group by series_id) t on t.series_id = s.id
where s.state in ('queued', 'generating', 'ready', 'active', 'locked')
  and now() < card_expires_at(s.valid_till, s.time_zone)
group by s.code_alphabet, s.code_length;

-- name: SeriesFormats :many
-- Every form that the codes of some series have.
select distinct code_alphabet, code_length from series;

-- name: SeriesCreate :one
insert into series (number, prefix, price, currency, quantity, any_partner, time_zone, valid_till,
  activate_when_generated, code_length, code_alphabet, partner_lock, order_key, created_by)
values (@number, @prefix, @price, @currency, @quantity, @any_partner, @time_zone, @valid_till,
  @activate_when_generated, @code_length, @code_alphabet, @partner_lock, @order_key, @created_by)
returning id, number, created_at;

-- name: SeriesPartnerAdd :exec
insert into series_partner (series_id, partner_id)
select @series_id, unnest(@partner_ids::bigint[]);

-- name: SeriesSetJob :exec
update series set job_id = @job_id where id = @id;

-- name: SeriesGetByOrderKey :one
select id, number, created_by from series where order_key = @order_key;

-- name: SeriesGetForUpdate :one
select * from series where id = @id for no key update;

-- name: SeriesGet :one
select * from series where id = @id;

-- name: SeriesShow :one
-- One series with what its page shows; a series that reaches beyond the asking
-- person's partners is not found.
select sqlc.embed(s), coalesce(staff.name, '')::text as created_by_name,
  coalesce((select string_agg(p.name, ', ' order by p.name) from series_partner sp
    join partner p on p.id = sp.partner_id where sp.series_id = s.id and sp.removed_at is null), '')::text as partner_names,
  coalesce(t.used, 0)::bigint as used, coalesce(t.disabled, 0)::bigint as disabled, coalesce(t.void, 0)::bigint as void,
  (now() >= card_expires_at(s.valid_till, s.time_zone))::boolean as expired,
  card_expires_at(s.valid_till, s.time_zone)::timestamptz as expires_at,
  now()::timestamptz as asked_at
from series s
left join staff on staff.id = s.created_by
left join lateral (select sum(used) as used, sum(disabled) as disabled, sum(void) as void
  from series_tally where series_id = s.id) t on true
where (s.number = @number or s.id = @id)
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and sp.partner_id <> all(@partner_ids::bigint[]))));

-- name: SeriesList :many
-- Newest first, below before_id; the same columns as SeriesShow.
select sqlc.embed(s), coalesce(staff.name, '')::text as created_by_name,
  coalesce((select string_agg(p.name, ', ' order by p.name) from series_partner sp
    join partner p on p.id = sp.partner_id where sp.series_id = s.id and sp.removed_at is null), '')::text as partner_names,
  coalesce(t.used, 0)::bigint as used, coalesce(t.disabled, 0)::bigint as disabled, coalesce(t.void, 0)::bigint as void,
  (now() >= card_expires_at(s.valid_till, s.time_zone))::boolean as expired,
  card_expires_at(s.valid_till, s.time_zone)::timestamptz as expires_at,
  now()::timestamptz as asked_at
from series s
left join staff on staff.id = s.created_by
left join lateral (select sum(used) as used, sum(disabled) as disabled, sum(void) as void
  from series_tally where series_id = s.id) t on true
where s.id < @before_id
  and (@search::text = '' or starts_with(s.number, @search) or position(lower(@search) in lower(s.prefix)) > 0)
  and (@status::text = '' or @status = case
    when s.state in ('ready', 'active', 'locked') and now() >= card_expires_at(s.valid_till, s.time_zone) then 'expired'
    when s.state in ('queued', 'generating') then 'working'
    else s.state::text end)
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and sp.partner_id <> all(@partner_ids::bigint[]))))
order by s.id desc
limit @size;

-- name: SeriesListBack :many
-- The page above after_id, oldest first.
select sqlc.embed(s), coalesce(staff.name, '')::text as created_by_name,
  coalesce((select string_agg(p.name, ', ' order by p.name) from series_partner sp
    join partner p on p.id = sp.partner_id where sp.series_id = s.id and sp.removed_at is null), '')::text as partner_names,
  coalesce(t.used, 0)::bigint as used, coalesce(t.disabled, 0)::bigint as disabled, coalesce(t.void, 0)::bigint as void,
  (now() >= card_expires_at(s.valid_till, s.time_zone))::boolean as expired,
  card_expires_at(s.valid_till, s.time_zone)::timestamptz as expires_at,
  now()::timestamptz as asked_at
from series s
left join staff on staff.id = s.created_by
left join lateral (select sum(used) as used, sum(disabled) as disabled, sum(void) as void
  from series_tally where series_id = s.id) t on true
where s.id > @after_id
  and (@search::text = '' or starts_with(s.number, @search) or position(lower(@search) in lower(s.prefix)) > 0)
  and (@status::text = '' or @status = case
    when s.state in ('ready', 'active', 'locked') and now() >= card_expires_at(s.valid_till, s.time_zone) then 'expired'
    when s.state in ('queued', 'generating') then 'working'
    else s.state::text end)
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and sp.partner_id <> all(@partner_ids::bigint[]))))
order by s.id
limit @size;

-- name: SeriesStart :execrows
update series set state = 'generating', started_at = coalesce(started_at, now()), failure = ''
where id = @id and state in ('queued', 'generating', 'failed');

-- name: SeriesAdvance :exec
update series set made = made + @n where id = @id;

-- name: SeriesFinish :one
update series set
  state = case when activate_when_generated then 'active' else 'ready' end::series_state,
  made_at = now(),
  activated_at = case when activate_when_generated then now() end
where id = @id and made = quantity
returning state;

-- name: SeriesSetState :exec
update series set state = @state,
  activated_at = case when @state::series_state = 'active' then coalesce(activated_at, now()) else activated_at end
where id = @id;

-- name: SeriesFail :exec
update series set state = 'failed', failure = @failure where id = @id and state in ('queued', 'generating');

-- name: SeriesLapse :exec
update series set lapsed_at = now() where id = @id;

-- name: SeriesListLapsed :many
-- Series whose last day ended a good while ago and whose leftover value still
-- stands as outstanding. The hour lets every redemption that began in time end.
select id from series
where state in ('active', 'locked') and lapsed_at is null
  and card_expires_at(valid_till, time_zone) < now() - interval '1 hour';

-- name: SeriesLock :exec
-- State changes of a series take this lock; redemptions share it (SeriesShare).
-- So nothing is redeemed between counting what is left of a series and posting it.
select pg_advisory_xact_lock(1, @series_id::integer);

-- name: SeriesShare :exec
select pg_advisory_xact_lock_shared(1, @series_id::integer);

-- name: SeriesNotify :exec
-- Tells every web process, at commit, that a series changed.
select pg_notify('refill', json_build_object('kind', 'series', 'id', @id::bigint)::text);

-- name: TallyAdd :exec
insert into series_tally as t (series_id, shard, used, disabled, void)
values (@series_id, @shard, @used, @disabled, @void)
on conflict (series_id, shard) do update set
  used = t.used + excluded.used, disabled = t.disabled + excluded.disabled, void = t.void + excluded.void;

-- name: TallySum :one
select coalesce(sum(used), 0)::bigint as used, coalesce(sum(disabled), 0)::bigint as disabled,
  coalesce(sum(void), 0)::bigint as void
from series_tally where series_id = @series_id;

-- name: SeriesListStranded :many
-- Series that are to be made but whose job ended without them: cancelled or
-- deleted from outside.
select s.id from series s
left join river_job j on j.id = s.job_id
where s.state in ('queued', 'generating')
  and coalesce(j.state in ('cancelled', 'discarded', 'completed'), true);

-- name: SeriesBrands :many
-- The brands of the partners that a series is for.
select (case when p.brand = '' then p.name else p.brand end)::text as brand
from series_partner sp join partner p on p.id = sp.partner_id
where sp.series_id = @series_id and sp.removed_at is null;
