package web

import (
	"fmt"

	"refill/internal/card"
	"refill/internal/customerimport"
	"refill/internal/tableflow"
)

// unreadColumns says of columns that look like something that decides about money that
// they are not read: a person said so, perhaps of another file of this shape.
func unreadColumns(look tableflow.Look, a tableflow.Answers, title func(string) string, fields ...string) (list []string) {
	places, of := a.Unread(look, fields...)
	for i, at := range places {
		name := fmt.Sprintf("Column %d", at+1)
		if heading := look.Survey.Columns[at].Heading; heading != "" {
			name += ", “" + cut(heading, 40) + "”,"
		}
		list = append(list, name+" looks like "+title(of[i])+" and is not read.")
	}
	return list
}

// unreadOfCustomers is about an import of customers.
func unreadOfCustomers(look tableflow.Look, a tableflow.Answers) []string {
	return unreadColumns(look, a, func(field string) string {
		if field == customerimport.ColumnBalance {
			return "balances"
		}
		return "the status"
	}, customerimport.ColumnBalance, customerimport.ColumnStatus)
}

// unreadOfCards is about an import of cards.
func unreadOfCards(look tableflow.Look, a tableflow.Answers) []string {
	return unreadColumns(look, a, func(field string) string {
		switch field {
		case card.ColumnPrice:
			return "prices"
		case card.ColumnRemaining:
			return "what is left of cards"
		case card.ColumnStatus:
			return "the status"
		}
		return "a sign that cards were used"
	}, card.ColumnPrice, card.ColumnRemaining, card.ColumnStatus, card.ColumnUsedAt, card.ColumnUsedBy)
}
