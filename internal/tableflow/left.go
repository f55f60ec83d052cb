package tableflow

// How many rows that are left out are kept, for people to look at. The others are
// counted by their reason: a file of a million bad rows leaves no more than this.
const (
	MostKept = 10_000
	FewKept  = 100 // of each reason, whatever there is of others
)

// Left is a row that is left out. Who names the row to a person: a serial, a customer.
// Value is what failed, masked where it could be a code.
type Left struct {
	Row                int32
	Who, Reason, Value string
}

// LeftOut gathers the rows that are left out. Hidden is a reason whose rows are counted
// and never kept.
type LeftOut struct {
	Hidden string
	Rows   []Left           // to be kept
	Counts map[string]int64 // by reason
	kept   int
}

// Add counts a row, and keeps it where there is room.
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

// Total is how many rows were counted.
func (l *LeftOut) Total() (n int64) {
	for _, of := range l.Counts {
		n += of
	}
	return n
}
