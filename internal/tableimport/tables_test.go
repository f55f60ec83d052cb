package tableimport_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/tableimport"
)

// Tables of many tools and languages come out with their columns recognised, or with a
// question.
func TestTables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, asks string
		want             []string // rows that are taken …
		out              []string // … and those left out, as "row reason"
	}{
		{
			name: "French", file: "Code;Montant;Valable jusqu'au;Statut\nAA11BB2201;5,00;30/06/2027;Actif\nAA11BB2202;5,00;30/06/2027;Utilisée\n;;;\nTotal général;10,00;;\n",
			want: []string{"AA11BB2201 500 2027-06-30 active", "AA11BB2202 500 2027-06-30 used"}, out: []string{"1 heading", "5 total"},
		},
		{
			name: "German", file: "Gutscheincode;Betrag;Gültig bis;Status\nAA11BB2201;5,00 €;30.06.2027;Nicht aktiviert\nAA11BB2202;5,00 €;30.06.2027;Eingelöst\nSumme: 2 Karten;10,00 €;;\n",
			out: []string{"1 heading", "2 wrong_currency", "3 wrong_currency", "4 total"},
		},
		{
			name: "Arabic", file: "الرمز,القيمة,صالح حتى,الحالة\nAA11BB2201,٥,٣٠/٠٦/٢٠٢٧,نشطة\nAA11BB2202,٥,٣٠/٠٦/٢٠٢٧,مستخدمة\nالإجمالي,١٠,,\n",
			want: []string{"AA11BB2201 500 2027-06-30 active", "AA11BB2202 500 2027-06-30 used"}, out: []string{"1 heading", "4 total"},
		},
		{
			name: "Indonesian", file: "Kode Voucher;Harga;Berlaku Sampai;Status\nAA11BB2201;5;30 Juni 2027;Belum aktif\nAA11BB2202;5;30 Juni 2027;Terpakai\nJumlah;10;;\n",
			want: []string{"AA11BB2201 500 2027-06-30 inactive", "AA11BB2202 500 2027-06-30 used"}, out: []string{"1 heading", "4 total"},
		},
		{
			name: "titles and page breaks", file: "Voucher list 2026,,\nExported at 2026-11-30 10:00,,\n,,\ncode,price,valid_till\nAA11BB2201,5.00,2027-06-30\nSubtotal,5.00,\ncode,price,valid_till\nAA11BB2203,5.00,2027-06-30\nGrand total,10.00,\n",
			want: []string{"AA11BB2201 500 2027-06-30", "AA11BB2203 500 2027-06-30"}, out: []string{"1 title", "2 title", "4 heading", "6 total", "7 heading", "9 total"},
		},
		{
			name: "titles above one column", file: "Voucher list 2026\nExported at 2026-11-30 10:00\n\ncode\nAA11BB2201\nAA11BB2202\nPage 1 of 2\ncode\nAA11BB2203\n3 cards\n",
			want: []string{"AA11BB2201", "AA11BB2202", "AA11BB2203"}, out: []string{"1 title", "2 title", "4 heading", "7 shape", "8 heading", "10 total"},
		},
		{
			name: "headings in another language", file: "Kood;Hind;Kehtib\nAA11BB2202;5;2027-06-30\nAA11BB2203;5;2027-06-30\n",
			want: []string{"AA11BB2202", "AA11BB2203"}, out: []string{"1 heading"},
		},
		{name: "no headings", file: "AA11BB2201,5.00,2027-06-30\nAA11BB2202,5.00,2027-06-30\n", want: []string{"AA11BB2201", "AA11BB2202"}},
		{name: "one row", file: "AA11BB2201\n", want: []string{"AA11BB2201"}},
		{name: "one row with headings", file: "code,price\nAA11BB2201,5\n", want: []string{"AA11BB2201 500"}, out: []string{"1 heading"}},
		{name: "headings alone", file: "code,price\n", out: []string{"1 heading"}},
		{name: "headings in a comment", file: "#code,price\nAA11BB2202,5\nAA11BB2203,5\n", want: []string{"AA11BB2202 500", "AA11BB2203 500"}, out: []string{"1 heading"}},
		{name: "a number sign as a heading", file: "#,Code,Price\n1,AA11BB2202,5\n2,AA11BB2203,5\n", want: []string{"AA11BB2202 1 500", "AA11BB2203 2 500"}, out: []string{"1 heading"}},
		{
			name: "comments in the table", file: "code,price\n// generated\nAA11BB2202,5\n// 2\nAA11BB2203,5\n", want: []string{"AA11BB2202 500", "AA11BB2203 500"},
			out: []string{"1 heading", "2 comment", "4 comment"},
		},
		{
			name: "what is left", file: "Full code;Code;Remaining balance;Price\n2024-AA11BB2202;AA11BB2202;3,50;5,00\n2024-AA11BB2203;AA11BB2203;0,00;5,00\n",
			want: []string{"2024-AA11BB2202 AA11BB2202 500 350", "2024-AA11BB2203 AA11BB2203 500 0"}, out: []string{"1 heading"},
		},
		{
			name: "a gift card system", file: "Id,Code,Customer Name,Created At,Expires On,Initial Balance,Current Balance,Currency,Disabled At\n1,AB3D9Z22KX7M2Q91,,2026-01-01,2027-01-01,50.00,20.00,USD,\n2,ZZ9K4PAB3D9Z22KX,,2026-01-01,,50.00,0.00,EUR,\n",
			want: []string{"AB3D9Z22KX7M2Q91 1 5000 2000 USD 2027-01-01"}, out: []string{"1 heading", "3 wrong_currency"},
		},
		{
			name: "a captive portal in shillings", file: "Code,Password,Package,Price (KES),Status,Created At,Expires At\nKX7M2Q91,,1Day,50,unused,2026-01-01,2027-01-01\n",
			out: []string{"1 heading", "2 wrong_currency"},
		},
		{
			name: "a user and another password", file: "Username,Password,Profile\nguest01,9fGhT2k,1Day\nguest02,4wPzR7n,1Day\n",
			asks: "code column", out: []string{"1 heading", "2 missing", "3 missing"},
		},
		{
			name: "a password that is none", file: "Username;Password\n79568233;(empty)\n55631967;(empty)\n", want: []string{"79568233", "55631967"}, out: []string{"1 heading"},
		},
		{
			name: "two readings", file: "code,price,valid\nAA11BB2202,1.000,05/06/2027\nAA11BB2203,2.000,06/07/2027\n",
			asks: "price decimal; valid order", out: []string{"1 heading", "2 open_decimal", "3 open_decimal"},
		},
		{
			name: "words of a status", file: "code,price,status\nAA11BB2202,5,sold\nAA11BB2203,5,Aktiv\nAA11BB2204,5,AKTIV\n",
			asks: "status meaning sold×1", want: []string{"AA11BB2203 500 active", "AA11BB2204 500 active"}, out: []string{"1 heading", "2 status_unknown"},
		},
		{name: "yes and no", file: "voucher,used\nAA11BB2202,yes\nAA11BB2203,no\n", asks: "status meaning no×1 yes×1", out: []string{"1 heading", "2 status_open", "3 status_open"}},
		{name: "leading zeros are lost", file: "code\n482915663012\n482915663013\n48291566301\n482915663015\n", want: []string{"482915663012", "482915663013", "482915663015"}, out: []string{"1 heading", "4 lost_zeros"}},
		{name: "last digits are lost", file: "code\n1234567890123450\n1234567890123460\n9876543210987650\n", out: []string{"1 heading", "2 lost_digits", "3 lost_digits", "4 lost_digits"}},
		{name: "placeholders", file: "code\nAA11BB2202\n#REF!\nN/A\n-\nnull\n", want: []string{"AA11BB2202"}, out: []string{"1 heading", "3 sheet_error", "4 placeholder", "5 placeholder", "6 placeholder"}},
		{name: "a total in the column of serials", file: "serial,code,price\n1,AA11BB2202,5\n2,AA11BB2203,5\nTotal,2,10\n", want: []string{"AA11BB2202 1 500", "AA11BB2203 2 500"}, out: []string{"1 heading", "4 total"}},
		{name: "a total behind the code", file: "code,note,price\nAA11BB2202,x,5\nAA11BB2203,y,5\n,Grand total,10\n", want: []string{"AA11BB2202 500", "AA11BB2203 500"}, out: []string{"1 heading", "4 total"}},
		{name: "groups with spaces", file: "pin,serial no,amount\n1234 5678 9012,0001,5\n2345 6789 0123,0002,5\n", want: []string{"1234 5678 9012 0001 500", "2345 6789 0123 0002 500"}, out: []string{"1 heading"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			schema := cards("USD")
			s := survey(t, []byte(c.file), schema)
			plan := s.Plan(schema)
			require.Equal(t, c.asks, asked(s, schema, plan))
			var got, out []string
			for _, line := range records(t, []byte(c.file), schema, plan) {
				if !strings.HasPrefix(line, "[") {
					got = append(got, line)
					continue
				}
				parts := strings.SplitN(line[1:], " ", 4) // row, field, reason
				out = append(out, parts[0]+" "+parts[2])
			}
			require.Equal(t, c.want, got)
			require.Equal(t, c.out, out)
		})
	}
}

// The choices of a person are applied: words of a status, a decimal sign, an order, a
// shape, a row, headings.
func TestChoices(t *testing.T) {
	t.Parallel()
	file := []byte("code,price,valid till,status\nAA11BB2202,1.000,05/06/2027,0\nAA11BB2203,2.000,06/07/2027,1\nAA11BB2204,2.000,06/07/2027,1\nAA11BB22055,2.000,06/07/2027,1\nAA11BB22X,2.000,06/07/2027,2\n")
	schema := cards("USD")
	s := survey(t, file, schema)
	plan := s.Plan(schema)
	require.Equal(t, "price decimal; valid order; status meaning 1×3 0×1 2×1", asked(s, schema, plan))
	plan.Decimals["price"], plan.Orders["valid"] = tableimport.Comma, tableimport.DayMonthYear
	plan.Meanings["status"] = map[string]string{"0": "active", "1": "used", "2": ""}
	require.Empty(t, asked(s, schema, plan))
	require.Equal(t, []string{
		"[1  heading code]", "AA11BB2202 100000 2027-06-05 active", "AA11BB2203 200000 2027-07-06 used", "AA11BB2204 200000 2027-07-06 used",
		"[5 code shape A••••5]", "[6 code shape A••••X]",
	}, records(t, file, schema, plan))

	plan.Rows = []int32{5}
	again := s.Adapt(schema, plan)
	require.Equal(t, "AA11BB22055 200000 2027-07-06 used", records(t, file, schema, again)[4], "adapting keeps what was chosen")
	for _, shape := range s.Columns[0].Shapes {
		sp := plan.Shapes["code"]
		sp.Regular = append(sp.Regular, shape.Key)
		plan.Shapes["code"] = sp
	}
	require.Equal(t, "[6 status status_unknown 2]", records(t, file, schema, plan)[5], "a word that is left out on purpose")

	stored, err := json.Marshal(plan)
	require.NoError(t, err)
	var back tableimport.Plan
	require.NoError(t, json.Unmarshal(stored, &back))
	require.Equal(t, records(t, file, schema, plan), records(t, file, schema, back))

	without := s.WithHeadings(plan, false)
	require.Equal(t, "[1 code word code]", records(t, file, schema, without)[0], "the word is no code even so")
	headless := []byte("AA11BB2202\nAA11BB2203\n")
	s = survey(t, headless, schema)
	require.Equal(t, []string{"[1  heading A••••2]", "AA11BB2203"}, records(t, headless, schema, s.WithHeadings(s.Plan(schema), true)))
}

// Files of one shape have one key, for any content.
func TestKeys(t *testing.T) {
	t.Parallel()
	key := func(file string) string { return survey(t, []byte(file), cards("USD")).Key() }
	require.Equal(t, key("code,price\nAA11BB2202,5\n"), key("Code,PRICE\nXY,1\nZ,2\nA,3\n"))
	require.NotEqual(t, key("code,price\nAA11BB2202,5\n"), key("price,code\n5,AA11BB2202\n"))
	require.Equal(t, key("AA11BB2202,5.00,2027-06-30\nAA11BB2203,5.00,2027-06-30\n"), key("ZZ11BB2202,7.00,2028-06-30\nZZ11BB2203,8.00,2027-06-30\n"))
}

// Neither a survey nor the reason of a row that is left out reveals a code.
func TestNoCodeIsTold(t *testing.T) {
	t.Parallel()
	d := &dice{88172645463325252}
	for kind, draw := range kinds() {
		for _, head := range []string{"code,price,valid_till,status", "what,how much,when,how", ""} {
			var codes, lines []string
			if head != "" {
				lines = append(lines, head)
			}
			for i := range 12 {
				code := draw(d, i)
				// A short number, or a word, in another column is shown whole.
				for kind != "8 letters" && (!strings.ContainsAny(code, numerals) || len(code) == 6 && strings.Trim(code, numerals) == "") {
					code = draw(d, i)
				}
				codes = append(codes, code)
				lines = append(lines, codes[i]+",5.00,2027-06-30,Active")
			}
			if kind != "8 letters" { // a word in another column is shown: it may be one of a status
				lines = append(lines, codes[0]+"X,five,never,"+codes[1], codes[2]+","+codes[3]+","+codes[4]+","+codes[5])
			}
			file := []byte(strings.Join(lines, "\n"))
			schema := cards("USD")
			s := survey(t, file, schema)
			for at := range 4 { // also with columns that are chosen wrongly
				plan := s.Plan(schema)
				plan.Columns = map[string]int{"code": at, "status": (at + 1) % 4, "price": (at + 2) % 4, "valid": (at + 3) % 4}
				plan = s.Adapt(schema, plan)
				told, err := json.Marshal([]any{s, plan})
				require.NoError(t, err)
				r := tableimport.NewReader(open(t, file), schema, plan)
				for {
					rec, err := r.Next()
					if err != nil {
						break
					}
					if rec.Left != nil {
						told = append(told, rec.Left.Shown...)
					}
				}
				for _, code := range codes {
					if i := strings.Index(strings.ToLower(string(told)), strings.ToLower(code)); i >= 0 {
						t.Fatalf("%s with %q, column %d: %s", kind, head, at, told[max(0, i-60):min(len(told), i+60)])
					}
				}
			}
		}
	}
}

// The preview shows enough to choose a column: both ends of possible codes, and other
// values completely.
func TestPreview(t *testing.T) {
	t.Parallel()
	s := survey(t, []byte("what,how much,when,who\nkx7m2q,5.00,2027-06-30,North shop\nab3d9z,5.00,2027-06-30,North shop\nzz9k4p,6.00,2027-06-30,South shop\n"), cards("USD"))
	require.Equal(t, []tableimport.PreviewRow{
		{Row: 1, Reason: "heading", Cells: []string{"what", "how much", "when", "who"}},
		{Row: 2, Cells: []string{"k••••q", "5.00", "2027-06-30", "North shop"}},
		{Row: 3, Cells: []string{"a••••z", "5.00", "2027-06-30", "North shop"}},
		{Row: 4, Cells: []string{"z••••p", "6.00", "2027-06-30", "South shop"}},
	}, s.Preview)
	for text, want := range map[string]string{
		"": "", "12345": "••••", "123456": "1••••6", "12345678901": "1••••1", "123456789012": "12••••12", "1234-5678-9012": "12••••12", "éàüöäß": "é••••ß", "12 34 56": "1••••6",
	} {
		require.Equal(t, want, tableimport.Mask(text), text)
	}
}

// The same reader reads customers.
func TestCustomers(t *testing.T) {
	t.Parallel()
	schema := tableimport.Schema{Currency: "USD", Fields: []tableimport.Field{
		{Name: "name", Kind: tableimport.Text, Required: true, Headings: tableimport.HeadName},
		{Name: "username", Kind: tableimport.Text, Headings: tableimport.HeadUsername},
		{Name: "partner", Kind: tableimport.Text, Headings: tableimport.HeadPartner},
		{Name: "phone", Kind: tableimport.Text, Headings: tableimport.HeadPhone},
		{Name: "email", Kind: tableimport.Text, Headings: tableimport.HeadEmail},
		{Name: "external", Kind: tableimport.Text, Headings: tableimport.HeadExternalID},
		{Name: "balance", Kind: tableimport.Signed, Headings: tableimport.HeadBalance},
	}}
	for file, want := range map[string][]string{
		"ID,Status,Portal login,Full name,Phone number,Email,Partner,Account balance\n1,Active,jdoe,\"Doe, Jane\",+1 555 0100,jane@example.net,North,-12.50\n2,Active,total,Total Energies,,t@example.net,North,(3.00)\nTotal,,,,,,,-15.50\n": {
			"Doe, Jane jdoe North +1 555 0100 jane@example.net 1 -1250", "Total Energies total North t@example.net 2 -300", "[4  total Total]",
		},
		"Nombre;Usuario;Teléfono;Correo electrónico;Saldo\nMaría;maria;600;m@example.net;1.250,50\n;x;;;\n": {
			"María maria 600 m@example.net 125050", "[3 name missing ]",
		},
		"الاسم,اسم المستخدم,رقم الهاتف,الرصيد\nأحمد,ahmad,٠٥٥٥,١٠٫٥\n": {"أحمد ahmad ٠٥٥٥ 1050"},
	} {
		s := survey(t, []byte(file), schema)
		require.Equal(t, want, records(t, []byte(file), schema, s.Plan(schema))[1:])
	}
}

// A row with a quotation that may have swallowed other rows is left out with the number of
// its lines.
func TestSwallowedRows(t *testing.T) {
	t.Parallel()
	file := []byte("code,town\nABCDEFGH,North\nBCDEFGHI,\"South\nCDEFGHIJ,East\nDEFGHIJK,West\"\nEFGHIJKL,North\n")
	s := survey(t, file, cards("USD"))
	require.Equal(t, []tableimport.LeftOut{{Row: 3, Reason: "swallowed", Lines: 3}}, s.Swallowed)
	require.Equal(t, []string{"[1  heading code]", "ABCDEFGH", "[3  swallowed ]", "EFGHIJKL"}, records(t, file, cards("USD"), s.Plan(cards("USD"))))
}
