package admin

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

func (s *Server) cardsBySerial(c *gin.Context, number string, serial, size int32) ([]db.FindSerialRow, error) {
	scope := s.Person(c).Scope
	return db.New().FindSerial(c.Request.Context(), s.Pool, db.FindSerialParams{
		Serial: serial, Number: number, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Size: size,
	})
}

// findCards adds the cards and series that a text may mean without being a code.
func (s *Server) findCards(c *gin.Context, text string, p *findPage) error {
	if serial, ok := plainSerial(text); ok {
		rows, err := s.cardsBySerial(c, "", serial, mostFound+1)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := s.addFound(p, db.FindLastFourRow(row)); err != nil {
				return err
			}
		}
	}
	if err := s.findSeriesBy(c, text, p); err != nil {
		return err
	}
	if end, ok := cardcode.ParseLastFour(text); ok {
		rows, more, err := s.Cards.Codes.FindLastFour(c.Request.Context(), s.Actor(c), end)
		if err != nil {
			return err
		}
		p.MoreCards = p.MoreCards || more
		for _, row := range rows {
			if err := s.addFound(p, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// mostSeries is how many series are shown.
const mostSeries = 10

// findSeriesBy adds the series whose number or prefix begins with a text.
func (s *Server) findSeriesBy(c *gin.Context, text string, p *findPage) error {
	number, prefix := seriesStart(text)
	if number == "" && prefix == "" {
		return nil
	}
	scope := s.Person(c).Scope
	numbers, err := db.New().FindSeries(c.Request.Context(), s.Pool, db.FindSeriesParams{
		ByNumber: number, ByPrefix: prefix, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Size: mostSeries + 1,
	})
	if err != nil {
		return err
	}
	if len(numbers) > mostSeries {
		numbers, p.MoreSeries = numbers[:mostSeries], true
	}
	for _, number := range numbers {
		row, err := s.Cards.SeriesByNumber(c.Request.Context(), s.Actor(c), number)
		if err != nil {
			return err
		}
		p.Series = append(p.Series, viewSeries(row))
	}
	return nil
}

// addFound adds a card, unless there are enough or it is there already.
func (s *Server) addFound(p *findPage, row db.FindLastFourRow) error {
	if len(p.Cards) == mostFound {
		p.MoreCards = true
		return nil
	}
	masked, err := s.Cards.Masked(row.SeriesID, row.KeyID, row.Serial, row.CodeSealed)
	if err != nil {
		return err
	}
	one := foundCard{
		Series: row.Number, Serial: int64(row.Serial), URL: CardURL(row.Number, row.Serial),
		State: statusBadge(card.Status(row.Shown)), Code: masked,
	}
	for _, had := range p.Cards {
		if had.URL == one.URL {
			return nil
		}
	}
	one.UsedBy, one.UsedByURL = usedBy(row.UsedBy, row.UsedByName)
	p.Cards = append(p.Cards, one)
	return nil
}

// findCustomers adds the customers that a text may mean, and the cards that they
// used.
func (s *Server) findCustomers(c *gin.Context, text string, withCards bool, p *findPage) error {
	search, number := text, customerNumber(text)
	if n := len([]rune(text)); n > 80 || (n < 2 && number == 0) {
		return nil
	} else if n < 2 { // one digit is in every phone number
		search = ""
	}
	scope := s.Person(c).Scope
	rows, err := db.New().CustomerSuggest(c.Request.Context(), s.Pool, db.CustomerSuggestParams{
		AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Search: search, Number: number, Size: mostFound + 1,
	})
	if err != nil {
		return err
	}
	if len(rows) > mostFound {
		rows, p.MoreCustomers = rows[:mostFound], true
	}
	var ids []int64
	_, isSerial := plainSerial(text)
	p.CustomersFirst = len(rows) > 0 && (!isSerial || strings.EqualFold(rows[0].Username, text))
	for _, row := range rows {
		ids = append(ids, row.ID)
		p.Customers = append(p.Customers, foundCustomer{row.Name, row.Username + ", " + row.PartnerName, CustomerURL(row.ID), row.DisabledAt != nil})
	}
	if len(ids) == 0 || !withCards {
		return nil
	}
	used, err := db.New().FindUsedBy(c.Request.Context(), s.Pool, db.FindUsedByParams{
		CustomerIds: ids, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Size: mostFound + 1,
	})
	if err != nil {
		return err
	}
	for _, row := range used {
		if err := s.addFound(p, db.FindLastFourRow(row)); err != nil {
			return err
		}
	}
	return nil
}

var paymentNumber = regexp.MustCompile(`^(?:(?:payment|receipt)\s*)?#?(\d[\d,]*)$`)

// findPayment adds the payment whose number a text is.
func (s *Server) findPayment(c *gin.Context, text string, p *findPage) error {
	m := paymentNumber.FindStringSubmatch(strings.ToLower(text))
	if m == nil || !p.Person.Can(staff.PaymentsView) || !p.Person.Can(staff.CustomersView) {
		return nil
	}
	number := m[1]
	if groupedNumber.MatchString(number) {
		number = strings.ReplaceAll(number, ",", "")
	}
	id, scope := NumberOf(number), p.Person.Scope
	if id == 0 {
		return nil
	}
	row, err := db.Need(db.New().PaymentFind(c.Request.Context(), s.Pool, db.PaymentFindParams{ID: id, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})).Or(kit.ErrNoPayment, "find a payment")
	if errors.Is(err, kit.ErrNoPayment) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Payments = append(p.Payments, foundPayment{
		Title: fmt.Sprintf(lang.M("Payment %d"), row.ID), URL: StaffReceiptURL(row.CustomerID, row.ID),
		Note: strings.Join([]string{kit.PaymentTypeName(row.Type), kit.Signed(row.Amount, row.Currency), row.CustomerName, row.Username}, ", "),
	})
	return nil
}
