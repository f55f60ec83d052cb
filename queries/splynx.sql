-- name: PairGet :one
-- The sealed secret of a pair that works.
select k.id, k.hash, k.splynx_key_id::smallint as key_id, k.splynx_secret as secret from api_key k
where k.splynx_key = @splynx_key::text and k.splynx_secret is not null and k.revoked_at is null and coalesce(k.expires_at > now(), true);

-- name: PairAdvance :execrows
-- Takes a nonce that is greater than all before; of two concurrent requests with the same one
-- only the first does.
update api_key set splynx_nonce = @nonce where id = @id and splynx_nonce < @nonce;

-- name: PairEnd :exec
-- Ends all pairs of a client and forgets their secrets.
update api_key set revoked_at = now(), splynx_key_id = null, splynx_secret = null
where client_id = @client_id and splynx_key is not null and revoked_at is null;

-- name: PairForget :execrows
-- Forgets the secrets of pairs that have expired.
update api_key set splynx_key_id = null, splynx_secret = null where splynx_secret is not null and expires_at <= now();

-- name: PairOld :many
-- The secrets of pairs that are sealed under an older key.
select id, splynx_key::text as splynx_key, splynx_key_id::smallint as key_id, splynx_secret as secret from api_key
where splynx_key_id < @key_id::smallint order by id limit 500;

-- name: PairSeal :exec
-- Stores a secret sealed under another key, unless it was changed meanwhile.
update api_key set splynx_key_id = @key_id::smallint, splynx_secret = @secret::bytea where id = @id and splynx_secret = @was_secret::bytea;

-- name: TokenCreateClient :exec
insert into splynx_token (api_key_id, access_hash, refresh_hash, agent_hash, address, expires_at, refresh_until)
values (@api_key_id::bigint, @access_hash, @refresh_hash, @agent_hash, sqlc.narg(address)::inet, now() + @lifetime::interval, now() + @refresh::interval);

-- name: TokenCreateCustomer :execrows
-- No row where the customer's sessions were ended after the password was checked, or where no
-- client that has the switch sees the customer's partner.
insert into splynx_token (customer_id, shut_out, access_hash, refresh_hash, agent_hash, address, expires_at, refresh_until)
select c.id, c.shut_out, @access_hash, @refresh_hash, @agent_hash, sqlc.narg(address)::inet, now() + @lifetime::interval, now() + @refresh::interval
from customer c where c.id = @customer_id::bigint and c.shut_out = @shut_out and splynx_open(c.partner_id)
for share of c;

-- name: TokenGet :one
-- A token by its access token, or by its refresh token, with what it is for.
select t.id, t.agent_hash, t.address, (t.expires_at <= now())::boolean as expired, (t.refresh_until <= now())::boolean as over,
  t.expires_at, t.refresh_until,
  coalesce(t.customer_id, 0)::bigint as customer_id, coalesce(c.partner_id, 0)::bigint as partner_id,
  (t.customer_id is not null and (c.shut_out <> t.shut_out or c.disabled_at is not null or c.erased_at is not null
    or p.disabled_at is not null or not splynx_open(c.partner_id)))::boolean as ended,
  coalesce(k.hash, '')::bytea as key_hash, coalesce(k.splynx_key, '')::text as splynx_key
from splynx_token t
left join api_key k on k.id = t.api_key_id
left join customer c on c.id = t.customer_id
left join partner p on p.id = c.partner_id
where (t.access_hash = sqlc.narg(access_hash)::bytea or t.refresh_hash = sqlc.narg(refresh_hash)::bytea);

-- name: TokenRenew :one
update splynx_token set access_hash = @access_hash, expires_at = least(now() + @lifetime::interval, refresh_until) where id = @id
returning expires_at, refresh_until;

-- name: TokenDelete :exec
delete from splynx_token where id = @id;

-- name: TokenTrim :execrows
-- Deletes tokens that can't be renewed any more.
delete from splynx_token t
where t.refresh_until <= now()
  or exists (select from customer c where c.id = t.customer_id and c.shut_out <> t.shut_out)
  or exists (select from api_key k where k.id = t.api_key_id and (k.revoked_at is not null or k.expires_at <= now()));

-- name: SplynxSeriesList :many
-- Series that the reader may see, oldest first, and how many there are. Void ones are deleted
-- for Splynx.
select s.id, s.number, s.prefix, s.quantity, s.created_at, count(*) over () as total
from series s
where s.state <> 'void' and (@all_partners::boolean or (not s.any_partner and not exists (
    select from series_partner sp where sp.series_id = s.id and sp.removed_at is null and (sp.partner_id = any(@partner_ids::bigint[])) is not true)))
order by case when @newest::boolean then -s.id else s.id end
limit @size offset @skip;

-- name: SplynxCustomerList :many
-- Customers that the reader may see, and how many there are. Null: no filter. Patterns are
-- those of ilike.
select c.id, c.partner_id, c.username, c.name, c.email, c.phone, c.created_at, c.disabled_at, c.erased_at, count(*) over () as total
from customer c
where (@all_partners::boolean or c.partner_id = any(@scope_ids::bigint[]))
  and (sqlc.narg(ids)::bigint[] is null or c.id = any(sqlc.narg(ids)::bigint[]))
  and (sqlc.narg(id_from)::bigint is null or c.id >= sqlc.narg(id_from)) and (sqlc.narg(id_to)::bigint is null or c.id <= sqlc.narg(id_to))
  and (sqlc.narg(partners)::bigint[] is null or c.partner_id = any(sqlc.narg(partners)::bigint[]))
  and (sqlc.narg(partner_from)::bigint is null or c.partner_id >= sqlc.narg(partner_from)) and (sqlc.narg(partner_to)::bigint is null or c.partner_id <= sqlc.narg(partner_to))
  and (sqlc.narg(logins)::text[] is null or c.username = any(sqlc.narg(logins)::text[]))
  and (sqlc.narg(login_like)::text is null or c.username ilike sqlc.narg(login_like))
  and (sqlc.narg(emails)::text[] is null or lower(c.email) = any(sqlc.narg(emails)::text[]))
  and (sqlc.narg(email_like)::text is null or c.email ilike sqlc.narg(email_like))
  and (sqlc.narg(phones)::text[] is null or lower(c.phone) = any(sqlc.narg(phones)::text[]))
  and (sqlc.narg(phone_like)::text is null or c.phone ilike sqlc.narg(phone_like))
order by case when @newest::boolean then -c.id else c.id end
limit @size offset @skip;

-- name: SplynxPaymentList :many
-- Payments of customers that the reader may see, and how many there are. Days are those of the
-- customer's partner.
select p.id, p.customer_id, p.at, p.type, p.amount, p.currency, p.comment, partner.time_zone, count(*) over () as total
from payment p
join customer c on c.id = p.customer_id
join partner on partner.id = c.partner_id
where (@all_partners::boolean or c.partner_id = any(@scope_ids::bigint[]))
  and (sqlc.narg(ids)::bigint[] is null or p.id = any(sqlc.narg(ids)::bigint[]))
  and (sqlc.narg(id_from)::bigint is null or p.id >= sqlc.narg(id_from)) and (sqlc.narg(id_to)::bigint is null or p.id <= sqlc.narg(id_to))
  and (sqlc.narg(customers)::bigint[] is null or p.customer_id = any(sqlc.narg(customers)::bigint[]))
  and (sqlc.narg(types)::text[] is null or p.type::text = any(sqlc.narg(types)::text[]))
  and (sqlc.narg(from_day)::date is null or (p.at at time zone partner.time_zone)::date >= sqlc.narg(from_day)::date)
  and (sqlc.narg(to_day)::date is null or (p.at at time zone partner.time_zone)::date <= sqlc.narg(to_day)::date)
order by case when @newest::boolean then -p.id else p.id end
limit @size offset @skip;

-- name: RedeemedLately :one
-- What a redemption of a card moved, where the same actor did it for the same customer within
-- the given time and it was not reversed. client_id 0: the customer in person.
select tx.at, payment.id as payment_id, payment.amount, payment.currency, payment.balance_after
from ledger_tx tx
join payment on payment.tx_id = tx.id
where tx.series_id = @series_id::bigint and tx.serial = @serial::integer and tx.kind = 'redeem' and payment.customer_id = @customer_id
  and coalesce(tx.client_id, 0) = @client_id::bigint and (tx.client_id is not null or tx.staff_id is null) and tx.at > now() - @within::interval
  and not exists (select from ledger_tx undo where undo.reverses = tx.id);

-- name: TokenOpen :one
-- Whether a client has the switch at all.
select exists (select from api_client where splynx and disabled_at is null);
