// Package migrations holds the schema as goose migrations, embedded in the
// program. grants.sql is not one of them: it is run after every migration and
// says what the application's role may do.
package migrations

import "embed"

// FS holds the numbered migrations.
//
//go:embed 0*.sql
var FS embed.FS

// Grants gives the role refill_app its rights; safe to run any number of times.
//
//go:embed grants.sql
var Grants string
