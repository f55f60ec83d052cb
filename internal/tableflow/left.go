package tableflow

// The maximum number of rows that are left out and stored for display. Further rows are only
// counted by their reason, so that a file of a million bad rows needs little room.
const (
	MostKept = 10_000 // of all reasons
	FewKept  = 100    // of each reason, even beyond MostKept
)

// Left is a row that is left out. Who identifies the row for display: a serial, or a customer.
// Value is the text that failed, masked where it could be a code.
type Left struct {
	Row                int32
	Who, Reason, Value string
}

// LeftOut collects the rows that are left out. Rows with the reason Hidden are counted and
// never stored.
type LeftOut struct {
	Hidden string
	Rows   []Left           // to be stored
	Counts map[string]int64 // by reason
	kept   int
}

// Add counts a row, and adds it to Rows within MostKept and FewKept.
func (l *LeftOut) Add(r Left) {
	if l.Counts == nil {
		l.Counts = map[string]int64{}
	}
	l.Counts[r.Reason]++
	if r.Reason == l.Hidden || l.kept >= MostKept && l.Counts[r.Reason] > FewKept {
		return
	}
	l.kept++
	l.Rows = append(l.Rows, r)
}

// Total returns the number of counted rows.
func (l *LeftOut) Total() (n int64) {
	for _, of := range l.Counts {
		n += of
	}
	return n
}
