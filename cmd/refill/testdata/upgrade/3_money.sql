-- What became of the cards, and the books of it. Of every hundred serials of a series
-- that was sold the first twenty were redeemed, and one more was redeemed and reversed.
create temporary table movement (phase integer, kind ledger_kind, type payment_type, series_id bigint, serial integer, customer_id bigint, amount bigint,
  staff_id bigint, comment text, k bigint, at timestamptz, of bigint);
insert into movement (phase, kind, type, series_id, serial, customer_id, amount, comment)
select 2, 'redeem', 'refill_card', s.id, n, 3 * (1 + (n * 7 + s.id) % (current_setting('old.cards')::integer / 600 - 1)) + n % 2,
  case s.id when 12 then 1000 else s.price end, 'Series ' || s.number || ', serial ' || n
from series s join sort on sort.id = s.id and sort.sold, generate_series(1, s.made) n where n % 100 <= 20;
insert into movement (phase, kind, type, customer_id, amount, staff_id, comment)
select 1, 'payment', (array['cash', 'bank_transfer', 'credit_card', 'other'])[id % 4 + 1]::payment_type, id, 2500, 3, 'At the counter' from customer;
insert into movement (phase, kind, type, customer_id, amount, staff_id, comment)
select 3, 'payment', 'correction', id, -300, 1, 'Counted wrongly' from customer where id % 10 = 0;
insert into movement (phase, kind, type, series_id, serial, customer_id, amount, staff_id, comment)
select 4, 'reverse', 'reversal', series_id, serial, customer_id, -amount, 1, 'Wrong customer' from movement where phase = 2 and serial % 100 = 20;
insert into movement (phase, kind, type, customer_id, amount, staff_id, comment)
select 4, 'reverse', 'reversal', customer_id, -amount, 1, 'Entered twice' from movement where phase = 1 and customer_id % 25 = 0;
update movement m set k = o.k, at = '2025-02-01'::timestamptz + o.k * interval '5184000 seconds' / o.total
from (select ctid, row_number() over (order by phase, serial, series_id, customer_id) as k, count(*) over () as total from movement) o where o.ctid = m.ctid;
create unique index on movement (k);
update movement r set of = p.k from movement p where r.phase = 4 and p.customer_id = r.customer_id
  and ((r.serial is null and p.phase = 1) or (p.phase = 2 and p.series_id = r.series_id and p.serial = r.serial));

analyze movement, account, customer;

-- Movements of whole series: at first, and after the customers' (from 10^7 on).
create temporary table posting (id bigint, kind ledger_kind, series_id bigint, serial integer, at timestamptz, source bigint, target bigint, amount bigint);
insert into posting select s.id, 'activate', s.id, null, s.activated_at, 1, 10 + s.id, case s.id when 12 then 1000 else price end * made
from series s where activated_at is not null;
insert into posting
select 10000000 + n, 'void'::ledger_kind, 1, n, '2025-04-15'::timestamptz + n * interval '1 millisecond', 11, 2, 1000 from series s, generate_series(1, s.made) n where s.id = 1 and n % 100 = 26
union all select 20000001, 'void', 2, null, '2025-04-16', 12, 2, 9 * 2500
union all select 20000002, 'void', 4, null, '2025-04-17 10:00+00', 14, 2, made / 100 * 79 * 2000 from series where id = 4
union all select 20000003, 'lapse', 6, null, '2025-06-02 03:00+00', 16, 2, made / 100 * 79 * 1000 from series where id = 6
union all select 20000004, 'lapse', 12, null, '2025-06-02 03:01+00', 22, 2, made / 100 * 79 * 1000 from series where id = 12
union all select 20000005, 'renew', 12, null, '2025-06-10 09:00+00', 2, 22, made / 100 * 79 * 1000 from series where id = 12
union all select 20000006, 'reprice', 12, null, '2025-06-10 09:00+00', 1, 22, made / 100 * 79 * 500 from series where id = 12;

insert into ledger_tx (id, kind, at, idempotency_key, series_id, serial, reverses, staff_id, comment) overriding system value
select 100 + k, kind, at, md5('key ' || k)::uuid, series_id, serial, 100 + of, staff_id, case phase when 2 then '' else comment end from movement
union all select id, kind, at, null, series_id, serial, null, case when kind = 'lapse' then null else 1 end, '' from posting order by 1;
insert into ledger_entry (tx_id, account_id, amount, version, balance_after)
select 100 + k, 1000 + customer_id, amount, row_number() over w, sum(amount) over w from movement window w as (partition by customer_id order by k)
union all
select 100 + k, case when kind = 'redeem' then 10 + series_id when type = 'correction' then 4 when serial is not null then 2 else 3 end, -amount, null, null from movement
union all select id, source, -amount, null, null from posting
union all select id, target, amount, null, null from posting;
analyze ledger_tx, ledger_entry;
insert into payment (id, customer_id, tx_id, type, amount, currency, balance_after, comment, staff_id, at, partner_id) overriding system value
select m.k, m.customer_id, 100 + m.k, m.type, m.amount, 'USD', e.balance_after,
  case phase when 4 then 'Reversal of payment ' || of || ': ' || comment else comment end, m.staff_id, m.at, c.partner_id
from movement m join customer c on c.id = m.customer_id join ledger_entry e on e.tx_id = 100 + m.k and e.account_id = 1000 + m.customer_id;
update account a set balance = e.balance_after, version = e.version
from (select distinct on (account_id) account_id, balance_after, version from ledger_entry where version is not null order by account_id, version desc) e where e.account_id = a.id;

analyze card;
update card c set state = 'used', used_by = m.customer_id, used_at = m.at from movement m
where m.phase = 2 and c.series_id = m.series_id and c.serial = m.serial;
update card c set state = 'void' where series_id in (select id from sort where sold) and serial % 100 = 20;
update card set state = 'void' where (series_id = 1 and serial % 100 = 26) or (series_id = 4 and state = 'active')
  or (series_id = 2 and serial > (select made - 10 from series where id = 2) and state = 'active');
update card set code_sealed = '', last_four = null where series_id = 4 and state = 'used';
update card set state = 'disabled' where series_id in (1, 2, 9) and serial % 100 = 25;
update card set valid_till = '2098-12-31', remark = 'For the fair' where series_id = 1 and serial % 100 = 27;
update card set partner_id = 1 where series_id = 1 and serial % 100 = 28;
update card set revealed_at = '2025-05-01'::timestamptz + serial * interval '1 second' where series_id = 1 and serial % 1000 = 29;
update card set code_sealed = '', shredded = true where series_id = 7 and state <> 'void';

insert into series_tally (series_id, shard, used, disabled, void)
select series_id, shard, sum(used), sum(disabled), sum(void) from (
  select c.series_id, coalesce(m.customer_id % 32, 0) as shard, (c.state = 'used')::integer as used, (c.state = 'disabled')::integer as disabled, (c.state = 'void')::integer as void
  from card c left join movement m on m.phase = 2 and m.series_id = c.series_id and m.serial = c.serial where c.state <> 'active') t
group by series_id, shard;
select setval('ledger_tx_id_seq', 20000006), setval('payment_id_seq', (select max(k) from movement)), setval('account_id_seq', (select max(id) from account)),
  setval('customer_id_seq', (select max(id) from customer)), setval('series_id_seq', 14), setval('partner_id_seq', 3), setval('staff_id_seq', 4),
  setval('card_import_id_seq', 3), setval('river_job_id_seq', 13);
