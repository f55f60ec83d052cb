-- name: NotificationList :many
-- What finished in the background for a member of staff within 30 days, newest first: files,
-- series, changes of cards, imports, and decisions on requests. Without the permission to see
-- cards, only imports of customers and decisions are listed.
select n.kind::text as kind, n.id::bigint as id, n.state::text as state, n.at::timestamptz as at, n.number::text as number,
  n.detail::text as detail, n.count::bigint as count, (n.at > s.noted_until)::boolean as fresh
from staff s
cross join lateral (
  (select 'export' as kind, e.id, e.state::text as state, e.finished_at as at, es.number, e.format::text as detail, e.rows_total as count
    from export e join series es on es.id = e.series_id
    where @cards::boolean and e.created_by = s.id and e.state in ('ready', 'failed', 'expired') and e.finished_at > now() - interval '30 days'
    order by e.finished_at desc limit @size)
  union all
  (select 'series', m.id, m.state::text, coalesce(m.made_at, m.started_at, m.created_at), m.number, m.prefix, m.made
    from series m
    where @cards::boolean and m.created_by = s.id and m.import_id is null and (m.made_at > now() - interval '30 days' or m.state = 'failed' and m.created_at > now() - interval '30 days')
    order by coalesce(m.made_at, m.started_at, m.created_at) desc limit @size)
  union all
  (select 'change', c.id, c.state::text, c.finished_at, cs.number, c.operation::text, c.changed
    from card_change c join series cs on cs.id = c.series_id
    where @cards::boolean and c.created_by = s.id and c.state in ('done', 'failed') and c.finished_at > now() - interval '30 days'
    order by c.finished_at desc limit @size)
  union all
  (select case i.kind when 'customers' then 'customer-import' else 'import' end, i.id, i.state::text, i.finished_at, '', i.file_name, i.rows_done
    from card_import i
    where (@cards::boolean or i.kind = 'customers') and i.created_by = s.id and i.state in ('done', 'failed') and i.finished_at > now() - interval '30 days'
    order by i.finished_at desc limit @size)
  union all
  (select 'approval', a.id, a.state::text, a.decided_at, coalesce(aps.number, ''), a.kind::text, a.cards
    from approval a left join series aps on aps.id = a.series_id
    where a.requested_by = s.id and a.state in ('approved', 'refused', 'expired', 'outdated') and a.decided_at > now() - interval '30 days'
    order by a.decided_at desc limit @size)
) n
where s.id = @staff_id
order by n.at desc, n.kind, n.id desc
limit @size;

-- name: NotificationSeen :exec
-- Marks what finished up to a time as seen. It never takes a mark back.
update staff set noted_until = greatest(noted_until, @until) where id = @staff_id;
