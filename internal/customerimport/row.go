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
	"refill/internal/staff"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// partners finds a partner by what a file calls it, among those that are open and that
// the person who imports sees. A foreign one and a missing one look alike.
type partners struct {
	names  map[int64]string
	exact  map[string]int64
	folded map[string]int64 // 0: several have that name
	preset int64            // of rows without a partner; 0: none
}

// findPartners reads the open partners of a scope.
func (s *Service) findPartners(ctx context.Context, dbtx db.DBTX, scope audit.Scope, preset int64) (*partners, error) {
	rows, err := s.q.PartnerPick(ctx, dbtx, db.PartnerPickParams{AllPartners: scope.AllPartners, PartnerIds: append([]int64{}, scope.PartnerIDs...)})
	if err != nil {
		return nil, fmt.Errorf("list partners: %w", err)
	}
	p := &partners{names: map[int64]string{}, exact: map[string]int64{}, folded: map[string]int64{}}
	for _, row := range rows {
		p.names[row.ID], p.exact[row.Name] = row.Name, row.ID
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

// find returns a partner by name; 0: there is none such. A number is none: that of another
// system means other partners.
func (p *partners) find(text string) int64 {
	if id := p.exact[text]; id != 0 {
		return id
	}
	if id, ok := p.folded[tableimport.Fold(text)]; ok {
		return id
	}
	return 0
}

// rowReader reads the rows of a file under a plan. The same file, plan and partners give
// the same rows.
type rowReader struct {
	table    *tableimport.Reader
	heading  int32
	at       map[string]int // column to its place in a record
	partners *partners
}

// openRows begins to read a file.
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

// skip passes over rows that were read before.
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

// read is what came of a row: a customer, or why it makes none. Balance is what the row
// says, whether it makes a customer or not; Readable tells whether it says an amount.
type read struct {
	*customer.Newcomer

	of       *customer.Newcomer // whom the row is about, as far as it is read; nil: that can't be told
	left     *tableflow.Left
	balance  int64
	readable bool
}

// next reads a row. io.EOF ends the rows. The row of the headings is neither customer
// nor left out where it is the first.
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
	who := cutText(name, 60)
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
		got.left = &tableflow.Left{Row: record.Row, Who: who, Reason: reason, Value: cutText(clean(shown), 60)}
		return got, nil
	}
	got.Newcomer = &n
	return got, nil
}

// newcomer reads a customer out of the values of a row; a reason says why there is none,
// with the value that failed.
func (r *rowReader) newcomer(name string, value func(string) tableimport.Value) (n customer.Newcomer, reason, shown string) {
	text := func(column string) string {
		if v := value(column); v.State == tableimport.Good {
			return clean(v.Text)
		}
		return ""
	}
	n.Name, n.Username, n.ExternalID = name, strings.ToLower(text(ColumnUsername)), text(ColumnExternalID)
	n.Email, n.Phone = text(ColumnEmail), cutBytes(text(ColumnPhone), customer.MostPhone)
	switch {
	case n.Name == "":
		return n, ColumnName + "." + string(tableimport.ReasonMissing), ""
	case utf8.RuneCountInString(n.Name) > customer.MostName:
		return n, reasonName, show(n.Name)
	case n.Username != "" && !staff.ValidUsername(n.Username):
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
	n.Disabled = value(ColumnStatus).Meaning == MeansDisabled
	return n, "", ""
}

// show is a value that failed, for display: a person may have chosen a column of codes.
func show(text string) string { return tableimport.Show(tableimport.Text, text) }

// validEmail reports whether a text can be one e-mail address.
func validEmail(text string) bool {
	name, host, _ := strings.Cut(text, "@")
	return name != "" && host != "" && len(text) <= 254 && !strings.ContainsAny(host, "@") && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(",;:<>()[]\\\"", r)
	})
}

// clean takes out of a text what would let it pass for another on a page: control
// characters and marks that turn the direction of what follows. Spaces are single.
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

// cutText shortens a text to so many characters.
func cutText(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

// cutBytes shortens a text to so many bytes, between characters.
func cutBytes(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// stem is a username made of a name: "Zoë Ångström" with the external id 17 becomes
// zoe.angstrom.17. The id keeps it from names that the file gives to others.
func stem(name, externalID string) string {
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
