package card

import (
	"testing"

	"refill/internal/cardcode"
	"refill/internal/cardcode/codetest"
	"refill/internal/db"
)

// BenchmarkMake draws, indexes, sorts and seals one chunk, without Postgres.
func BenchmarkMake(b *testing.B) {
	for _, f := range []cardcode.Format{{Alphabet: cardcode.Letters, Length: 16}, {Alphabet: cardcode.Digits, Length: 21}} {
		b.Run(string(f.Alphabet), func(b *testing.B) {
			m := newMaker(codetest.Keys(b), db.Series{ID: 1, Quantity: MaxQuantity, CodeLength: int16(f.Length), CodeAlphabet: string(f.Alphabet)}) //nolint:gosec // 16 or 21
			var bytes int64
			for b.Loop() {
				c := m.make(1)
				if c.err != nil {
					b.Fatal(c.err)
				}
				bytes = int64(len(c.rows))
			}
			b.SetBytes(bytes)
			b.ReportMetric(float64(b.N)*chunkSize/b.Elapsed().Seconds(), "cards/s")
		})
	}
}
