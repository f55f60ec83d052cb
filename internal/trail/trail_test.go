package trail_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/dbtest"
	"refill/internal/trail"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// golden is a row as the program wrote it: testdata/early.jsonl those of commit 4b8be3e,
// before acts had types, testdata/today.jsonl those that it writes now. A row in a file never
// changes. Where an act gets another shape, a row is added.
type golden struct {
	Action   string          `json:"action"`
	Staff    int64           `json:"staff"` // 0: not looked at
	Customer int64           `json:"customer"`
	Series   int64           `json:"series"`
	Serial   int32           `json:"serial"`
	Detail   json.RawMessage `json:"detail"`
}

func (g golden) row() act.Row {
	return act.Row{Action: g.Action, Detail: g.Detail, Subject: act.Subject{CustomerID: g.Customer, SeriesID: g.Series, Serial: g.Serial}}
}

func read(t *testing.T, name string) []golden {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	var rows []golden
	for line := range bytes.Lines(file) {
		var g golden
		require.NoError(t, json.Unmarshal(line, &g), string(line))
		rows = append(rows, g)
	}
	require.Greater(t, len(rows), 100)
	return rows
}

func decode(t *testing.T, acts act.Registry, g golden) act.Act {
	t.Helper()
	a, err := acts.Decode(g.row())
	require.NoError(t, err)
	_, unknown := a.(act.Unknown)
	require.False(t, unknown, g.Action)
	return a
}

// What an old row says, its value says too.
func TestEarlyRowsDecode(t *testing.T) {
	t.Parallel()
	acts := trail.Acts()
	for _, g := range read(t, "early.jsonl") {
		text, err := json.Marshal(decode(t, acts, g))
		require.NoError(t, err)
		var was, is map[string]any
		require.NoError(t, json.Unmarshal(g.Detail, &was))
		require.NoError(t, json.Unmarshal(text, &is))
		for name, value := range was {
			require.Contains(t, is, name, "%s %s", g.Action, g.Detail)
			require.Equal(t, value, is[name], "%s %s", g.Action, g.Detail)
		}
	}
}

// A row of today comes back as the same value, and the value is written as the same row.
func TestRowsAreWrittenAsBefore(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	_, err := tx.Exec(t.Context(), `create temp table audit (like audit including all)`) // without foreign keys: the subjects don't exist
	require.NoError(t, err)
	acts, clients := trail.Acts(), 0
	for _, g := range read(t, "today.jsonl") {
		actor := audit.System()
		if by, ok := audit.NamedBy(g.Detail); ok {
			require.Equal(t, audit.KindClient, by.Kind)
			actor = audit.ByClient(by.ID, g.Staff, 8, audit.Everything())
			clients++
		}
		require.NoError(t, act.Record(t.Context(), tx, actor, decode(t, acts, g)))
		var is golden
		err := tx.QueryRow(t.Context(), `select action, coalesce(staff_id, 0), coalesce(customer_id, 0), coalesce(series_id, 0), coalesce(serial, 0), detail from audit order by id desc limit 1`).
			Scan(&is.Action, &is.Staff, &is.Customer, &is.Series, &is.Serial, &is.Detail)
		require.NoError(t, err)
		require.JSONEq(t, string(g.Detail), string(is.Detail), g.Action)
		is.Detail = g.Detail
		require.Equal(t, g, is)
	}
	require.Positive(t, clients)
}

// No act has a field that would pass for its actor.
func TestNoActSaysBy(t *testing.T) {
	t.Parallel()
	acts := trail.Acts()
	for _, g := range read(t, "today.jsonl") {
		of := reflect.TypeOf(decode(t, acts, g))
		if of.Kind() != reflect.Struct {
			require.Equal(t, "setting.changed", g.Action) // its names are those of settings
			continue
		}
		for _, f := range reflect.VisibleFields(of) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			require.NotEqual(t, "by", strings.ToLower(name), g.Action)
			require.False(t, name == "" && strings.EqualFold(f.Name, "by"), g.Action)
		}
	}
}

func TestRowsOfOtherActions(t *testing.T) {
	t.Parallel()
	a, err := trail.Acts().Decode(act.Row{Action: "thing.counted", Detail: []byte(`{"n": 1}`)})
	require.NoError(t, err)
	require.Equal(t, act.Unknown{Name: "thing.counted"}, a)
	_, err = trail.Acts().Decode(act.Row{Action: "check.asked", Detail: []byte(`{"run": "one"}`)})
	require.ErrorContains(t, err, "check.asked")
}

// Every type of act is registered under a name of its own and has a golden row, and nothing
// else is recorded.
func TestEveryActIsRegistered(t *testing.T) {
	t.Parallel()
	acts := trail.Acts()
	rows := map[string]bool{}
	for _, g := range read(t, "today.jsonl") {
		rows[g.Action] = true
	}
	types := map[string]string{}
	walk(t, func(path string, n ast.Node) {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if action := actionOf(n); action != "" {
				require.Empty(t, types[action], "%s: another type is called %q", path, action)
				types[action] = path
			}
		case *ast.KeyValueExpr:
			key, ok := n.Key.(*ast.Ident)
			if action := literal(n.Value); ok && key.Name == "Action" && strings.Contains(action, ".") {
				require.Contains(t, acts.Actions(), action, path)
			}
		}
	})
	require.Greater(t, len(types), 100)
	for action, path := range types {
		require.Contains(t, acts.Actions(), action, "%s: Acts() lacks the type", path)
		require.True(t, rows[action], "%s: %q has no row in testdata/today.jsonl", path, action)
	}
	require.Len(t, acts, len(types))
}

// actionOf is what a method Action returns; empty: it is another function.
func actionOf(f *ast.FuncDecl) string {
	if f.Recv == nil || f.Name.Name != "Action" || len(f.Body.List) != 1 {
		return ""
	}
	back, ok := f.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(back.Results) != 1 {
		return ""
	}
	return literal(back.Results[0])
}

func literal(n ast.Expr) string {
	text, ok := n.(*ast.BasicLit)
	if !ok || text.Kind != token.STRING {
		return ""
	}
	value, err := strconv.Unquote(text.Value)
	if err != nil {
		return ""
	}
	return value
}

// walk shows f every node of the program's source.
func walk(t *testing.T, f func(path string, n ast.Node)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path) //nolint:gosec // our own source
		if err != nil || !bytes.Contains(source, []byte("Action")) {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			f(path, n)
			return true
		})
		return nil
	})
	require.NoError(t, err)
}

// Open pages are told of every act that changes what they show of a series, an import or a
// request. Acts that change none of it are listed: they cost no message.
func TestActsAreAnnounced(t *testing.T) {
	t.Parallel()
	silent := map[string]bool{
		"card.redeemed": true, "card.refused": true, "card.reserved": true, "card.released": true, "card.revealed": true, "card.tampered": true, // as many as people redeem
	}
	acts := trail.Acts()
	for _, g := range read(t, "today.jsonl") {
		noun, _, _ := strings.Cut(g.Action, ".")
		var want []string
		switch noun {
		case "series", "card", "cards":
			want = []string{"series"}
		case "import":
			want = []string{"import"}
		case "approval":
			want = []string{"approval"}
			if g.Series != 0 {
				want = append(want, "series")
			}
		default:
			continue
		}
		var told []string
		if a, announces := decode(t, acts, g).(act.Announcer); announces {
			for _, e := range a.Announce() {
				require.NotZero(t, e.ID, g.Action)
				told = append(told, e.Kind)
			}
		}
		if silent[g.Action] {
			want = nil
		}
		require.Equal(t, want, told, g.Action)
	}
}
