-- name: ListViewList :many
-- The named filters of one person for one list, in alphabetical order.
select id, name, query from list_view where staff_id = @staff_id and list = @list order by lower(name), id;

-- name: ListViewCount :one
-- The number of views of one person for one list. The advisory lock of the caller keeps two
-- requests from passing it at once.
select count(*) from list_view where staff_id = @staff_id and list = @list;

-- name: ListViewSave :one
-- Names filters. The same name again replaces the filters that it had.
insert into list_view (staff_id, list, name, query) values (@staff_id, @list, @name, @query)
on conflict on constraint list_view_name_key do update set query = excluded.query
returning id;

-- name: ListViewRename :execrows
update list_view set name = @name where id = @id and staff_id = @staff_id;

-- name: ListViewDelete :execrows
delete from list_view where id = @id and staff_id = @staff_id;
