-- name: SettingList :many
select name, value from setting;

-- name: SettingSet :exec
insert into setting (name, value, changed_by) values (@name, @value, @changed_by)
on conflict (name) do update set value = excluded.value, changed_by = excluded.changed_by, changed_at = now();
