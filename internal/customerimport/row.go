package customerimport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/importfile"
	"refill/internal/signin"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// partners finds partners by the names that a file uses, among the open partners of the
// importer's scope. A partner outside the scope looks like one that does not exist.
type partners struct {
	names  map[int64]string
	exact  map[string]int64
	folded map[string]int64 // 0: several partners have that name
	// outside are the partners that keep the balances of their customers in another system.
	outside map[int64]bool
	preset  int64 // the partner of rows without one; 0: none
}

// findPartners reads the open partners of a scope.
func (s *Service) findPartners(ctx context.Context, dbtx db.DBTX, scope audit.Scope, preset int64) (*partners, error) {
	rows, err := s.q.PartnerPick(ctx, dbtx, db.PartnerPickParams{AllPartners: scope.AllPartners, PartnerIds: append([]int64{}, scope.PartnerIDs...)})
	if err != nil {
		return nil, fmt.Errorf("list partners: %w", err)
	}
	p := &partners{names: map[int64]string{}, exact: map[string]int64{}, folded: map[string]int64{}, outside: map[int64]bool{}}
	for _, row := range rows {
		p.names[row.ID], p.exact[row.Name] = row.Name, row.ID
		p.outside[row.ID] = row.Balances == db.BalancesKeptOutside
		key := tableimport.Fold(row.Name)
		if _, twice := p.folded[key]; twice {
			p.folded[key] = 0
		} else {
			p.folded[key] = row.ID
		}
		if row.ID == preset {
			p.preset = preset
		}
	}
	return p, nil
}

// find returns the id of a partner by name, or 0. It does not accept the id of a partner as
// text, because a number in the file is an id of another system.
func (p *partners) find(text string) int64 {
	if id := p.exact[text]; id != 0 {
		return id
	}
	if id, ok := p.folded[tableimport.Fold(text)]; ok {
		return id
	}
	return 0
}

// rowReader reads the rows of a file under a plan. The same file, plan and partners always
// give the same rows.
type rowReader struct {
	table    *tableimport.Reader
	heading  int32
	at       map[string]int // index of a column in a record
	partners *partners
}

// openRows opens a file for reading under a plan.
func openRows(file io.ReaderAt, size int64, p Plan, of *partners) (*rowReader, error) {
	rows, err := importfile.OpenTable(file, size, importfile.Options{Sheet: p.Sheet})
	if err != nil {
		return nil, err
	}
	wanted := schema(p.Currency)
	r := &rowReader{table: tableimport.NewReader(rows, wanted, p.Table), heading: p.Table.Heading, at: map[string]int{}, partners: of}
	for i, f := range wanted.Fields {
		r.at[f.Name] = i
	}
	return r, nil
}

// skip reads n rows and discards them, which earlier chunks have imported.
func (r *rowReader) skip(n int32) error {
	for range n {
		if _, err := r.table.Next(); errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		} else if err != nil {
			return err
		}
	}
	return nil
}

// read is a row that was read: a customer, or why it makes none. Balance is the balance in
// the row, whether it makes a customer or not. Readable tells whether the row has a valid
// balance.
type read struct {
	*customer.Newcomer

	of       *customer.Newcomer // the customer whom the row describes; nil: the row does not tell
	left     *tableflow.Left
	balance  int64
	readable bool
}

// next reads a row. io.EOF ends the rows. The row of the headings, if it is the first, is
// neither a customer nor left out.
func (r *rowReader) next() (read, error) {
	record, err := r.table.Next()
	if err != nil {
		return read{}, err
	}
	if !record.Data && record.Row == r.heading && record.Row == 1 {
		return read{}, nil
	}
	value := func(column string) tableimport.Value {
		if at := r.at[column]; record.Data && at < len(record.Values) {
			return record.Values[at]
		}
		return tableimport.Value{}
	}
	var got read
	if b := value(ColumnBalance); value(ColumnCurrency).State == tableimport.Bad { // an amount of another currency
		got.readable = b.State == tableimport.Empty || b.State == tableimport.Good && b.Minor == 0
	} else if b.State == tableimport.Good {
		got.balance, got.readable = b.Minor, true
	} else {
		got.readable = b.State != tableimport.Bad
	}
	name := clean(value(ColumnName).Text)
	who := truncate(name, 60)
	if left := record.Left; left != nil {
		reason := string(left.Reason)
		if left.Field != "" {
			reason = left.Field + "." + reason
		}
		if left.Field == ColumnName {
			who = ""
		}
		got.left = &tableflow.Left{Row: record.Row, Who: who, Reason: reason, Value: clean(left.Shown)}
		return got, nil
	}
	n, reason, shown := r.newcomer(name, value)
	n.Row = record.Row
	if reason == "" || reason == reasonPartner || reason == reasonNoPartner || reason == reasonEmail || reason == reasonBalance {
		got.of = &n
	}
	if reason != "" {
		got.left = &tableflow.Left{Row: record.Row, Who: who, Reason: reason, Value: truncate(clean(shown), 60)}
		return got, nil
	}
	got.Newcomer = &n
	return got, nil
}

// newcomer returns the customer of the values of a row; reason says why there is none,
// shown is the value that failed.
func (r *rowReader) newcomer(name string, value func(string) tableimport.Value) (n customer.Newcomer, reason, shown string) {
	text := func(column string) string {
		if v := value(column); v.State == tableimport.Good {
			return clean(v.Text)
		}
		return ""
	}
	n.Name, n.Username, n.ExternalID = name, strings.ToLower(text(ColumnUsername)), text(ColumnExternalID)
	n.Email, n.Phone = text(ColumnEmail), truncateBytes(text(ColumnPhone), customer.MostPhone)
	switch {
	case n.Name == "":
		return n, ColumnName + "." + string(tableimport.ReasonMissing), ""
	case utf8.RuneCountInString(n.Name) > customer.MostName:
		return n, reasonName, show(n.Name)
	case n.Username != "" && !signin.ValidUsername(n.Username):
		return n, reasonUsername, show(n.Username)
	case utf8.RuneCountInString(n.ExternalID) > customer.MostExternalID:
		return n, reasonExternalID, show(n.ExternalID)
	case n.Username == "" && n.ExternalID == "":
		return n, reasonNoKey, ""
	}
	n.PartnerID = r.partners.preset
	if partner := text(ColumnPartner); partner != "" {
		if n.PartnerID = r.partners.find(partner); n.PartnerID == 0 {
			return n, reasonPartner, show(partner)
		}
	}
	switch {
	case n.PartnerID == 0:
		return n, reasonNoPartner, ""
	case n.Email != "" && !validEmail(n.Email):
		return n, reasonEmail, show(n.Email)
	}
	n.Balance = value(ColumnBalance).Minor
	if value(ColumnBalance).State != tableimport.Good {
		n.Balance = 0
	}
	if n.Balance > customer.MostBalance || n.Balance < -customer.MostBalance {
		return n, reasonBalance, show(value(ColumnBalance).Text)
	}
	if n.Balance != 0 && r.partners.outside[n.PartnerID] {
		return n, reasonOutside, show(value(ColumnBalance).Text)
	}
	n.Disabled = value(ColumnStatus).Meaning == MeansDisabled
	return n, "", ""
}

// show returns a value that failed, masked for display: the column may hold codes by
// mistake.
func show(text string) string { return tableimport.Show(tableimport.Text, text) }

// validEmail reports whether a text can be one e-mail address.
func validEmail(text string) bool {
	name, host, _ := strings.Cut(text, "@")
	return name != "" && host != "" && len(text) <= 254 && !strings.ContainsAny(host, "@") && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(",;:<>()[]\\\"", r)
	})
}

// clean removes characters that make one text look like another: control characters, and
// marks that change the direction of the text after them. It joins white space to single
// spaces.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '\u200c' || r == '\u200d': // joiners, which scripts need
			return r
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Cs, r):
			return -1
		}
		return r
	}, norm.NFC.String(text))
	return strings.Join(strings.Fields(text), " ")
}

// truncate shortens a text to at most so many characters.
func truncate(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

// truncateBytes shortens a text to at most so many bytes, between characters.
func truncateBytes(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// usernameFrom makes a username of a name and an external id: "Zoë Ångström" with the id 17
// becomes zoe.angstrom.17. The id distinguishes it from usernames in the file.
func usernameFrom(name, externalID string) string {
	fold := func(text string, most int) string {
		text = strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
				return r
			case unicode.IsSpace(r), r == '_':
				return '.'
			}
			return -1
		}, norm.NFKD.String(strings.ToLower(text)))
		return strings.Trim(text[:min(len(text), most)], ".-")
	}
	parts := []string{}
	for _, part := range []string{fold(name, 30), fold(externalID, 20)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "customer"
	}
	return strings.Join(parts, ".")
}
