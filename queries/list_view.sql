-- name: ListViewList :many
-- The named filters of one person for one list, in alphabetical order.
select id, name, query from list_view where staff_id = @staff_id and list = @list order by lower(name), id;

-- name: ListViewSave :execrows
-- Names filters, as far as the person has room for another name. A name that the person has
-- already gets the new filters.
insert into list_view (staff_id, list, name, query)
select @staff_id, @list::text, @name::text, @query
where (select count(*) from list_view v where v.staff_id = @staff_id and v.list = @list) < @most::bigint
  or exists (select from list_view v where v.staff_id = @staff_id and v.list = @list and v.name = @name)
on conflict on constraint list_view_name_key do update set query = excluded.query;

-- name: ListViewRename :execrows
update list_view set name = @name where id = @id and staff_id = @staff_id;

-- name: ListViewDelete :execrows
delete from list_view where id = @id and staff_id = @staff_id;
