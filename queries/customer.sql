-- name: CustomerCreate :one
insert into customer (partner_id, username, name, email, phone, external_id, password_hash, request_key)
values (@partner_id, @username, @name, @email, @phone, nullif(@external_id::text, ''), @password_hash, sqlc.narg(request_key))
returning *;

-- name: CustomerGetByKey :one
-- The customer that a form entered.
select * from customer where request_key = @request_key;

-- name: CustomerGetByUsername :one
select customer.*, partner.disabled_at as partner_disabled_at
from customer join partner on partner.id = customer.partner_id
where username = lower(@username);

-- name: CustomerGet :one
-- A customer with partner and balance; a foreign one is not found.
select customer.*, partner.name as partner_name, partner.time_zone,
  partner.disabled_at as partner_disabled_at, partner.portal_refill_card,
  account.id as account_id, account.balance, account.currency, account.outside
from customer
join partner on partner.id = customer.partner_id
join account on account.customer_id = customer.id
where customer.id = @id
  and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
  and (customer.partner_id = any(@hidden_ids::bigint[])) is not true;

-- name: CustomerGetByName :many
-- As CustomerGet, by the id of another system or by the username; the other name is empty.
-- Two rows tell that two partners have the external id. partner_id 0: any within the partners.
select customer.*, partner.name as partner_name, partner.time_zone,
  partner.disabled_at as partner_disabled_at, partner.portal_refill_card,
  account.id as account_id, account.balance, account.currency, account.outside
from customer
join partner on partner.id = customer.partner_id
join account on account.customer_id = customer.id
where (@external_id::text <> '' and customer.external_id = @external_id or @external_id::text = '' and customer.username = @username::text)
  and (@partner_id::bigint = 0 or customer.partner_id = @partner_id)
  and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
  and (customer.partner_id = any(@hidden_ids::bigint[])) is not true
limit 2;

-- name: CustomerList :many
-- Newest first, below before_id. partner_id 0: any.
select customer.id, customer.username, customer.name, customer.email, customer.phone, customer.created_at,
  customer.disabled_at, partner.name as partner_name, account.balance, account.currency
from customer
join partner on partner.id = customer.partner_id
join account on account.customer_id = customer.id
where (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
  and (@partner_id::bigint = 0 or customer.partner_id = @partner_id)
  and (sqlc.narg('disabled')::boolean is null or (customer.disabled_at is not null) = sqlc.narg('disabled'))
  and customer.id < @before_id
order by customer.id desc
limit @size;

-- name: CustomerListBack :many
-- The page above after_id, last one first.
select customer.id, customer.username, customer.name, customer.email, customer.phone, customer.created_at,
  customer.disabled_at, partner.name as partner_name, account.balance, account.currency
from customer
join partner on partner.id = customer.partner_id
join account on account.customer_id = customer.id
where (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
  and (@partner_id::bigint = 0 or customer.partner_id = @partner_id)
  and (sqlc.narg('disabled')::boolean is null or (customer.disabled_at is not null) = sqlc.narg('disabled'))
  and customer.id > @after_id
order by customer.id
limit @size;

-- name: CustomerSearch :many
-- As CustomerList, for a search: the customers whose name, username, e-mail or phone
-- contains a text, ignoring case, accents, spaces and the punctuation of phones, or who
-- have the number or external id. The matches are collected before they are sorted;
-- otherwise the planner walks the whole table from its newest row. back: the page above
-- after_id, last one first.
with pattern as materialized (
  select search_pattern(@search::text) as text, phone_pattern(@search) as phone
), found as materialized (
  select id from customer where search like (select text from pattern)
  union
  select id from customer where search like (select phone from pattern)
  union
  select id from customer where id = @number::bigint
  union
  select id from customer where external_id = any(array[@external_id::text, lower(@external_id::text), upper(@external_id::text)])
)
select customer.id, customer.username, customer.name, customer.email, customer.phone, customer.created_at,
  customer.disabled_at, partner.name as partner_name, account.balance, account.currency
from found
join customer on customer.id = found.id
join partner on partner.id = customer.partner_id
join account on account.customer_id = customer.id
where (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
  and (@partner_id::bigint = 0 or customer.partner_id = @partner_id)
  and (sqlc.narg('disabled')::boolean is null or (customer.disabled_at is not null) = sqlc.narg('disabled'))
  and customer.id < @before_id and customer.id > @after_id
order by case when @back::boolean then customer.id else -customer.id end
limit @size;

-- name: CustomerListSorted :many
-- One page of the list or, with a search, of what CustomerSearch finds, by name, username,
-- partner or balance; among equals the newest first. It sorts all that match, so it is for the
-- orders that no index has.
with pattern as materialized (
  select search_pattern(@search::text) as text, phone_pattern(@search) as phone
), found as materialized (
  select id from customer where @search <> '' and search like (select text from pattern)
  union
  select id from customer where @search <> '' and search like (select phone from pattern)
  union
  select id from customer where id = @number::bigint
  union
  select id from customer where @search <> '' and external_id = any(array[@external_id::text, lower(@external_id::text), upper(@external_id::text)])
), listed as (
  select customer.id, account.balance, account.currency, partner.name as partner_name,
    case @sort::text when 'username' then customer.username when 'partner' then lower(partner.name) when 'name' then lower(customer.name) else '' end as text_key,
    case @sort when 'balance' then account.balance else 0 end as number_key
  from customer
  join partner on partner.id = customer.partner_id
  join account on account.customer_id = customer.id
  where (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
    and (@partner_id::bigint = 0 or customer.partner_id = @partner_id)
    and (sqlc.narg('disabled')::boolean is null or (customer.disabled_at is not null) = sqlc.narg('disabled'))
    and (@search = '' or customer.id in (select id from found))
), page as (
  select *, row_number() over (order by
    case when @down::boolean then -number_key else number_key end,
    case when not @down then text_key end, case when @down then text_key end desc, id desc) as place
  from listed
  order by place
  limit @size offset @skip
)
select customer.id, customer.username, customer.name, customer.email, customer.phone, customer.created_at,
  customer.disabled_at, page.partner_name, page.balance, page.currency
from page
join customer on customer.id = page.id
order by page.place;

-- name: CustomerSuggest :many
-- The few customers that a search most likely means: the exact username or number, then
-- names that begin with the text. A text that a thousand customers match means none of
-- them, so only the first matches found are sorted, and the page asks for a longer text.
-- Sorting all of 200,000 would take half a second.
with pattern as materialized (
  select search_fold(@search::text) as plain, search_pattern(@search) as text, phone_pattern(@search) as phone
), found as materialized (
  select id from customer where username = lower(@search)
  union
  select id from customer where id = @number::bigint
  union
  select id from customer where external_id = any(array[@search::text, lower(@search::text), upper(@search::text)])
  union
  (select id from customer where search like (select text from pattern)
     and (@all_partners::boolean or partner_id = any(@partner_ids::bigint[]))
   limit 1000)
  union
  (select id from customer where search like (select phone from pattern)
     and (@all_partners::boolean or partner_id = any(@partner_ids::bigint[]))
   limit 1000)
)
select customer.id, customer.username, customer.name, customer.disabled_at, partner.name as partner_name
from found
join customer on customer.id = found.id
join partner on partner.id = customer.partner_id
where (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
order by (customer.username = lower(@search) or customer.id = @number) desc,
  starts_with(customer.search, (select plain from pattern)) desc, customer.name, customer.id
limit @size;

-- name: CustomerSetPassword :exec
update customer set password_hash = @password_hash where id = @id;

-- name: CustomerShutOut :one
-- Called before a customer's sessions are deleted: a session that begins at the same time
-- is either deleted or refused.
update customer set shut_out = shut_out + 1 where id = @id
returning shut_out;

-- name: CustomerUsernames :many
-- The usernames with this prefix, from which the next free one is made.
select username from customer where starts_with(username, @stem::text);

-- name: CustomerUsernameTaken :one
select exists (select from customer where username = @username)::boolean;

-- name: CustomerGetForUpdate :one
select * from customer where id = @id for update;

-- name: CustomerUpdate :exec
update customer set partner_id = @partner_id, username = @username, name = @name, email = @email, phone = @phone,
  external_id = nullif(@external_id::text, '')
where id = @id;

-- name: CustomerDisable :exec
update customer set disabled_at = now() where id = @id and disabled_at is null;

-- name: CustomerEnable :exec
update customer set disabled_at = null where id = @id;

