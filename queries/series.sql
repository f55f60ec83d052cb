-- name: SeriesNextNumber :one
-- The next number of this year, 1, 2, 3 …, with the year in a time zone. The lock of its
-- row serialises orders.
insert into series_counter (year, last) values (extract(year from now() at time zone @time_zone::text)::integer, 1)
on conflict (year) do update set last = series_counter.last + 1
returning year, last;

-- name: SeriesToday :one
-- The date in a time zone by the database's clock at this moment, and not at the start of
-- the transaction, which may have waited for a lock.
select (clock_timestamp() at time zone @time_zone::text)::date as today;

-- name: SeriesLiveCards :many
-- The number of cards that are redeemable now or after an activation, by code format:
-- those that a guess could hit.
select s.code_alphabet, s.code_length, sum(s.made - coalesce(t.gone, 0))::bigint as cards
from series s
left join (select series_id, sum(used + void) as gone from series_tally group by series_id) t on t.series_id = s.id
where s.state in ('queued', 'generating', 'ready', 'active', 'locked')
  and (now() < card_expires_at(s.valid_till, s.time_zone) or series_has_late_cards(s.id, s.time_zone, now()))
group by s.code_alphabet, s.code_length;

-- name: SeriesFormats :many
-- Every form that the codes of some series have.
select distinct code_alphabet, code_length from series;

-- name: SeriesCreate :one
insert into series (number, prefix, price, currency, quantity, any_partner, time_zone, valid_till,
  activate_when_generated, code_length, code_alphabet, partner_lock, print_once, order_key, created_by, client_id, key_maker)
values (@number, @prefix, @price, @currency, @quantity, @any_partner, @time_zone, @valid_till,
  @activate_when_generated, @code_length, @code_alphabet, @partner_lock, @print_once, @order_key, @created_by, @client_id, @key_maker)
returning id, number, created_at;

-- name: SeriesPartnerAdd :exec
insert into series_partner (series_id, partner_id)
select @series_id, unnest(@partner_ids::bigint[]);

-- name: SeriesSetJob :exec
update series set job_id = @job_id where id = @id;

-- name: SeriesLastOrder :one
-- The last order of a member of staff, with the days from the order to its last day.
-- Imported series were not ordered.
select s.quantity, s.prefix, s.price, s.currency, s.any_partner,
  (s.valid_till - (s.created_at at time zone s.time_zone)::date)::integer as days,
  array(select sp.partner_id from series_partner sp where sp.series_id = s.id and sp.removed_at is null order by sp.partner_id)::bigint[] as partner_ids
from series s
where s.created_by = @created_by and s.import_id is null
order by s.id desc
limit 1;

-- name: SeriesGetByOrderKey :one
select id, number, created_by, quantity, price, prefix, valid_till, print_once, version, replaces_series_id, replaces_serial
from series where order_key = @order_key;

-- name: SeriesGetForUpdate :one
select * from series where id = @id for no key update;

-- name: SeriesGet :one
select * from series where id = @id;

-- name: SeriesShow :one
-- One series with the data of its page. It is not found where it belongs to partners that
-- the reader may not see.
select sqlc.embed(s), coalesce(staff.name, '')::text as created_by_name, api_client.name as client_name,
  coalesce((select string_agg(p.name, ', ' order by p.name) from series_partner sp
    join partner p on p.id = sp.partner_id where sp.series_id = s.id and sp.removed_at is null), '')::text as partner_names,
  coalesce(t.used, 0)::bigint as used, coalesce(t.disabled, 0)::bigint as disabled, coalesce(t.void, 0)::bigint as void,
  (now() >= card_expires_at(s.valid_till, s.time_zone))::boolean as expired,
  card_expires_at(s.valid_till, s.time_zone)::timestamptz as expires_at,
  now()::timestamptz as asked_at,
  coalesce((select old.number from series old where old.id = s.replaces_series_id), '')::text as replaces_number
from series s
left join staff on staff.id = s.created_by
left join api_client on api_client.id = s.client_id and s.retried_by is null
left join lateral (select sum(used) as used, sum(disabled) as disabled, sum(void) as void
  from series_tally where series_id = s.id) t on true
where (s.number = @number or s.id = @id)
  and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
  and not exists (select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and sp.partner_id = any(@hidden_ids::bigint[]));

-- name: SeriesList :many
-- One page of the list, in the order asked for; among equals the newest first.
-- The inner query picks the rows, and sums up the cards of all only where it
-- sorts by what they are worth. Deleted series are listed where they are asked
-- for, and while they are being deleted.
select sqlc.embed(s), coalesce(staff.name, '')::text as created_by_name, api_client.name as client_name,
  coalesce((select string_agg(p.name, ', ' order by p.name) from series_partner sp
    join partner p on p.id = sp.partner_id where sp.series_id = s.id and sp.removed_at is null), '')::text as partner_names,
  coalesce(t.used, 0)::bigint as used, coalesce(t.disabled, 0)::bigint as disabled, coalesce(t.void, 0)::bigint as void,
  (now() >= card_expires_at(s.valid_till, s.time_zone))::boolean as expired,
  card_expires_at(s.valid_till, s.time_zone)::timestamptz as expires_at,
  now()::timestamptz as asked_at,
  coalesce((select old.number from series old where old.id = s.replaces_series_id), '')::text as replaces_number,
  page.total,
  coalesce(last.format::text, '')::text as exported_format,
  coalesce(last.created_at, 'epoch')::timestamptz as exported_at,
  coalesce((select e.id from export e where e.series_id = s.id and e.state = 'ready' and e.expires_at > now()
    order by e.id desc limit 1), 0)::bigint as ready_export_id,
  coalesce((select e.format::text from export e where e.series_id = s.id and e.state = 'ready' and e.expires_at > now()
    order by e.id desc limit 1), '')::text as ready_format
from (
  select found.id, count(*) over ()::bigint as total,
    row_number() over (order by case when @down::boolean then -found.key else found.key end, found.id desc) as place
  from (
    select s.id, case @sort::text
      when 'created' then extract(epoch from s.created_at)
      when 'valid_till' then s.valid_till - date '2000-01-01'
      when 'price' then s.price
      when 'quantity' then s.quantity
      when 'outstanding' then case when s.state in ('active', 'locked') and s.lapsed_at is null
        then s.price * (s.made - (select coalesce(sum(used + void), 0) from series_tally where series_id = s.id)) else 0 end
      else s.number::numeric end as key
    from series s
    where (@search::text = '' or starts_with(s.number, @search) or position(lower(@search) in lower(s.prefix)) > 0)
      and case @status::text
        when '' then s.state <> 'void' or s.erased_at is null
        when 'expired' then s.state in ('ready', 'active', 'locked') and now() >= card_expires_at(s.valid_till, s.time_zone)
        when 'working' then s.state in ('queued', 'generating')
        else s.state::text = @status and not (s.state in ('ready', 'active', 'locked') and now() >= card_expires_at(s.valid_till, s.time_zone)) end
      and (@partner_id::bigint = 0 or s.any_partner
        or exists (select from series_partner sp where sp.series_id = s.id and sp.partner_id = @partner_id and sp.removed_at is null))
      and (@all_partners::boolean or (not s.any_partner and not exists (
        select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
  ) found
  order by place
  limit @size offset @skip
) page
join series s on s.id = page.id
left join staff on staff.id = s.created_by
left join api_client on api_client.id = s.client_id and s.retried_by is null
left join lateral (select sum(used) as used, sum(disabled) as disabled, sum(void) as void
  from series_tally where series_id = s.id) t on true
left join lateral (select e.format, e.created_at from export e
  where e.series_id = s.id and e.state in ('ready', 'expired') order by e.id desc limit 1) last on true
order by page.place;

-- name: SeriesStart :execrows
update series set state = 'generating', started_at = coalesce(started_at, now()), failure = ''
where id = @id and state in ('queued', 'generating', 'failed');

-- name: SeriesAdvance :exec
update series set made = made + @n where id = @id;

-- name: SeriesFinish :one
update series set
  state = case when activate_when_generated and not @hold::boolean then 'active' else 'ready' end::series_state,
  made_at = now(),
  version = version + 1,
  activated_at = case when activate_when_generated and not @hold::boolean then now() end
where id = @id and made = quantity
returning state;

-- name: SeriesSetState :exec
update series set state = @state, version = version + 1,
  activated_at = case when @state::series_state = 'active' then coalesce(activated_at, now()) else activated_at end
where id = @id;

-- name: SeriesFail :exec
update series set state = 'failed', failure = @failure where id = @id and state in ('queued', 'generating');

-- name: SeriesLapse :exec
update series set lapsed_at = now(), version = version + 1 where id = @id;

-- name: SeriesListLapsed :many
-- Series that have been past their last day for an hour and still have outstanding value.
-- The hour lets every redemption that began in time end.
select id from series
where state in ('active', 'locked') and lapsed_at is null
  and card_expires_at(valid_till, time_zone) < now() - interval '1 hour'
  and not series_has_late_cards(id, time_zone, now() - interval '1 hour');

-- name: SeriesIsLapsed :one
-- As SeriesListLapsed, of one series under its lock: a card may have been given a
-- later date meanwhile.
select (lapsed_at is null and card_expires_at(valid_till, time_zone) < now() - interval '1 hour'
  and not series_has_late_cards(id, time_zone, now() - interval '1 hour'))::boolean as lapsed
from series where id = @id;

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
-- Unfinished series whose job has ended, because it was cancelled or deleted in River
-- directly.
select s.id from series s
left join river_job j on j.id = s.job_id
where s.state in ('queued', 'generating')
  and coalesce(j.state in ('cancelled', 'discarded', 'completed'), true);

-- name: SeriesBrands :many
-- The looks of the partners that a series is for.
select (case when p.brand = '' then p.name else p.brand end)::text as brand, p.accent, p.card_line1, p.card_line2, p.slug, logo.png
from series_partner sp join partner p on p.id = sp.partner_id
left join partner_logo logo on logo.partner_id = p.id
where sp.series_id = @series_id and sp.removed_at is null;

-- name: PartnerCardLook :one
-- The look of cards that are for one partner.
select (case when p.brand = '' then p.name else p.brand end)::text as brand, p.accent, p.card_line1, p.card_line2, p.slug, logo.png
from partner p left join partner_logo logo on logo.partner_id = p.id
where p.id = @id;

-- name: SeriesEdit :exec
-- Stores the editable columns. A later last day after the value had gone to breakage
-- brings it back (renewed). The end of "for any partner" is read from the clock, not from
-- the transaction's start, because the transaction may have waited for redemptions.
update series set prefix = @prefix, price = @price, valid_till = @valid_till, any_partner = @any_partner, print_once = @print_once,
  any_partner_until = case when any_partner and not @any_partner then clock_timestamp() else any_partner_until end,
  lapsed_at = case when @renewed::boolean then null else lapsed_at end,
  version = version + 1, edited_version = version + 1
where id = @id;

-- name: SeriesEditedByOther :one
-- Whether a series was edited by another person than this one.
select exists (select from audit a
  where a.series_id = @series_id::bigint and a.action = 'series.edited' and a.staff_id is distinct from @staff_id::bigint)::boolean;

-- name: SeriesTouch :exec
-- Marks that cards of a series get another date or partner, which outdates open requests
-- for approval. Locked before the cards.
update series set version = version + 1, edited_version = version + 1 where id = @id;

-- name: SeriesPartnerList :many
-- The partners that a series is for now.
select partner_id from series_partner where series_id = @series_id and removed_at is null order by partner_id;

-- name: SeriesPartnerKeep :exec
-- Removes all partners but these from a series. The rows are kept with the time of
-- removal, by the clock (see SeriesEdit).
update series_partner set removed_at = clock_timestamp()
where series_id = @series_id and removed_at is null and partner_id <> all(@partner_ids::bigint[]);

-- name: SeriesPartnerPut :exec
-- Adds these partners to a series, including partners that it had before.
insert into series_partner (series_id, partner_id)
select @series_id, unnest(@partner_ids::bigint[])
on conflict (series_id, partner_id) do update set removed_at = null where series_partner.removed_at is not null;

-- name: SeriesSetEraseJob :exec
update series set erase_job_id = @erase_job_id where id = @id;

-- name: SeriesEraseAdvance :exec
update series set erased_to = @erased_to, erased_at = case when @erased_to = made then now() end where id = @id;

-- name: SeriesListUnerased :many
-- Void series whose codes are not erased and that no job is erasing.
select s.id from series s
left join river_job j on j.id = s.erase_job_id
where s.state = 'void' and s.erased_at is null
  and coalesce(j.state in ('cancelled', 'discarded', 'completed'), true);

-- name: SeriesSentWhole :exec
-- Every byte of the one file of a series was sent. It is kept until the codes go.
update series set shred_at = greatest(@expires_at::timestamptz, now() + interval '3 days')
where id = @id and print_once and shredding_at is null;

-- name: SeriesKeepCodes :exec
-- The file did not arrive: its codes are not shredded automatically.
update series set shred_at = null where id = @id and shred_at is not null and shredding_at is null;

-- name: SeriesShredBegin :execrows
update series set shredding_at = now(), shred_job_id = @job_id
where id = @id and print_once and shredding_at is null;

-- name: SeriesSetShredJob :exec
update series set shred_job_id = @job_id where id = @id;

-- name: SeriesShredAdvance :exec
update series set shredded_to = @shredded_to, shredded_at = case when @shredded_to = made then now() end where id = @id;

-- name: SeriesListShredDue :many
-- Series whose file was sent completely, without a confirmation since.
select id from series where shredding_at is null and shred_at <= now() and state <> 'void' order by id;

-- name: SeriesListUnshredded :many
-- Series whose codes are not shredded yet and that no job is shredding.
select s.id from series s
left join river_job j on j.id = s.shred_job_id
where s.shredding_at is not null and s.shredded_at is null and s.state <> 'void'
  and coalesce(j.state in ('cancelled', 'discarded', 'completed'), true);

-- name: SeriesInUse :one
-- The total face value of the cards that could be redeemed if the module were on: the
-- unused cards of active series that have not expired. Cards for tests hold no value.
select coalesce(sum(s.price * (s.made - coalesce(t.gone, 0))), 0)::bigint as value
from series s
left join (select series_id, sum(used + void + disabled) as gone from series_tally group by series_id) t on t.series_id = s.id
where s.state = 'active' and s.currency <> 'XTS'
  and (now() < card_expires_at(s.valid_till, s.time_zone) or series_has_late_cards(s.id, s.time_zone, now()));

-- name: SeriesWorthFits :one
-- Whether the total face value of all series, without those for tests, and one more is at most @most.
select coalesce(sum(quantity::numeric * price), 0) + @value::bigint <= @most::bigint as fits from series where currency <> 'XTS';

-- name: SeriesReach :one
-- Which partners a series is for: staff of some partners see it where all are theirs.
select any_partner, array(select partner_id from series_partner sp
  where sp.series_id = series.id and sp.removed_at is null order by partner_id)::bigint[] as partner_ids
from series where id = @id;

-- name: SeriesRetry :exec
-- Resumes the generation on behalf of a person, who is accountable from now on. The maker
-- of an API key with which the series was ordered or resumed still counts as a requester.
update series set state = 'queued', failure = '', retried_by = sqlc.narg(retried_by),
  client_id = coalesce(sqlc.narg(client_id), client_id), key_maker = coalesce(sqlc.narg(key_maker), key_maker), version = version + 1
where id = @id;

-- name: SeriesSetReplaces :exec
-- Says which card the one card of a series replaces.
update series set replaces_series_id = @series_id, replaces_serial = @serial where id = @id;

-- name: SeriesReplacing :one
-- The series whose one card replaces a card.
select id, number from series where replaces_series_id = @series_id and replaces_serial = @serial;
