-- name: PartnerCreate :one
insert into partner (name, brand, time_zone, test) values (@name, @brand, @time_zone, @test)
returning *;

-- name: PartnerGet :one
select * from partner where id = @id;

-- name: PartnerCount :one
-- How many of some partners there are.
select count(*) from partner where id = any(@ids::bigint[]);

-- name: PartnerList :many
-- The partners that a member of staff may see, by name.
select * from partner
where @all_partners::boolean or id = any(@partner_ids::bigint[])
order by name;

-- name: PartnerUpdatePortal :execrows
update partner set portal_refill_card = @portal_refill_card where id = @id;

-- name: PartnerLook :one
-- What customers see of a partner: by id, or by a name that it has or had in addresses.
select partner.id, partner.name, partner.brand, partner.accent, partner.slug, partner.welcome, partner.help,
  partner.look_version, partner.disabled_at, partner.test,
  coalesce(logo.width, 0)::integer as logo_width, coalesce(logo.height, 0)::integer as logo_height
from partner
left join partner_logo logo on logo.partner_id = partner.id
where partner.id = @id or partner.id = (select a.partner_id from partner_address a where a.name = @slug::text);

-- name: PartnerFormerNames :many
-- The names that a partner had in addresses, and has no more.
select a.name from partner_address a join partner on partner.id = a.partner_id
where a.partner_id = @partner_id and a.name is distinct from partner.slug
order by a.created_at desc, a.name;

-- name: PartnerHasName :one
-- Whether a name in addresses is, or was, a partner's.
select exists (select from partner_address where name = @name and partner_id = @partner_id);

-- name: PartnerLogoGet :one
select png, width, height from partner_logo where partner_id = @partner_id;

-- name: PartnerLogoSet :exec
insert into partner_logo (partner_id, png, width, height) values (@partner_id, @png, @width, @height)
on conflict (partner_id) do update set png = excluded.png, width = excluded.width, height = excluded.height;

-- name: PartnerLogoDelete :execrows
delete from partner_logo where partner_id = @partner_id;

-- name: PartnerLock :one
-- The partner, held until the transaction ends: what an edit replaces is what its
-- audit row says.
select * from partner where id = @id for no key update;

-- name: PartnerUpdate :exec
update partner set name = @name, brand = @brand, time_zone = @time_zone, slug = @slug, accent = @accent,
  welcome = @welcome, help = @help, card_line1 = @card_line1, card_line2 = @card_line2,
  look_version = look_version + 1
where id = @id;

-- name: PartnerLookChanged :exec
update partner set look_version = look_version + 1 where id = @id;

-- name: PartnerSetDisabled :execrows
-- No row where the partner is in that state already.
update partner set disabled_at = case when @disabled::boolean then now() end
where id = @id and (disabled_at is not null) <> @disabled::boolean;

-- name: PartnerSessionsDelete :execrows
-- Signs a partner's customers out.
delete from session using customer
where customer.id = session.customer_id and customer.partner_id = @partner_id;

-- name: PartnerOverview :many
-- The partners that a member of staff may see, with their number of customers, the sum of
-- their balances, and the number of series for this partner that can still be redeemed.
select partner.id, partner.name, partner.brand, partner.accent, partner.disabled_at, partner.test,
  (select count(*) from customer where customer.partner_id = partner.id) as customers,
  (select count(*) from series_partner sp join series s on s.id = sp.series_id
    where sp.partner_id = partner.id and sp.removed_at is null and s.state in ('active', 'locked', 'ready')) as open_series
from partner
where (@all_partners::boolean or partner.id = any(@partner_ids::bigint[]))
  and (sqlc.narg('id')::bigint is null or partner.id = sqlc.narg('id'))
order by partner.name;

-- name: PartnerPick :many
-- The partners that a member of staff may import customers for.
select * from partner
where (@all_partners::boolean or id = any(@partner_ids::bigint[])) and disabled_at is null and not test
order by name;

-- name: PartnerDisabled :one
-- Whether a partner is closed; no row where there is none.
select (disabled_at is not null)::boolean from partner where id = @id;

-- name: PartnerMarks :one
-- Whether test partners are among some partners, and whether others are.
select coalesce(bool_or(test), false)::boolean as test, coalesce(bool_or(not test), false)::boolean as other
from partner where id = any(@ids::bigint[]);

-- name: PartnerZones :many
-- Time zones by their names of today.
select zone.name::text as name from pg_timezone_names() as zone (name, abbrev, utc_offset, is_dst)
where zone.name ~ '^(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/' or zone.name = 'UTC'
order by name;

-- name: NameList :many
-- The names of the portal: those of all partners, and the installation's.
select name from partner
union select brand from partner where brand <> ''
union select value #>> '{}' from setting where setting.name = 'brand';

-- name: PartnerInUse :one
-- The total face value of the cards that only customers of this partner could redeem if it
-- were enabled: cards of active series that have not expired and are for no other enabled
-- partner, and cards kept for this one. A series counts whole. Cards for tests hold no value.
select coalesce(sum(s.price * (s.made - coalesce(t.gone, 0))), 0)::bigint as value
from series s
left join (select series_id, sum(used + void + disabled) as gone from series_tally group by series_id) t on t.series_id = s.id
where s.state = 'active' and s.currency <> 'XTS' and s.partner_lock
  and (now() < card_expires_at(s.valid_till, s.time_zone) or series_has_late_cards(s.id, s.time_zone, now()))
  and (exists (select from card c where c.partner_id = @partner_id::bigint and c.series_id = s.id)
    or not s.any_partner
      and exists (select from series_partner sp where sp.series_id = s.id and sp.partner_id = @partner_id and sp.removed_at is null)
      and not exists (select from series_partner sp join partner p on p.id = sp.partner_id
        where sp.series_id = s.id and sp.removed_at is null and p.id <> @partner_id and p.disabled_at is null));

-- name: PartnerKeeping :one
-- Where a partner keeps the balances of its customers; no row where there is none.
select balances from partner where id = @id;

-- name: PartnerKeepingSet :exec
update partner set balances = @balances where id = @id;

-- name: PartnerKept :one
-- What keeps a partner from changing where balances are kept: customers with a balance other
-- than zero, and reservations that hold cards for its customers.
select (select count(*) from account join customer on customer.id = account.customer_id
    where customer.partner_id = @partner_id and account.balance <> 0) as balances,
  (select count(*) from reservation join customer on customer.id = reservation.customer_id
    where customer.partner_id = @partner_id and reservation.state = 'held' and reservation.held_until > now()) as reservations;

-- name: PartnersOutside :many
-- The partners, of those that a reader sees, that keep balances outside and are open.
select id from partner
where balances = 'outside' and disabled_at is null and (@all_partners::boolean or id = any(@partner_ids::bigint[])) and (id = any(@hidden_ids::bigint[])) is not true
order by id limit 2;

-- name: PartnersSeen :one
-- How many partners a reader sees.
select count(*) from partner where (@all_partners::boolean or id = any(@partner_ids::bigint[])) and (id = any(@hidden_ids::bigint[])) is not true;
