package admin

import (
	"fmt"

	"refill/internal/cardimport"
	"refill/internal/customerimport"
	"refill/internal/lang"
	"refill/internal/tableflow"
	"refill/internal/web/kit"
)

// unreadColumns returns a sentence for each column that looks like one of the fields but
// that the import does not read. The answers may come from an earlier file of the same
// shape.
func unreadColumns(look tableflow.Look, a tableflow.Answers, title func(string) string, fields ...string) (list []string) {
	places, of := a.Unread(look, fields...)
	for i, at := range places {
		name := fmt.Sprintf("Column %d", at+1)
		if heading := look.Survey.Columns[at].Heading; heading != "" {
			name += ", “" + kit.Truncate(heading, 40) + "”,"
		}
		list = append(list, name+lang.M(" looks like ")+title(of[i])+lang.M(" and is not read."))
	}
	return list
}

// unreadOfCustomers is unreadColumns for an import of customers.
func unreadOfCustomers(look tableflow.Look, a tableflow.Answers) []string {
	return unreadColumns(look, a, func(field string) string {
		if field == customerimport.ColumnBalance {
			return "balances"
		}
		return lang.M("the status")
	}, customerimport.ColumnBalance, customerimport.ColumnStatus)
}

// unreadOfCards is unreadColumns for an import of cards.
func unreadOfCards(look tableflow.Look, a tableflow.Answers) []string {
	return unreadColumns(look, a, func(field string) string {
		switch field {
		case cardimport.ColumnPrice:
			return "prices"
		case cardimport.ColumnRemaining:
			return lang.M("what is left of cards")
		case cardimport.ColumnStatus:
			return lang.M("the status")
		}
		return lang.M("a sign that cards were used")
	}, cardimport.ColumnPrice, cardimport.ColumnRemaining, cardimport.ColumnStatus, cardimport.ColumnUsedAt, cardimport.ColumnUsedBy)
}
