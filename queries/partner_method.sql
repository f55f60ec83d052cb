-- name: PartnerMethodList :many
-- The ways to pay that some partners have been given words for.
select partner_id, method, offered, instruction from partner_method
where partner_id = any(@partner_ids::bigint[])
order by partner_id, method;

-- name: PartnerMethodSet :exec
insert into partner_method (partner_id, method, offered, instruction)
values (@partner_id, @method, @offered, @instruction)
on conflict (partner_id, method) do update set offered = excluded.offered, instruction = excluded.instruction;

