package check

import (
	"context"

	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/codestore"
	"refill/internal/db"
)

// invariant is a rule about the books with the query that finds what breaks it. A row is
// one text that identifies an offending object by ids. keys checks what no query can
// check.
type invariant struct {
	number int
	rule   string
	sql    string
	keys   func(ctx context.Context, dbtx db.DBTX, keys *cardcode.Keyring) ([]string, error)
}

// opens decrypts a sample of the sealed codes, and those of rows that were changed.
func opens(ctx context.Context, dbtx db.DBTX, keys *cardcode.Keyring) ([]string, error) {
	return codestore.CheckCodes(ctx, dbtx, keys, sample)
}

// sealed verifies the chain of the audit trail.
func sealed(ctx context.Context, dbtx db.DBTX, keys *cardcode.Keyring) ([]string, error) {
	report, err := audit.Verify(ctx, dbtx, keys)
	return report.Faults, err
}

// ownsTables is a condition on a row of pg_roles: the login has all rights on the tables,
// since it owns them, may take the role of their owner, or is a superuser. Such an
// installation is reported by Warnings and not as a broken invariant, because its rights
// are as intended for one login.
const ownsTables = `(login.rolsuper or pg_has_role(login.oid, (select relowner from pg_class where oid = 'ledger_tx'::regclass), 'member'))`

// minorUnits is an SQL expression that reduces an amount in any notation to its digits and
// sign.
func minorUnits(amount string) string {
	return `(case when ` + amount + ` like '-%' then '-' else '' end || ltrim(regexp_replace(` + amount + `, '[^0-9]', '', 'g'), '0'))`
}

// invariants returns all invariants. Their numbers are those of docs/reliability.md.
func invariants() []invariant {
	return []invariant{
		{1, "every ledger transaction has two or more entries that sum to zero", `
			select 'ledger transaction ' || t.id || ': ' || count(e.tx_id) || ' entries, sum ' || coalesce(sum(e.amount), 0)
			from ledger_tx t left join ledger_entry e on e.tx_id = t.id
			group by t.id having count(e.tx_id) < 2 or sum(e.amount) <> 0`, nil},
		{2, "every customer's balance and version are those of the ledger", `
			select 'account ' || a.id || ' of customer ' || a.customer_id || ': balance ' || a.balance || ', ledger ' || coalesce(e.sum, 0)
				|| '; version ' || a.version || ', ledger ' || coalesce(e.version, 0)
			from account a
			left join (select account_id, sum(amount) as sum, max(version) as version from ledger_entry group by account_id) e on e.account_id = a.id
			where a.kind = 'customer' and (a.balance <> coalesce(e.sum, 0) or a.version <> coalesce(e.version, 0))`, nil},
		{3, "along an account's versions each balance follows from the one before, and none is missing", `
			select 'account ' || account_id || ', version ' || version
			from (select account_id, version, amount, balance_after,
				coalesce(lag(balance_after) over w, 0) as before, coalesce(lag(version) over w, 0) as last
				from ledger_entry where version is not null window w as (partition by account_id order by version)) e
			where balance_after <> before + amount or version <> last + 1`, nil},
		{4, "a card is used exactly when it has a redemption that was not reversed", `
			select 'card ' || coalesce(c.series_id, t.series_id) || '/' || coalesce(c.serial, t.serial)
				|| case when t.id is null then ' is used without a redemption' else ' was redeemed and is ' || coalesce(c.state::text, 'not there') end
			from (select series_id, serial, state from card where state = 'used') c
			full join (select t.id, t.series_id, t.serial from ledger_tx t
				where t.kind = 'redeem' and not exists (select from ledger_tx r where r.reverses = t.id)) t
				on t.series_id = c.series_id and t.serial = c.serial
			where t.id is null or c.series_id is null`, nil},
		{5, "a redemption credits exactly the value that its card had at that moment", `
			with repriced as (select distinct series_id from series_price)
			select 'redemption ' || t.id || ' paid ' || p.amount || ' for a card of ' || s.price
			from ledger_tx t join payment p on p.tx_id = t.id join series s on s.id = t.series_id
			where t.kind = 'redeem' and p.amount <> s.price and t.series_id not in (select series_id from repriced)
				and not exists (select from ledger_tx r join series_price since on since.series_id = 0
					where r.kind = 'reprice' and r.series_id = t.series_id and r.id > t.id and r.id <= since.through)
			union all
			select 'redemption ' || t.id || ' paid ' || p.amount || ' for a card of ' || coalesce(h.price, s.price)
			from repriced join series s on s.id = repriced.series_id
			join ledger_tx t on t.series_id = s.id and t.kind = 'redeem' join payment p on p.tx_id = t.id
			left join lateral (select price from series_price w where w.series_id = s.id and w.through >= t.id order by w.through limit 1) h on true
			where p.amount <> coalesce(h.price, s.price)
				and not exists (select from ledger_tx r join series_price since on since.series_id = 0
					where r.kind = 'reprice' and r.series_id = t.series_id and r.id > t.id and r.id <= since.through)
			union all
			select 'series ' || r.series_id || ' was repriced by ledger transaction ' || r.id || ', and its price before is not on record'
			from ledger_tx r join series_price since on since.series_id = 0
			where r.kind = 'reprice' and r.id > since.through
				and not exists (select from series_price w where w.series_id = r.series_id and w.through >= r.id)`, nil},
		{6, "a finished series has exactly its cards, serials 1 to N", `
			select 'series ' || s.number || ': ' || count(c.serial) || ' cards of ' || s.quantity || ', serials ' || coalesce(min(c.serial), 0) || ' to ' || coalesce(max(c.serial), 0)
			from series s left join card c on c.series_id = s.id
			group by s.id having count(c.serial) <> s.made
				or (s.state in ('ready', 'active', 'locked') and s.made <> s.quantity)
				or (s.made > 0 and (min(c.serial) <> 1 or max(c.serial) <> s.made))`, nil},
		{7, "no redemption lies after its card's last day or before the activation", `
			select 'redemption ' || t.id || ' of card ' || s.number || '/' || t.serial || ' at ' || t.at
			from ledger_tx t join card c on c.series_id = t.series_id and c.serial = t.serial join series s on s.id = t.series_id
			where t.kind = 'redeem' and (s.activated_at is null or t.at < s.activated_at
				or t.at >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone) and not exists ( -- a reservation committed in time counts as of its beginning
					select from reservation r where r.tx_id = t.id and t.at < r.held_until
						and r.held_at < card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)))`, nil},
		{8, "no card was redeemed by a customer of a partner that it is not for", `
			select 'redemption ' || t.id || ' of card ' || s.number || '/' || t.serial || ' by customer ' || p.customer_id
			from ledger_tx t join payment p on p.tx_id = t.id join series s on s.id = t.series_id
			join card c on c.series_id = t.series_id and c.serial = t.serial
			where t.kind = 'redeem' and s.partner_lock and case
				when c.partner_id is not null then c.partner_id <> p.partner_id
				else not s.any_partner and coalesce(t.at >= s.any_partner_until, true)
					and not exists (select from series_partner sp where sp.series_id = s.id and sp.partner_id = p.partner_id
						and coalesce(t.at < sp.removed_at, true)) end`, nil},
		{9, "redemptions and payments of type Refill card match one to one; every movement of a balance has its payment, and a reversal takes back what was paid", `
			select coalesce('redemption ' || t.id || ' without its payment', 'payment ' || p.id || ' without its redemption')
			from (select id from ledger_tx where kind = 'redeem') t
			full join (select p.id, p.tx_id from payment p where p.type = 'refill_card') p on p.tx_id = t.id
			where t.id is null or p.id is null
			union all
			select case when p.id is null then 'ledger transaction ' || e.tx_id || ' moves the balance of customer ' || e.customer_id || ' by ' || e.amount || ' without a payment'
				else 'payment ' || p.id || ' says ' || p.amount || ', balance ' || p.balance_after || '; its entry '
					|| coalesce(e.amount || ', ' || e.balance_after, 'is not there') end
			from payment p
			full join (select e.tx_id, a.customer_id, e.amount, e.balance_after
				from ledger_entry e join account a on a.id = e.account_id where a.customer_id is not null) e
				on e.tx_id = p.tx_id and e.customer_id = p.customer_id
			where p.id is null or e.tx_id is null or e.amount <> p.amount or e.balance_after <> p.balance_after
			union all
			select 'payment ' || p.id || ' of ' || p.amount || ' reverses payment ' || o.id || ' of ' || o.amount
			from ledger_tx r join payment p on p.tx_id = r.id join payment o on o.tx_id = r.reverses
			where r.reverses is not null and (p.amount <> -o.amount or p.customer_id <> o.customer_id)`, nil},
		{10, "the outstanding value of a series is its price times its cards that still hold it", `
			select 'series ' || s.number || ': ledger ' || coalesce(e.sum, 0) || ', cards ' || s.price * case
				when s.state in ('active', 'locked') and s.lapsed_at is null then coalesce(c.n, 0) else 0 end
			from series s join account a on a.series_id = s.id
			left join (select account_id, sum(amount) as sum from ledger_entry group by account_id) e on e.account_id = a.id
			left join (select series_id, count(*) as n from card where state in ('active', 'disabled') group by series_id) c on c.series_id = s.id
			where coalesce(e.sum, 0) <> s.price * case
				when s.state in ('active', 'locked') and s.lapsed_at is null then coalesce(c.n, 0) else 0 end`, nil},
		{11, "every redemption has the key that it was asked under", `
			select 'redemption ' || id from ledger_tx where kind = 'redeem' and idempotency_key is null`, nil},
		{12, "no series is being generated without a live job", `
			select 'series ' || s.number || ' is ' || s.state || ', its job ' || coalesce(j.state::text, 'gone')
			from series s left join river_job j on j.id = s.job_id
			where s.state in ('queued', 'generating') and coalesce(j.state in ('cancelled', 'completed', 'discarded'), true)`, nil},
		{13, "a ready export has a checksum, a size and the rows it promised", `
			select 'export ' || id from export
			where state = 'ready' and (sha256 is null or octet_length(sha256) <> 32 or size <= 0 or rows_done <> rows_total or rows_done = 0)`, nil},
		{14, "every file that was fetched, every code that was revealed and every movement of money has its line in the audit trail", `
			select 'export ' || e.id from export e
			where e.fetched_at is not null and not exists (
				select from audit a where a.action = 'export.downloaded' and a.detail->>'export' = e.id::text)
			union all
			select 'card ' || c.series_id || '/' || c.serial from card c
			where c.revealed_at is not null and not exists (
				select from audit a where a.action = 'card.revealed' and a.series_id = c.series_id and a.serial = c.serial
					and a.at = c.revealed_at and a.staff_id is not null and length(a.detail->>'reason') >= 3)
			union all
			select 'redemption ' || t.id || ' of card ' || t.series_id || '/' || t.serial
			from ledger_tx t join payment p on p.tx_id = t.id
			where t.kind = 'redeem' and not exists (
				select from audit a where a.action = 'card.redeemed' and a.series_id = t.series_id and a.serial = t.serial
					and a.at = t.at and a.customer_id = p.customer_id)
			union all
			select 'payment ' || p.id || ' of ' || p.amount || ' of customer ' || p.customer_id
			from payment p join ledger_tx t on t.id = p.tx_id
			where t.kind not in ('redeem', 'handover') and not exists (
				select from audit a where a.customer_id = p.customer_id and a.at = t.at
					and (a.action, p.id::text) in (('payment.entered', a.detail->>'payment'), ('customer.charged', a.detail->>'payment'), ('payment.reversed', a.detail->>'reversal'))
					and ` + minorUnits("a.detail->>'amount'") + ` = ` + minorUnits("p.amount::text") + `)
			union all
			select 'handover ' || t.id || ' of card ' || coalesce(t.series_id || '/' || t.serial, 'none')
			from ledger_tx t join payment p on p.tx_id = t.id
			where t.kind = 'handover' and not exists (
				select from audit a where a.customer_id = p.customer_id and a.at = t.at and a.series_id = t.series_id and a.serial = t.serial
					and a.action = case when t.reverses is null then 'card.redeemed' else 'payment.reversed' end)
			union all
			select t.kind || ' of series ' || coalesce(t.series_id::text, 'none') || ', ledger transaction ' || t.id
			from ledger_tx t
			where t.kind in ('activate', 'lapse', 'renew', 'void', 'reprice') and not exists (
				select from audit a where a.series_id = t.series_id and a.at = t.at and a.action = any(case t.kind
					when 'activate' then array['series.activated']
					when 'lapse' then array['series.lapsed']
					when 'void' then array['series.voided', 'card.voided', 'cards.changed', 'cards.change_failed']
					else array['series.edited'] end))
				and not (t.kind = 'void' and t.serial is null and exists ( -- a part of an operation on many cards
					select from audit a where a.series_id = t.series_id and a.at <= t.at and a.action = 'cards.change_ordered'))`, nil},
		{15, "neither the application's role nor the login of the program can change or delete ledger and audit rows", `
			with guarded as (select t, p
				from unnest(array['ledger_tx', 'ledger_entry', 'payment', 'audit', 'audit_block', 'series_price', 'handover_ack']) t, unnest(array['update', 'delete', 'truncate']) p)
			select 'role refill_app may ' || p || ' ' || t
			from guarded
			where exists (select from pg_roles where rolname = 'refill_app') and has_table_privilege('refill_app', t, p)
			union all
			select 'login ' || login.rolname || ' may, as role ' || r.rolname || ', ' || p || ' ' || t
			from pg_roles login join pg_roles r on r.rolname <> 'refill_app' and pg_has_role(login.oid, r.oid, 'member') cross join guarded
			where login.rolname = session_user and not ` + ownsTables + ` and has_table_privilege(r.oid, t, p)
			union all
			select 'trigger ' || n || ' is missing or switched off'
			from unnest(array['ledger_tx_append_only', 'ledger_entry_append_only', 'payment_append_only', 'audit_append_only', 'audit_block_append_only', 'ledger_entry_balanced', 'card_stays_used',
				'series_price_append_only', 'series_keeps_price', 'handover_ack_append_only']) n
			where not exists (select from pg_trigger where tgname = n and tgenabled in ('O', 'A'))`, nil},
		{16, "every card has a well-formed index and a sealed code that opens and is the one of its index, in a sample and wherever the walk through all cards found another; void cards have none, and used ones may have lost theirs", `
			select 'card ' || c.series_id || '/' || c.serial from card c
			left join series s on s.id = c.series_id and s.state = 'void'
			where octet_length(c.code_index) <> 16
				or octet_length(c.code_sealed) between 1 and 34
				or (octet_length(c.code_sealed) = 0 and c.state not in ('void', 'used') and c.shredded is not true)
				or (octet_length(c.code_sealed) > 0 and (c.state = 'void' or (c.state <> 'used' and c.serial <= s.erased_to)))`, opens},
		{17, "the counts of a series are those of its cards", `
			select 'series ' || s.number || ': counted ' || coalesce(t.used, 0) || '/' || coalesce(t.disabled, 0) || '/' || coalesce(t.void, 0)
				|| ', cards ' || coalesce(c.used, 0) || '/' || coalesce(c.disabled, 0) || '/' || coalesce(c.void, 0)
			from series s
			left join (select series_id, sum(used) as used, sum(disabled) as disabled, sum(void) as void from series_tally group by series_id) t on t.series_id = s.id
			left join (select series_id, count(*) filter (where state = 'used') as used, count(*) filter (where state = 'disabled') as disabled,
				count(*) filter (where state = 'void') as void from card where state <> 'active' group by series_id) c on c.series_id = s.id
			where (coalesce(t.used, 0), coalesce(t.disabled, 0), coalesce(t.void, 0)) <> (coalesce(c.used, 0), coalesce(c.disabled, 0), coalesce(c.void, 0))`, nil},
		{18, "every card, ledger transaction and entry belongs to what it names", `
			select 'cards of series ' || c.series_id from (select distinct series_id from card) c where not exists (select from series s where s.id = c.series_id)
			union all
			select 'ledger transaction ' || t.id from ledger_tx t where t.series_id is not null and not exists (select from series s where s.id = t.series_id)
			union all
			select 'entry of account ' || e.account_id from (select distinct account_id from ledger_entry) e where not exists (select from account a where a.id = e.account_id)`, nil},
		{19, "the audit trail is as it was sealed: nothing changed, nothing removed, nothing put in later", "", sealed},
		{20, "codes are shredded only in a series that is printed once, up to its counter, after its file was fetched to its end", `
			select 'card ' || c.series_id || '/' || c.serial from card c join series s on s.id = c.series_id
			where c.shredded and not (s.print_once and s.shredding_at is not null and c.serial <= s.shredded_to)
			union all
			select 'card ' || c.series_id || '/' || c.serial from series s join card c on c.series_id = s.id and c.serial <= s.shredded_to
			where s.shredded_to > 0 and octet_length(c.code_sealed) > 0
			union all
			select 'series ' || s.number from series s
			where s.shredding_at is not null and not exists (select from export e where e.series_id = s.id and e.sent_whole_at is not null)`, nil},
		{21, "a committed reservation names the redemption of its card, for its customer and of its amount, under its own key", `
			select 'reservation ' || r.id || ' of card ' || r.series_id || '/' || r.serial
			from reservation r left join ledger_tx t on t.id = r.tx_id left join payment p on p.tx_id = t.id
			where r.state = 'committed' and (t.kind is distinct from 'redeem' or t.idempotency_key is distinct from r.id
				or (t.series_id, t.serial, p.customer_id, p.amount, p.currency) is distinct from (r.series_id, r.serial, r.customer_id, r.amount, r.currency))`, nil},
		{22, "a card is held by an open reservation of its own, until the time that the reservation names", `
			select 'card ' || c.series_id || '/' || c.serial from card c
			left join reservation r on r.id = c.reserved_by
			where c.reserved_until > now() and (c.state = 'used' or r.state is distinct from 'held'
				or (r.series_id, r.serial, r.held_until) is distinct from (c.series_id, c.serial, c.reserved_until))`, nil},
		// Redemptions count from a minute after the switch: those that were under way had not
		// seen it. The last day before events are deleted is left out.
		{23, "the feed of events has no gap, every redemption is in it once, and nothing waits for it longer than ten minutes", `
			select 'feed: ' || n || ' events, numbered ' || c.trimmed + 1 || ' to ' || c.last
			from event_counter c, (select count(*) as n, min(seq) as first, max(seq) as last from event) e
			where n <> c.last - c.trimmed or (n > 0 and (e.first <> c.trimmed + 1 or e.last <> c.last))
			union all
			select 'payment ' || p.id || ': ' || coalesce(e.n, 0) + coalesce(o.n, 0) || ' events'
			from event_switch w
			join ledger_tx t on w.wanted and t.kind = 'redeem' and t.at > greatest(w.since + interval '1 minute', now() - interval '29 days')
			join payment p on p.tx_id = t.id
			left join (select payment_id, count(*) as n from event where type = 'redemption.created' group by payment_id) e on e.payment_id = p.id
			left join (select series_id, serial, count(*) as n from event_out where type = 'redemption.created' group by series_id, serial) o
				on o.series_id = t.series_id and o.serial = t.serial
			where coalesce(e.n, 0) + coalesce(o.n, 0) <> 1
			union all
			select 'queue of events: ' || count(*) || ' entries, the oldest of ' || min(at) from event_out
			having count(*) > 10000 or min(at) < now() - interval '10 minutes'`, nil},
		{26, "balances that are kept outside are zero, and what was handed over is what redemptions moved and reversals did not take back", `
			select 'customer ' || c.id || ': balance ' || a.balance || ', kept ' || case when a.outside then 'outside' else 'here' end || ', the partner keeps it ' || p.balances
			from account a join customer c on c.id = a.customer_id join partner p on p.id = c.partner_id
			where a.outside <> (p.balances = 'outside') or (a.outside and a.balance <> 0)
			union all
			select 'account outside, ' || coalesce(l.currency, h.currency) || ': ledger ' || coalesce(l.sum, 0) || ', handovers ' || coalesce(h.sum, 0)
			from (select a.currency, sum(e.amount) as sum from account a join ledger_entry e on e.account_id = a.id where a.kind = 'outside' group by a.currency) l
			full join (select currency, sum(-amount) as sum from payment where type = 'handover' group by currency) h on h.currency = l.currency
			where coalesce(l.sum, 0) <> coalesce(h.sum, 0)
			union all
			select 'handover ' || m.id || ' is not that of a redemption of its card, customer and amount'
			from ledger_tx m left join payment pm on pm.tx_id = m.id
			left join handover h on h.moved_by = m.id left join ledger_tx t on t.id = h.tx_id left join payment p on p.tx_id = t.id
			where m.kind = 'handover' and m.reverses is null and (t.kind is distinct from 'redeem'
				or (t.series_id, t.serial, t.at, p.customer_id, p.amount) is distinct from (m.series_id, m.serial, m.at, pm.customer_id, -pm.amount))
			union all
			select 'redemption ' || h.tx_id || ' was handed over, and only one of both is reversed'
			from handover h left join ledger_tx r on r.reverses = h.tx_id left join ledger_tx b on b.reverses = h.moved_by
			where (r.id is null) <> (b.id is null) or b.kind <> 'handover'
			union all
			select 'redemption ' || h.tx_id || ' waits for an acknowledgement: ' || h.open
			from handover h left join ledger_tx r on r.reverses = h.tx_id left join handover_ack ack on ack.tx_id = h.tx_id
			where h.open <> (r.id is null and ack.tx_id is null)`, nil},
		{27, "a test card is redeemed by customers of test partners, and any other card by others", `
			select 'redemption ' || t.id || ' of card ' || s.number || '/' || t.serial || ' by customer ' || p.customer_id
			from ledger_tx t join payment p on p.tx_id = t.id join series s on s.id = t.series_id join partner on partner.id = p.partner_id
			where t.kind = 'redeem' and partner.test <> (s.currency = 'XTS')`, nil},
		{28, "what belongs to a test partner is in XTS, and nothing else is; no movement has both", `
			select 'account ' || a.id || ' of customer ' || c.id || ': ' || a.currency
			from account a join customer c on c.id = a.customer_id join partner p on p.id = c.partner_id
			where p.test <> (a.currency = 'XTS')
			union all
			select 'series ' || s.number || ': ' || s.currency || case when s.any_partner then ', for any partner' else ', for partner ' || p.id end
			from series s left join series_partner sp on sp.series_id = s.id left join partner p on p.id = sp.partner_id
			where p.test <> (s.currency = 'XTS') or (s.any_partner and s.currency = 'XTS')
			union all
			select 'account ' || a.id || ' of series ' || s.number || ': ' || a.currency
			from account a join series s on s.id = a.series_id where a.currency <> s.currency
			union all
			select 'payment ' || pay.id || ' of customer ' || pay.customer_id || ': ' || pay.currency
			from payment pay join partner p on p.id = pay.partner_id where p.test <> (pay.currency = 'XTS')
			union all
			select 'ledger transaction ' || e.tx_id || ': two currencies'
			from ledger_entry e join account a on a.id = e.account_id
			group by e.tx_id having min(a.currency) <> max(a.currency)`, nil},
	}
}
