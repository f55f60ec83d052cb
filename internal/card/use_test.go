package card_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/partner"
)

// guardConditions are the conditions of the guarded update of a redemption, as they
// stand in its query.
func guardConditions(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../queries/card.sql")
	require.NoError(t, err)
	_, query, ok := strings.Cut(string(text), "-- name: CardUse :one")
	require.True(t, ok)
	_, query, ok = strings.Cut(query, "\nwhere ")
	require.True(t, ok)
	query, _, ok = strings.Cut(query, "\nreturning ")
	require.True(t, ok)
	query = regexp.MustCompile(`\s+`).ReplaceAllString(query, " ")
	var list []string
	depth, from := 0, 0
	for i := range query {
		switch {
		case query[i] == '(':
			depth++
		case query[i] == ')':
			depth--
		case depth == 0 && strings.HasPrefix(query[i:], " and "):
			list, from = append(list, query[from:i]), i+len(" and ")
		}
	}
	return append(list, strings.TrimSpace(query[from:]))
}

// into is a change by one person that makes a condition of the guard true for nine cards
// of USD 10.00, where one person may bring USD 50.00 into use.
type into struct {
	before func(t *testing.T, b *bundle, s db.Series)       // makes the condition false; counts for no person
	act    func(t *testing.T, b *bundle, s db.Series) error // by b.admin
	says   error
}

// Every condition of the guard that staff can make true is weighed, by whatever verb.
// A new condition without a case here fails.
func TestEveryWayIntoUseIsWeighed(t *testing.T) {
	t.Parallel()
	edit := func(t *testing.T, b *bundle, s db.Series, change func(*card.SeriesEdit)) error {
		t.Helper()
		s = b.read(t, s.ID)
		f := card.SeriesEdit{Prefix: s.Prefix, Price: usd(1000), Partners: card.Partners{Any: true}, ValidTill: s.ValidTill, Version: s.Version}
		if !s.AnyPartner {
			f.Partners = card.Partners{IDs: []int64{b.south.ID}}
		}
		change(&f)
		_, err := b.cards.Edit(t.Context(), b.admin, s.ID, f)
		return err
	}
	bulk := func(t *testing.T, b *bundle, s db.Series, o card.Operation) error {
		t.Helper()
		o.SeriesID, o.First, o.Last = s.ID, 1, 9
		_, err := b.cards.OrderChange(t.Context(), b.admin, o, uuid.New())
		return err
	}
	expire := func(t *testing.T, b *bundle, s db.Series) {
		t.Helper()
		b.exec(t, `update series set valid_till = current_date - 30 where id = $1`, s.ID)
	}
	expireOwn := func(t *testing.T, b *bundle, s db.Series) {
		t.Helper()
		b.exec(t, `update card set valid_till = current_date - 30 where series_id = $1`, s.ID)
	}
	toSouth := func(t *testing.T, b *bundle, s db.Series) {
		t.Helper()
		b.exec(t, `update series set any_partner = false where id = $1`, s.ID)
		b.exec(t, `insert into series_partner (series_id, partner_id) values ($1, $2)`, s.ID, b.south.ID)
	}
	eachCard := func(f func(t *testing.T, b *bundle, ref card.Ref) error) func(t *testing.T, b *bundle, s db.Series) error {
		return func(t *testing.T, b *bundle, s db.Series) error {
			t.Helper()
			for serial := range int32(5) {
				require.NoError(t, f(t, b, card.Ref{SeriesID: s.ID, Serial: serial + 2}), "USD 50.00 is not above")
			}
			return f(t, b, card.Ref{SeriesID: s.ID, Serial: 1})
		}
	}
	later := time.Now().AddDate(0, 6, 0)
	cases := map[string]map[string]into{
		"c.state = 'active'": {
			"enabled at once": {
				before: func(t *testing.T, b *bundle, s db.Series) {
					t.Helper()
					b.disable(t, s, 9)
				},
				act: func(t *testing.T, b *bundle, s db.Series) error {
					t.Helper()
					return bulk(t, b, s, card.Operation{Operation: db.CardOperationEnable})
				},
				says: card.ErrEnableNeedsSecond,
			},
			"enabled one by one": {
				before: func(t *testing.T, b *bundle, s db.Series) {
					t.Helper()
					b.disable(t, s, 9)
				},
				act: eachCard(func(t *testing.T, b *bundle, ref card.Ref) error {
					t.Helper()
					return b.cards.EnableCard(t.Context(), b.admin, ref)
				}),
				says: card.ErrEnableNeedsSecond,
			},
		},
		"s.state = 'active'": {
			"activated": {
				before: func(t *testing.T, b *bundle, s db.Series) {
					t.Helper()
					b.exec(t, `update series set state = 'locked' where id = $1`, s.ID)
				},
				act: func(t *testing.T, b *bundle, s db.Series) error {
					t.Helper()
					return b.cards.Activate(t.Context(), b.admin, s.ID)
				},
				says: card.ErrActivationWaits,
			},
		},
		"coalesce(sqlc.narg('as_of')::timestamptz, now()) < card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)": {
			"the series renewed": {before: expire, says: card.ErrEditWaits, act: func(t *testing.T, b *bundle, s db.Series) error {
				t.Helper()
				return edit(t, b, s, func(f *card.SeriesEdit) { f.ValidTill = later })
			}},
			"cards extended at once": {before: expire, says: card.ErrExtendNeedsSecond, act: func(t *testing.T, b *bundle, s db.Series) error {
				t.Helper()
				return bulk(t, b, s, card.Operation{Operation: db.CardOperationExtend, ValidTill: later})
			}},
			"cards of a series extended one by one": {before: expire, says: card.ErrExtendNeedsSecond, act: eachCard(func(t *testing.T, b *bundle, ref card.Ref) error {
				t.Helper()
				return b.cards.EditCard(t.Context(), b.admin, ref, card.Edit{ValidTill: later})
			})},
			"expired cards extended at once": {before: expireOwn, says: card.ErrExtendNeedsSecond, act: func(t *testing.T, b *bundle, s db.Series) error {
				t.Helper()
				return bulk(t, b, s, card.Operation{Operation: db.CardOperationExtend, ValidTill: later})
			}},
			"cards given their series' date": {before: expireOwn, says: card.ErrExtendNeedsSecond, act: eachCard(func(t *testing.T, b *bundle, ref card.Ref) error {
				t.Helper()
				return b.cards.EditCard(t.Context(), b.admin, ref, card.Edit{})
			})},
		},
		"card_is_for(s.id, s.partner_lock, s.any_partner, c.partner_id, k.partner_id)": {
			"the series for any": {before: toSouth, says: card.ErrEditWaits, act: func(t *testing.T, b *bundle, s db.Series) error {
				t.Helper()
				return edit(t, b, s, func(f *card.SeriesEdit) { f.Partners = card.Partners{Any: true} })
			}},
			"the series for one more": {before: toSouth, says: card.ErrEditWaits, act: func(t *testing.T, b *bundle, s db.Series) error {
				t.Helper()
				return edit(t, b, s, func(f *card.SeriesEdit) { f.Partners = card.Partners{IDs: []int64{b.south.ID, b.north.ID}} })
			}},
			"cards for another at once": {before: toSouth, says: card.ErrWidenNeedsSecond, act: func(t *testing.T, b *bundle, s db.Series) error {
				t.Helper()
				return bulk(t, b, s, card.Operation{Operation: db.CardOperationPartner, PartnerID: b.north.ID})
			}},
			"cards for another one by one": {before: toSouth, says: card.ErrWidenNeedsSecond, act: eachCard(func(t *testing.T, b *bundle, ref card.Ref) error {
				t.Helper()
				return b.cards.EditCard(t.Context(), b.admin, ref, card.Edit{PartnerID: b.north.ID})
			})},
			"cards as their series": {
				before: func(t *testing.T, b *bundle, s db.Series) {
					t.Helper()
					b.exec(t, `update card set partner_id = $2 where series_id = $1`, s.ID, b.south.ID)
				},
				says: card.ErrWidenNeedsSecond, act: eachCard(func(t *testing.T, b *bundle, ref card.Ref) error {
					t.Helper()
					return b.cards.EditCard(t.Context(), b.admin, ref, card.Edit{})
				}),
			},
		},
		"not exists (select from partner p where p.id = k.partner_id and p.disabled_at is not null)": {
			"the partner enabled": {
				before: func(t *testing.T, b *bundle, s db.Series) {
					t.Helper()
					b.exec(t, `update series set any_partner = false where id = $1`, s.ID)
					b.exec(t, `insert into series_partner (series_id, partner_id) values ($1, $2)`, s.ID, b.north.ID)
					require.NoError(t, partner.Disable(t.Context(), b.pool, b.admin, b.north.ID))
				},
				act: func(t *testing.T, b *bundle, _ db.Series) error {
					t.Helper()
					return partner.Enable(t.Context(), b.pool, b.admin, b.north.ID)
				},
				says: partner.ErrWaits,
			},
			"the partner for whom cards are kept enabled": {
				before: func(t *testing.T, b *bundle, s db.Series) {
					t.Helper()
					b.exec(t, `update card set partner_id = $2 where series_id = $1`, s.ID, b.north.ID)
					require.NoError(t, partner.Disable(t.Context(), b.pool, b.admin, b.north.ID))
				},
				act: func(t *testing.T, b *bundle, _ db.Series) error {
					t.Helper()
					return partner.Enable(t.Context(), b.pool, b.admin, b.north.ID)
				},
				says: partner.ErrWaits,
			},
		},
		// Enabling a customer brings no card into use: the code could be redeemed for another
		// customer anyway.
		"k.disabled_at is null": nil,
		// A reserved card was in use before and counts as such: releasing it brings nothing into
		// use.
		"(coalesce(c.reserved_until <= now(), true) or c.reserved_by = sqlc.narg('reservation')::uuid)": nil,
		// It is set with the state.
		"s.activated_at <= now()": nil,
		// Neither mark ever changes, and no customer moves across it.
		"(s.currency = 'XTS') = (select p.test from partner p where p.id = k.partner_id)": nil,
		// Which card it is about.
		"c.series_id = @series_id": nil, "c.serial = @serial": nil, "s.id = c.series_id": nil,
	}
	conditions := guardConditions(t)
	require.Len(t, conditions, len(cases), "each condition of the guard has its cases: %q", conditions)
	for _, condition := range conditions {
		require.Contains(t, cases, condition, "how do staff make this condition true, and is that weighed?")
		for name, c := range cases[condition] {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b, _ := second(t) // above USD 50.00
				s := b.active(t, 9)
				codes := b.codes(t, s)
				c.before(t, b, s)
				_, err := b.redeem(t.Context(), b.anna, codes[0])
				require.Error(t, err, "the condition is not false")
				err = c.act(t, b, b.read(t, s.ID))
				require.ErrorContains(t, err, c.says.Error())
				_, err = b.redeem(t.Context(), b.anna, codes[0])
				require.Error(t, err)
			})
		}
	}
}

// active makes a series of cards of USD 10.00 that is active, as of days ago.
func (b *bundle) active(t *testing.T, quantity int) db.Series {
	t.Helper()
	b.above(t, 1_000_000_00)
	s := b.inactive(t, quantity)
	require.NoError(t, b.cards.Activate(t.Context(), b.admin, s.ID))
	b.aDayLater(t)
	b.above(t, 50_00)
	return b.read(t, s.ID)
}

func (b *bundle) disable(t *testing.T, s db.Series, n int32) {
	t.Helper()
	for serial := range n {
		require.NoError(t, b.cards.DisableCard(t.Context(), b.admin, card.Ref{SeriesID: s.ID, Serial: serial + 1}))
	}
}

// exec runs a statement that a test needs and the program has not.
func (b *bundle) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := b.pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

// work makes the cards of an import that was confirmed.
func (i *importing) work(tb testing.TB) []db.Series {
	tb.Helper()
	require.NoError(tb, i.importer().Run(tb.Context(), i.id, i.open, time.Now, noJob))
	return i.series(tb)
}
