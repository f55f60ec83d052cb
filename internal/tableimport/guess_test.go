package tableimport_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/tableimport"
)

// What a heading says of a column is not dropped because a short file has no word twice,
// and of two columns that may hold the code none is chosen by chance.
func TestGuessesOfShortAndDoubtfulFiles(t *testing.T) {
	t.Parallel()
	schema := cards("USD")
	for name, c := range map[string]struct {
		file  string
		guess map[string]int
		asks  string
	}{
		"each status once": {
			"voucher,cost,state\nAAAABBBB2201,10,REDEEMED\nAAAABBBB2202,10,ISSUED\nAAAABBBB2203,10,BLOCKED\n",
			map[string]int{"code": 0, "price": 1, "status": 2},
			"",
		},
		"one row": {"voucher,cost,state\nAAAABBBB2201,10,redeemed\n", map[string]int{"code": 0, "price": 1, "status": 2}, ""},
		"codes under a heading that may be a status": {
			"used,price\nAAAABBBB2201,10\nAAAABBBB2202,10\nAAAABBBB2203,10\n", map[string]int{"code": 0, "price": 1}, "",
		},
		"a sheet of three columns of cards": {
			"code,code,code\nAAAABBBB2201,AAAABBBB2202,AAAABBBB2203\nAAAABBBB2204,AAAABBBB2205,AAAABBBB2206\nAAAABBBB2207,AAAABBBB2208,AAAABBBB2209\n",
			map[string]int{},
			"code column",
		},
		"a code and a longer one": {
			"pin,code,price\n48291566,AAAABBBB2201,10\n48291599,AAAABBBB2202,10\n73291566,AAAABBBB2203,10\n", map[string]int{"price": 2}, "code column",
		},
		"a full code and a short one": {
			"full code,code,price\nXX-AAAABBBB2201,BBBB2201,10\nXX-AAAABBBB2202,BBBB2202,10\nXX-AAAABBBB2203,BBBB2203,10\n",
			map[string]int{"code": 0, "short": 1, "price": 2},
			"",
		},
		"a code beside a name": {
			"code,voucher,price\nAAAABBBB2201,day pass,10\nAAAABBBB2202,day pass,10\nAAAABBBB2203,day pass,10\n", map[string]int{"code": 0, "price": 2}, "",
		},
	} {
		s := survey(t, []byte(c.file), schema)
		require.Equal(t, c.guess, s.Guess, name)
		require.Equal(t, c.asks, asked(s, schema, s.Plan(schema)), name)
	}
	s := survey(t, []byte("voucher,cost,state\nAAAABBBB2201,10,REDEEMED\nAAAABBBB2202,10,ISSUED\nAAAABBBB2203,10,RETURNED-LATE\n"), schema)
	require.Contains(t, asked(s, schema, s.Plan(schema)), "status meaning", "a word that nobody knows is asked for, however short the file")
	require.NotEmpty(t, tableimport.StatusWords(tableimport.WordsUsed))
}

// A list of events names each code several times. It is kept and shown as little as one
// that is named once.
func TestRepeatedCodesAreNotTold(t *testing.T) {
	t.Parallel()
	schema := cards("USD")
	for _, head := range []string{"voucher code,amount,state", "pin,amount,state", "what,amount,state", ""} {
		for _, codes := range [][]string{{"4QPQZS9YK238", "43NFEUBTVF2M", "Z4YYWVYHZURG"}, {"kxqmzjtr", "abrdkzwq", "zzqkhprm"}, {"482915661", "482915672", "482915683"}} {
			if codes[0] == "kxqmzjtr" && !strings.Contains(head, "code") && !strings.Contains(head, "pin") {
				continue // words in a column without a heading for codes
			}
			for _, times := range []int{2, 3} {
				text := head + "\n"
				for range times {
					for _, code := range codes {
						text += code + ",10.00,active\n"
					}
				}
				s := survey(t, []byte(strings.TrimPrefix(text, "\n")), schema)
				plan := s.Plan(schema)
				plan.Columns = map[string]int{"code": 1, "serial": 0, "status": 2}
				told, err := json.Marshal([]any{s, s.Adapt(schema, plan)})
				require.NoError(t, err)
				for _, code := range codes {
					require.NotContains(t, strings.ToLower(string(told)), strings.ToLower(code), "%q, %d times", head, times)
				}
			}
		}
	}
}
