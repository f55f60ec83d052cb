-- name: CardFit :many
-- The cards that a typed text may mean. An exact code decides first; of several, the
-- longest was typed in full. Otherwise a further reading decides, exact case before any
-- case, and only where one card fits: two rows of level 1 or 2 find neither. All three
-- indexes are always searched, so that the time of an answer reveals nothing.
with fit as (
  select series_id, serial, 0 as level, null::bytea as code_index, null::reading_kind as kind, 0::smallint as key_id, null::bytea as proof
  from card where code_index = any(@code_indexes::bytea[])
  union all
  select series_id, serial, 1, null, null, 0::smallint, null
  from card where code_index = any(@near_indexes::bytea[])
  union all
  select series_id, serial, case when kind in ('exact', 'short') then 1 else 2 end, code_index, kind, key_id, proof
  from card_reading where code_index = any(@reading_indexes::bytea[]) and kind <> 'own'
), each as (
  select distinct on (series_id, serial) * from fit
  where level = (select min(level) from fit)
  order by series_id, serial, code_index
)
select each.series_id, each.serial, each.level::integer as level, each.code_index, each.kind, each.key_id, each.proof
from each join series s on s.id = each.series_id
order by s.code_length desc, s.id, each.serial
limit 2;

-- name: CardReadBy :one
-- Whether a card has one of these readings.
select exists (select from card_reading
  where code_index = any(@reading_indexes::bytea[]) and kind <> 'own' and series_id = @series_id and serial = @serial);

-- name: ReadingFindTaken :many
-- Which of these readings belong to a card already. strong are the code itself and its
-- readings as a code of this program; weak is its short code, which conflicts with another
-- card only where it is that card's whole code.
-- Thousands are asked for at once, and each is looked up in the index. (A long list of
-- values may be compared with every row, and a join may read the whole table, where the
-- plan was made while it was empty. Offset 0 keeps the planner from making one.)
select c.code_index from unnest(@strong::bytea[] || @weak::bytea[]) a(code_index)
cross join lateral (select card.code_index from card where card.code_index = a.code_index offset 0) c
union all
select r.code_index from unnest(@strong) a(code_index)
cross join lateral (select card_reading.code_index from card_reading where card_reading.code_index = a.code_index and kind in ('own', 'exact', 'short') offset 0) r
union all
select r.code_index from unnest(@weak) a(code_index)
cross join lateral (select card_reading.code_index from card_reading where card_reading.code_index = a.code_index and kind = 'exact' offset 0) r;

-- name: ReadingCreate :exec
insert into card_reading (code_index, series_id, serial, kind, key_id, proof, sealed, seal_key_id)
select r.code_index, @series_id::bigint, r.serial, r.kind::reading_kind, @key_id::smallint, r.proof,
  r.sealed, case when r.sealed is not null then @seal_key_id::smallint end
from (select unnest(@code_indexes::bytea[]) as code_index, unnest(@serials::integer[]) as serial, unnest(@kinds::text[]) as kind,
  unnest(@proofs::bytea[]) as proof, unnest(@sealeds::bytea[]) as sealed) r
on conflict do nothing;

-- name: ReadingListShort :many
-- The short codes of some cards, as they are kept.
select r.series_id, r.serial, r.code_index, r.key_id, r.sealed, r.seal_key_id from card_reading r
join (select unnest(@series_ids::bigint[]) as series_id, unnest(@serials::integer[]) as serial) n
  on n.series_id = r.series_id and n.serial = r.serial
where r.kind = 'short';

-- name: ReadingDeleteOld :exec
-- Readings of some cards under other keys, once they are written anew. Where a short code is
-- not known any more, its readings stay.
delete from card_reading r
using (select unnest(@series_ids::bigint[]) as series_id, unnest(@serials::integer[]) as serial, unnest(@keep_shorts::boolean[]) as keep_short) n
where r.series_id = n.series_id and r.serial = n.serial and r.key_id <> @key_id
  and not (n.keep_short and r.kind in ('short', 'short_folded'));

-- name: ReadingSeal :exec
update card_reading r set sealed = n.sealed, seal_key_id = @seal_key_id::smallint
from (select unnest(@series_ids::bigint[]) as series_id, unnest(@serials::integer[]) as serial,
  unnest(@code_indexes::bytea[]) as code_index, unnest(@sealeds::bytea[]) as sealed) n
where r.series_id = n.series_id and r.serial = n.serial and r.code_index = n.code_index and r.kind = 'short' and r.sealed is not null;

-- name: ReadingOldShort :one
-- How many short codes of cards that can still be redeemed are found by other index keys.
select count(*) from card_reading r join card c on c.series_id = r.series_id and c.serial = r.serial
where r.kind = 'short' and r.key_id <> @key_id and octet_length(c.code_sealed) > 0;

-- name: ReadingCreateSeries :exec
-- A series whose import writes the readings with its cards.
insert into series_reading (series_id, finished_at) values (@series_id, now()) on conflict do nothing;

-- name: ReadingNextSeries :one
-- An imported series whose readings are not all written.
select s.id, s.number, s.code_bits from series s
left join series_reading r on r.series_id = s.id
where s.import_id is not null and s.state not in ('queued', 'generating') and r.finished_at is null
order by s.id
limit 1;

-- name: ReadingStart :one
-- Locks how far a series is; two workers do not write the same readings at once.
insert into series_reading as r (series_id) values (@series_id)
on conflict (series_id) do update set series_id = r.series_id
returning after_serial, cards, finished_at;

-- name: ReadingAdvance :exec
update series_reading set after_serial = @after_serial, cards = cards + @cards::bigint where series_id = @series_id;

-- name: ReadingFinish :one
update series_reading set finished_at = now() where series_id = @series_id returning cards;

-- name: ReadingPage :many
-- The next cards of a series that still have their codes.
select serial, key_id, code_sealed, state, last_four from card
where series_id = @series_id and serial > @after_serial and octet_length(code_sealed) > 0
order by series_id, serial
limit @size;

-- name: ReadingUnhash :exec
-- Cards that were found by more of their codes than a screen shows.
update card set last_four = null where series_id = @series_id and serial = any(@serials::integer[]) and last_four is not null;

-- name: ShapeCreate :exec
insert into series_shape (series_id, kind, length, classes, cards, bits)
values (@series_id, @kind, @length, @classes, @cards, @bits)
on conflict do nothing;

-- name: ShapeDelete :exec
-- What the codes of a series looked like before their readings were written anew.
delete from series_shape where series_id = @series_id and kind = 'folded';

-- name: ShapeList :many
-- The shapes of imported codes, and the chance that one attempt of a length hits a card
-- that is redeemable. known: the card may still be in a customer's hands; that excludes
-- series in other states and past their last day. Cards redeemed since are no longer hit.
with shape as (
  select sh.series_id, sh.length as shortest, sh.length as longest, sh.classes, sh.cards::double precision as cards, sh.bits,
    sum(case when sh.kind = 'folded' then sh.cards else 0 end) over (partition by sh.series_id) as whole
  from series_shape sh
  union all
  select s.id, s.code_shortest, s.code_longest, 7::smallint, s.quantity, s.code_bits, s.quantity
  from series s
  where s.import_id is not null and s.code_bits is not null and not exists (select from series_shape of where of.series_id = s.id)
), of as (
  select s.id, s.state,
    s.state in ('ready', 'active', 'locked') and (now() < card_expires_at(s.valid_till, s.time_zone)
      or exists (select from card c where c.series_id = s.id and c.state = 'active' and c.valid_till is not null and c.valid_till > s.valid_till
        and now() < card_expires_at(c.valid_till, s.time_zone))) as known,
    coalesce(s.activated_at <= now(), false) as begun,
    s.made - (select coalesce(sum(t.used + t.disabled + t.void), 0) from series_tally t where t.series_id = s.id) as left_over
  from series s where s.import_id is not null and s.state <> 'cancelled'
)
select shape.shortest::integer as shortest, shape.longest::integer as longest, shape.classes::integer as classes, of.known::boolean as known,
  coalesce(sum(shape.cards * least(1, greatest(of.left_over, 0)::double precision / greatest(shape.whole, 1)) / power(2, shape.bits))
    filter (where of.known and of.state = 'active' and of.begun), 0)::double precision as chance
from shape join of on of.id = shape.series_id
group by 1, 2, 3, 4
order by 1, 2, 3, 4;
