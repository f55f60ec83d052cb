package card_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/partner"
	"refill/internal/report"
)

// sandbox is a test partner with a customer.
func (b *bundle) sandbox(t *testing.T) (int64, db.Customer) {
	t.Helper()
	id, err := partner.Create(t.Context(), b.pool, b.admin, partner.Form{Name: "Sandbox", TimeZone: "UTC", Test: true}, nil)
	require.NoError(t, err)
	return id, b.customer(t, "tess", db.Partner{ID: id})
}

// xts is an order of test cards.
func xts(quantity int, partnerID int64) card.OrderRequest {
	f := form(quantity)
	f.Price.Currency, f.Partners = money.Test, card.Partners{IDs: []int64{partnerID}}
	return f
}

// refusedEverywhere tries cards of the other kind for a customer by every door.
func (b *bundle) refusedEverywhere(t *testing.T, c db.Customer, s db.Series, code string) {
	t.Helper()
	ctx := t.Context()
	_, err := b.redeem(ctx, c, code)
	require.ErrorIs(t, err, card.ErrRefused, "the portal")
	_, err = b.look(t, c, code)
	require.ErrorIs(t, err, card.ErrRefused, "a look in the portal")
	_, err = b.reserve(t, c, code)
	require.ErrorIs(t, err, card.ErrRefused, "a reservation")
	_, err = b.cards.Redeem(ctx, b.billing(), card.Redemption{CustomerID: c.ID, Code: code, Key: uuid.New()})
	require.ErrorIs(t, err, card.ErrRefused, "the API")
	_, err = b.cards.Redeem(ctx, b.admin, card.Redemption{CustomerID: c.ID, Code: code, Key: uuid.New()})
	require.ErrorIs(t, err, card.ErrForeign, "staff with the code")
	_, err = b.cards.Redeem(ctx, b.admin, card.Redemption{CustomerID: c.ID, Card: card.Ref{SeriesID: s.ID, Serial: 1}, Key: uuid.New()})
	require.ErrorIs(t, err, card.ErrForeign, "staff from the card")
	require.Zero(t, b.balance(t, c))
}

// No door redeems a test card for a real customer, or a real card for a test customer, also
// where a series is not locked to its partners.
func TestTestCardsAndRealOnesStayApart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, tess := b.sandbox(t)
	test, open := b.series(t, xts(2, id)), b.series(t, form(2))
	require.Equal(t, money.Test, test.Currency)
	require.False(t, test.AnyPartner)
	b.exec(t, `update series set partner_lock = false`)
	testCode, openCode := b.codes(t, test)[0], b.codes(t, open)[0]
	b.refusedEverywhere(t, b.anna, test, testCode)
	b.refusedEverywhere(t, tess, open, openCode)

	b.exec(t, `update guess set n = 0, barred_until = null`)
	receipt, err := b.redeem(t.Context(), tess, testCode)
	require.NoError(t, err, "a test customer tries a test card in the portal")
	require.Equal(t, money.Test, receipt.Currency)
	require.Equal(t, int64(1000), b.balance(t, tess))
	_, err = b.redeem(t.Context(), b.anna, openCode)
	require.NoError(t, err)
	b.requireSound(t)
}

// Orders and changes keep series and cards on their side, and so does the database.
func TestTestPartnersAreOfOneKind(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	id, tess := b.sandbox(t)

	mixed := xts(2, id)
	mixed.Partners.IDs = append(mixed.Partners.IDs, b.north.ID)
	_, err := b.cards.Order(ctx, b.admin, mixed)
	require.ErrorContains(t, err, card.ErrPartnersMixed.Error())
	dollars := xts(2, id)
	dollars.Price.Currency = "USD"
	_, err = b.cards.Order(ctx, b.admin, dollars)
	require.ErrorContains(t, err, "XTS", "real money for test cards")
	fake := form(2)
	fake.Price.Currency = money.Test
	_, err = b.cards.Order(ctx, b.admin, fake)
	require.ErrorContains(t, err, "USD", "test money for real cards")

	f := xts(2, id)
	test := b.series(t, f)
	again, err := b.cards.Order(ctx, b.admin, f)
	require.NoError(t, err, "the same order again")
	require.Equal(t, test.ID, again.ID)
	open := b.series(t, form(2))
	for _, partners := range []card.Partners{{IDs: []int64{b.north.ID}}, {Any: true}} {
		_, err = b.edit(t, test.ID, func(f *card.SeriesEdit) { f.Partners = partners })
		require.ErrorContains(t, err, card.ErrPartnersKept.Error())
	}
	_, err = b.edit(t, open.ID, func(f *card.SeriesEdit) { f.Partners = card.Partners{IDs: []int64{id}} })
	require.ErrorContains(t, err, card.ErrPartnersKept.Error())
	require.ErrorContains(t, b.cards.EditCard(ctx, b.admin, card.Ref{SeriesID: open.ID, Serial: 1}, card.Edit{PartnerID: id}), card.ErrPartnersKept.Error())
	require.ErrorContains(t, b.cards.EditCard(ctx, b.admin, card.Ref{SeriesID: test.ID, Serial: 1}, card.Edit{PartnerID: b.north.ID}), card.ErrPartnersKept.Error())
	_, err = b.cards.OrderChange(ctx, b.admin, card.Operation{SeriesID: test.ID, Operation: db.CardOperationPartner, First: 1, Last: 2, PartnerID: b.north.ID}, uuid.New())
	require.ErrorContains(t, err, card.ErrPartnersKept.Error())

	move := customer.Details{PartnerID: b.north.ID, Username: tess.Username, Name: tess.Name}
	require.ErrorIs(t, customer.Edit(ctx, b.pool, b.admin, tess.ID, move), customer.ErrPartnerTest)
	move = customer.Details{PartnerID: id, Username: b.anna.Username, Name: b.anna.Name}
	require.ErrorIs(t, customer.Edit(ctx, b.pool, b.admin, b.anna.ID, move), customer.ErrPartnerTest)

	for sql, constraint := range map[string]string{
		`update partner set test = not test where name = 'Sandbox'`:                                                                                 "partner_test_kept",
		`update series set currency = 'USD' where currency = 'XTS'`:                                                                                 "series_test_kept",
		`update series set any_partner = true where currency = 'XTS'`:                                                                               "series_test_partners",
		`insert into series_partner (series_id, partner_id) select s.id, p.id from series s, partner p where s.currency = 'USD' and p.test limit 1`: "series_partner_test",
		`update customer set partner_id = (select id from partner where test) where username = 'anna'`:                                              "customer_test_kept",
		`update account set currency = 'XTS' where customer_id = (select id from customer where username = 'anna')`:                                 "account_test",
	} {
		_, err := b.pool.Exec(ctx, sql)
		require.Equal(t, constraint, db.Constraint(err), sql)
	}
}

// No limit of one person counts test money, and no report, while a report in test money
// counts nothing else.
func TestNothingCountsTestMoney(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	id, tess := b.sandbox(t)
	asked := report.Question{Partner: report.EveryPartner, Scope: audit.Everything(), Period: report.Period{Kind: report.ThisMonth}, Zone: time.UTC, Currency: "USD"}
	outstanding := func(currency string) int64 {
		t.Helper()
		asked.Currency = currency
		figures, err := report.Outstanding(ctx, b.pool, asked)
		require.NoError(t, err)
		return figures.Total.Closing.Minor
	}
	b.above(t, 50_00)
	b.series(t, form(4))
	require.Equal(t, int64(40_00), outstanding("USD"))
	test := b.series(t, xts(500, id))
	require.Equal(t, db.SeriesStateActive, test.State, "no second person for XTS 5,000.00")
	code := b.codes(t, test)[0]
	_, err := b.redeem(ctx, tess, code)
	require.NoError(t, err)
	_, err = customer.Pay(ctx, b.pool, b.admin, customer.Payment{
		CustomerID: tess.ID, Type: db.PaymentTypeCash, Amount: money.Amount{Minor: 400_00, Currency: money.Test}, Key: uuid.New(),
	})
	require.NoError(t, err)
	_, err = customer.Pay(ctx, b.pool, b.admin, customer.Payment{
		CustomerID: b.anna.ID, Type: db.PaymentTypeCash, Amount: money.Amount{Minor: 1, Currency: money.Test}, Key: uuid.New(),
	})
	require.ErrorIs(t, err, customer.ErrUnknown, "a real customer has no account for test money")
	require.NotErrorIs(t, err, billing.ErrUnsettled)
	require.Equal(t, int64(40_00), outstanding("USD"))
	require.Equal(t, int64(4990_00), outstanding(money.Test))
	second := form(1)
	require.Equal(t, db.SeriesStateActive, b.series(t, second).State, "USD 50.00 of the day are not used up by test money")
	b.requireSound(t)
}
