-- +goose Up
-- A series has one open request to delete it.
create unique index approval_deletion_key on approval (series_id) where kind = 'deletion' and state = 'waiting';
alter table approval add constraint approval_deletion_subject check (kind <> 'deletion' or series_id is not null);

-- A member of staff names the filters of a list, to come back to them.
create table list_view (
  id         bigint generated always as identity primary key,
  staff_id   bigint not null references staff,
  list       text not null,
  name       text not null,
  query      text not null,
  created_at timestamptz not null default now(),
  constraint list_view_name_key unique (staff_id, list, name),
  constraint list_view_name_length check (char_length(name) between 1 and 40),
  constraint list_view_query_length check (char_length(query) between 1 and 1000)
);
comment on table list_view is 'Filters of a list that one member of staff named. Nobody else sees them.';
comment on column list_view.list is 'The list: the last word of its address, such as series.';
comment on column list_view.query is 'The query string of the list, with its known filters alone.';

-- +goose Down
drop table list_view;
alter table approval drop constraint approval_deletion_subject;
drop index approval_deletion_key;
delete from approval where kind::text = 'deletion';
