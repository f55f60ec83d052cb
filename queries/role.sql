-- name: RoleGetByKey :one
select * from role where key = @key::text;

-- name: RoleGet :one
select * from role where id = @id;

-- name: RoleGetForUpdate :one
select * from role where id = @id for update;

-- name: RoleList :many
-- Every role and how many people have it, first those that came with the portal.
select role.*,
  (select count(*) from staff where staff.role_id = role.id and staff.disabled_at is null) as people,
  (select count(*) from staff where staff.role_id = role.id and staff.disabled_at is not null) as disabled
from role
order by role.key is null, lower(role.name);

-- name: RoleCreate :one
insert into role (name, permissions) values (@name, @permissions) returning *;

-- name: RoleUpdate :exec
update role set name = @name, permissions = @permissions where id = @id;

-- name: RoleDelete :exec
delete from role where id = @id;
