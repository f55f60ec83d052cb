package backup

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

// versionTable is the table in which goose records applied migrations. It is restored last:
// until then the program takes the database for one that is not migrated.
const versionTable = "goose_db_version"

// Figures are what a restored database is compared by.
type Figures struct {
	// Rows is the number of rows of each table of the schema public, without versionTable
	// and unlogged tables.
	Rows map[string]int64 `json:"rows"`
	// Sums are sums of the books, in minor units and by currency, and the cards by state.
	Sums map[string]string `json:"sums"`
}

// sumsSQL reads the sums of the books. Every table in it is as old as the first version.
const sumsSQL = `
	select 'cards ' || state, count(*)::text from card group by state
	union all
	select 'balances of customers ' || currency, sum(balance)::text from account where kind = 'customer' group by currency
	union all
	select 'moved in the ledger ' || a.currency, sum(abs(e.amount))::text from ledger_entry e join account a on a.id = e.account_id group by a.currency
	union all
	select 'ledger ' || a.currency, sum(e.amount)::text from ledger_entry e join account a on a.id = e.account_id group by a.currency
	union all
	select 'payments ' || currency, sum(amount)::text from payment group by currency`

// readFigures reads the figures in the snapshot of a transaction.
func readFigures(ctx context.Context, tx pgx.Tx) (Figures, error) {
	f := Figures{Rows: map[string]int64{}, Sums: map[string]string{}}
	rows, err := tx.Query(ctx, `select c.relname::text from pg_class c
		where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relpersistence = 'p' and c.relname <> $1
			and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
		order by 1`, versionTable)
	if err != nil {
		return f, fmt.Errorf("list the tables: %w", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return f, fmt.Errorf("list the tables: %w", err)
	}
	for _, table := range tables {
		var n int64
		if err := tx.QueryRow(ctx, `select count(*) from `+pgx.Identifier{"public", table}.Sanitize()).Scan(&n); err != nil {
			return f, fmt.Errorf("count the rows of %s: %w", table, err)
		}
		f.Rows[table] = n
	}
	sums, err := tx.Query(ctx, sumsSQL)
	if err != nil {
		return f, fmt.Errorf("sum the books: %w", err)
	}
	list, err := pgx.CollectRows(sums, pgx.RowToStructByPos[struct{ Name, Sum string }])
	if err != nil {
		return f, fmt.Errorf("sum the books: %w", err)
	}
	for _, one := range list {
		f.Sums[one.Name] = one.Sum
	}
	return f, nil
}

// compare names the figures in which got differs.
func (f Figures) compare(got Figures) (all []string) {
	all = compareMaps("table ", f.Rows, got.Rows)
	return append(all, compareMaps("", f.Sums, got.Sums)...)
}

func compareMaps[V comparable](kind string, want, got map[string]V) (all []string) {
	names := maps.Clone(want)
	maps.Copy(names, got)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if want[name] != got[name] {
			all = append(all, fmt.Sprintf("%s%s: %v in the backup, %v here", kind, name, want[name], got[name]))
		}
	}
	return all
}
