-- name: PartnerCreate :one
insert into partner (name, brand, time_zone) values (@name, @brand, @time_zone)
returning *;

-- name: PartnerGet :one
select * from partner where id = @id;

-- name: PartnerList :many
-- The partners that a member of staff may see, by name.
select * from partner
where @all_partners::boolean or id = any(@partner_ids::bigint[])
order by name;

-- name: PartnerUpdatePortal :execrows
update partner set portal_refill_card = @portal_refill_card where id = @id;
