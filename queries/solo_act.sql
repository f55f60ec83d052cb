-- name: SoloActSum :one
-- The value of a person's acts without approval within a day, for this subject and for all
-- others. Each subject counts with its highest value. An act without a subject counts by
-- itself. A file that was cancelled before it was made does not count.
select coalesce(sum(each.most) filter (where not each.same), 0)::bigint as others,
  coalesce(sum(each.most) filter (where each.same), 0)::bigint as same
from (
  select max(a.value) as most,
    (coalesce(a.series_id, a.partner_id) is not null and coalesce(a.series_id, 0) = @series_id::bigint
      and coalesce(a.serial, 0) = @serial::integer and coalesce(a.partner_id, 0) = @partner_id::bigint) as same
  from solo_act a
  left join export e on e.id = a.export_id
  where a.staff_id = @staff_id and a.kind = @kind and a.done_at > now() - interval '24 hours'
    and coalesce(e.state not in ('failed', 'cancelled'), true)
  group by a.series_id, a.serial, a.partner_id, case when coalesce(a.series_id, a.partner_id) is null then a.id end) each;

-- name: SoloActCreate :exec
insert into solo_act (kind, staff_id, series_id, serial, partner_id, export_id, value)
values (@kind, @staff_id, sqlc.narg(series_id), sqlc.narg(serial), sqlc.narg(partner_id), sqlc.narg(export_id), @value);

-- name: SoloActDeleteOld :execrows
-- Deletes acts that are too old for any limit. Those of the last days are kept for enquiries.
delete from solo_act where done_at < now() - interval '7 days';
