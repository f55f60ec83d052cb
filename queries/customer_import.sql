-- name: CustomerImportConfirm :execrows
-- Records the plan only. Rows are compared with the dry run when they are imported.
update card_import set state = 'running', rows_done = 0, rows_known = 0, confirmed_by = @confirmed_by
where id = @id and state = 'checked' and kind = 'customers';

-- name: CustomerImportResume :execrows
update card_import set state = 'running', failure = '', finished_at = null
where id = @id and state = 'failed' and kind = 'customers' and confirmed_by is not null;

-- name: CustomerImportAdvance :exec
update card_import set rows_done = @rows_done, rows_known = rows_known + @known::integer,
  made = made + @made::integer, made_value = made_value + @value::bigint
where id = @id;

-- name: CustomerImportCharge :exec
-- Charges the rows of a dry run that named customers of other partners.
update card_import set hidden_hits = hidden_hits + @hits::integer where id = @id;

-- name: CustomerImportCharged :one
-- The number of customers of other partners that a person's files have named within a day.
select coalesce(sum(hidden_hits), 0)::bigint from card_import
where planned_by = @planned_by and hidden_hits > 0 and created_at > now() - interval '24 hours';

-- name: CustomerListKnown :many
-- Which usernames and external ids are taken, and whether by customers of some partners.
-- Thousands are asked for at once, and each is looked up in the index. (A long list of
-- values may be compared with every customer, and a join may read all of them, where the
-- plan was made while there were none. Offset 0 keeps the planner from making one.)
select c.username, coalesce(c.external_id, '')::text as external_id, c.partner_id,
  (@all_partners::boolean or c.partner_id = any(@partner_ids::bigint[]))::boolean as within
from unnest(@usernames::text[]) a(username)
cross join lateral (select customer.username, customer.external_id, customer.partner_id from customer where customer.username = a.username offset 0) c
union
select c.username, coalesce(c.external_id, '')::text as external_id, c.partner_id,
  (@all_partners::boolean or c.partner_id = any(@partner_ids::bigint[]))::boolean as within
from unnest(@external_ids::text[]) a(external_id)
cross join lateral (select customer.username, customer.external_id, customer.partner_id from customer where customer.external_id = a.external_id offset 0) c;

-- name: CustomerCreateMany :many
insert into customer (partner_id, username, name, email, phone, external_id, disabled_at, import_id, import_row)
select n.partner_id, n.username, n.name, n.email, n.phone, nullif(n.external_id, ''), case when n.disabled then now() end, @import_id, n.import_row
from (select unnest(@partner_ids::bigint[]) as partner_id, unnest(@usernames::text[]) as username, unnest(@names::text[]) as name,
  unnest(@emails::text[]) as email, unnest(@phones::text[]) as phone, unnest(@external_ids::text[]) as external_id,
  unnest(@disabled::boolean[]) as disabled, unnest(@import_rows::integer[]) as import_row) n
order by n.import_row
returning id, import_row;

-- name: AccountCreateMany :many
-- Creates accounts of new customers, each with its opening balance. Where that is not zero
-- it is version 1 of the account, and the caller posts its entry.
insert into account (kind, currency, customer_id, balance, version, outside)
select 'customer', @currency, n.customer_id, n.balance, case when n.balance = 0 then 0 else 1 end, partner.balances = 'outside'
from (select unnest(@customer_ids::bigint[]) as customer_id, unnest(@balances::bigint[]) as balance) n
join customer on customer.id = n.customer_id join partner on partner.id = customer.partner_id
returning id, customer_id, balance, version;

-- name: LedgerTxCreateMany :many
-- Creates movements without their entries, which LedgerEntryCreateMany adds. Joining both
-- in one statement would compare each with each.
insert into ledger_tx (kind, idempotency_key, staff_id, comment)
select @kind, unnest(@keys::uuid[]), @staff_id, @comment
returning id, idempotency_key;

-- name: LedgerEntryCreateMany :exec
-- Creates the entries of movements between customers' accounts and one account of the
-- provider, in one statement, because the trigger on ledger_entry refuses entries that do
-- not sum to zero.
insert into ledger_entry (tx_id, account_id, amount, version, balance_after)
select unnest(@tx_ids::bigint[]), unnest(@account_ids::bigint[]), unnest(@amounts::bigint[]), unnest(@versions::bigint[]), unnest(@balances::bigint[])
union all
select m.tx_id, @house_id::bigint, -m.amount, null, null
from (select unnest(@tx_ids::bigint[]) as tx_id, unnest(@amounts::bigint[]) as amount) m;

-- name: PaymentCreateMany :many
insert into payment (customer_id, partner_id, tx_id, type, amount, currency, balance_after, comment, staff_id, import_id)
select unnest(@customer_ids::bigint[]), unnest(@partner_ids::bigint[]), unnest(@tx_ids::bigint[]), @type,
  unnest(@amounts::bigint[]), @currency, unnest(@balances::bigint[]), @comment, @staff_id, @import_id
returning id, customer_id;

-- name: AuditCreateMany :exec
insert into audit (action, staff_id, customer_id, address, request_id, detail)
select @action, @staff_id, n.customer_id, @address, @request_id, n.detail
from (select unnest(@customer_ids::bigint[]) as customer_id, unnest(@details::jsonb[]) as detail) n;

-- name: CustomerImportMade :many
-- What an import of customers left in the books, by partner: who is there, disabled or
-- not, and the opening balances as the ledger has them.
select partner.id as partner_id, partner.name,
  count(*) as customers, count(*) filter (where customer.disabled_at is not null) as disabled,
  coalesce(sum(entry.amount) filter (where entry.amount > 0), 0)::bigint as credits,
  coalesce(-sum(entry.amount) filter (where entry.amount < 0), 0)::bigint as debts
from customer
join partner on partner.id = customer.partner_id
left join payment on payment.customer_id = customer.id and payment.import_id = customer.import_id
left join account on account.customer_id = customer.id
left join ledger_entry entry on entry.tx_id = payment.tx_id and entry.account_id = account.id
where customer.import_id = @import_id
group by partner.id, partner.name
order by partner.name;

-- name: CustomerImportList :many
-- Who an import entered, in the order of the file.
select customer.id, coalesce(customer.import_row, 0)::integer as import_row, customer.username, customer.name, coalesce(customer.external_id, '')::text as external_id,
  partner.name as partner_name, coalesce(payment.amount, 0)::bigint as balance
from customer
join partner on partner.id = customer.partner_id
left join payment on payment.customer_id = customer.id and payment.import_id = customer.import_id
where customer.import_id = @import_id and customer.import_row > @after_row
  and (@all_partners::boolean or customer.partner_id = any(@partner_ids::bigint[]))
order by customer.import_row
limit @size;

-- name: CardImportMade :many
-- What an import of cards left here, by price and state. Used cards came in active.
select series.price, series.import_inactive, card.state, count(*) as cards
from series
join card on card.series_id = series.id
where series.import_id = @import_id
group by series.price, series.import_inactive, card.state
order by series.price, series.import_inactive, card.state;

-- name: StaffMay :one
-- Whether an enabled member of staff's role includes a permission. Where an API client acts
-- for them, the client must be enabled and have the permission too.
select exists (select from staff join role on role.id = staff.role_id
  where staff.id = @id and staff.disabled_at is null and (role.everything or @permission::text = any(role.permissions))
    and (sqlc.narg(client_id)::bigint is null or exists (select from api_client
      where api_client.id = sqlc.narg(client_id)::bigint and api_client.disabled_at is null and @permission::text = any(api_client.permissions))));
