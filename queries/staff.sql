-- name: StaffCreate :one
insert into staff (username, name, password_hash, role, all_partners)
values (@username, @name, @password_hash, @role, @all_partners)
returning *;

-- name: StaffPartnerAdd :exec
insert into staff_partner (staff_id, partner_id) values (@staff_id, @partner_id)
on conflict do nothing;

-- name: StaffGetByUsername :one
select * from staff where username = lower(@username);

-- name: StaffCount :one
select count(*) from staff;
