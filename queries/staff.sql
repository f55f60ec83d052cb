-- name: StaffCreate :one
insert into staff (username, name, password_hash, role_id, all_partners)
values (@username, @name, @password_hash, @role_id, @all_partners)
returning *;

-- name: StaffPartnerAdd :exec
insert into staff_partner (staff_id, partner_id) values (@staff_id, @partner_id)
on conflict do nothing;

-- name: StaffPartnerClear :exec
delete from staff_partner where staff_id = @staff_id;

-- name: StaffGetByUsername :one
select staff.*, exists (select from staff_second_factor f where f.staff_id = staff.id) as second_factor
from staff where username = lower(@username);

-- name: StaffGet :one
select staff.*, f.created_at as second_factor_since, role.name as role_name, role.everything, role.permissions,
  array(select partner_id from staff_partner p where p.staff_id = staff.id order by partner_id)::bigint[] as partner_ids
from staff
join role on role.id = staff.role_id
left join staff_second_factor f on f.staff_id = staff.id
where staff.id = @id;

-- name: StaffList :many
select staff.id, staff.username, staff.name, staff.all_partners, staff.disabled_at, staff.seen_at, role.name as role_name, coalesce(m.address, '')::text as mail,
  exists (select from staff_second_factor f where f.staff_id = staff.id) as second_factor,
  array(select partner.name from staff_partner p join partner on partner.id = p.partner_id
    where p.staff_id = staff.id order by partner.name)::text[] as partners
from staff
join role on role.id = staff.role_id
left join staff_mail m on m.staff_id = staff.id
order by staff.disabled_at is not null, lower(staff.name), staff.id;

-- name: StaffCount :one
select count(*) from staff;

-- name: StaffCountManagers :one
-- The number of accounts that could restore the rights of others: enabled administrators
-- who see all partners.
select count(*) from staff
join role on role.id = staff.role_id
where staff.disabled_at is null and staff.all_partners and role.everything;

-- name: StaffUpdate :exec
update staff set name = @name, role_id = @role_id, all_partners = @all_partners where id = @id;

-- name: StaffRename :exec
update staff set name = @name where id = @id;

-- name: StaffSetPassword :exec
update staff set password_hash = @password_hash where id = @id;

-- name: StaffShutOut :exec
-- Called before a member of staff's sessions are deleted: a session that begins at the
-- same time is either deleted or refused.
update staff set shut_out = shut_out + 1 where id = @id;

-- name: StaffDisable :exec
update staff set disabled_at = now() where id = @id;

-- name: StaffEnable :exec
update staff set disabled_at = null where id = @id;

-- name: StaffSeen :exec
update staff set seen_at = now() where id = @id;
