-- name: AuditCreate :exec
insert into audit (action, staff_id, customer_id, series_id, serial, address, request_id, detail)
values (@action, @staff_id, @customer_id, @series_id, @serial, @address, @request_id, @detail);

-- name: AuditListSeries :many
-- What happened to a series, newest first. Redemptions of its cards are left
-- out: they are on the cards.
select audit.id, audit.at, audit.action, audit.detail, staff.name as staff_name
from audit
left join staff on staff.id = audit.staff_id
where audit.series_id = @series_id and audit.serial is null
order by audit.id desc
limit @size;

-- name: AuditListCard :many
-- What happened to one card, newest first.
select audit.id, audit.at, audit.action, audit.detail, audit.customer_id, staff.name as staff_name, customer.name as customer_name
from audit
left join staff on staff.id = audit.staff_id
left join customer on customer.id = audit.customer_id
where audit.series_id = @series_id and audit.serial = @serial::integer
order by audit.id desc
limit @size;
