// Package devdb owns the private Postgres behind `refill demo`, the tests and the
// measurements: it finds the server's programs, makes a database folder on first
// use, starts the server on the loopback address and stops it again, also when
// this process dies. It never touches a server that it did not start, never
// downloads anything, and is no place for production data: there is no backup.
package devdb

import "log/slog"

// Database is the name of the database that every started server has.
const Database = "refill"

// Options says which server to start.
type Options struct {
	Dir      string            // holds the data, the password and the log; made when missing, kept between runs
	Binaries string            // folder of postgres and initdb; empty: look for it
	Port     int               // on 127.0.0.1; 0: a free one
	Unsafe   bool              // no fsync, for tests: a killed server loses commits
	Settings map[string]string // further settings of the server, which override the default ones
	Logger   *slog.Logger      // nil: slog.Default()
}

func (o Options) logger() *slog.Logger {
	if o.Logger != nil {
		return o.Logger
	}
	return slog.Default()
}
