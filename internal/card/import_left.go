package card

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// How many rows that are left out are kept, for people to look at. The others are
// counted by their reason: a file of a million bad rows leaves no more than this.
const (
	mostProblems = 10_000
	fewProblems  = 100 // of each reason, whatever there is of others
)

// leftRow is a row that makes no card. Value is what stood there, masked where it could
// be a code.
type leftRow struct {
	row                   int32
	serial, reason, value string

	of *importedCard // whose value the row denies; nil: it says nothing of a card
}

// leftOut gathers the rows that make no card.
type leftOut struct {
	rows   []leftRow // to be kept
	kept   int
	counts map[string]int64 // by reason
}

func newLeftOut() *leftOut { return &leftOut{counts: map[string]int64{}} }

// add counts a row, and keeps it where there is room. What is known of other partners is
// counted alone: which row it is would tell that the card exists.
func (l *leftOut) add(r leftRow) {
	l.counts[r.reason]++
	if r.reason == reasonKnownHidden || l.kept >= mostProblems && l.counts[r.reason] > fewProblems {
		return
	}
	l.kept++
	l.rows = append(l.rows, r)
}

// total is how many rows were counted.
func (l *leftOut) total() (n int64) {
	for _, of := range l.counts {
		n += of
	}
	return n
}

func (s *Service) addProblems(ctx context.Context, tx pgx.Tx, id int64, rows []leftRow) error {
	if len(rows) == 0 {
		return nil
	}
	p := db.ImportProblemAddParams{ImportID: id}
	for _, r := range rows {
		p.Rows, p.Serials, p.Reasons, p.Vals = append(p.Rows, r.row), append(p.Serials, r.serial), append(p.Reasons, r.reason), append(p.Vals, r.value)
	}
	if err := s.q.ImportProblemAdd(ctx, tx, p); err != nil {
		return fmt.Errorf("note rows that are left out: %w", err)
	}
	return nil
}
