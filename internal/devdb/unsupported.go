//go:build !(linux || darwin || freebsd)

package devdb

import (
	"context"
	"errors"
)

// errUnsupported is all that this package has to say on other systems.
var errUnsupported = errors.New("a private Postgres runs on Linux, macOS and FreeBSD only; set DATABASE_URL to a server of your own (on Windows, WSL works too)") //nolint:gochecknoglobals // a constant in all but name

// Server replaces the real one on this system, so that callers compile.
type Server struct{}

// Start always fails here.
func Start(context.Context, Options) (*Server, error) { return nil, errUnsupported }

// FindBinaries always fails here.
func FindBinaries(context.Context, string) (string, error) { return "", errUnsupported }

// FindTools always fails here.
func FindTools(context.Context, string, int, ...string) (dir string, major int, err error) {
	return "", 0, errUnsupported
}

// URL is never reached.
func (*Server) URL(string) string { return "" }

// BinDir is never reached.
func (*Server) BinDir() string { return "" }

// Dir is never reached.
func (*Server) Dir() string { return "" }

// Port is never reached.
func (*Server) Port() int { return 0 }

// PID is never reached.
func (*Server) PID() int { return 0 }

// Done is never reached.
func (*Server) Done() <-chan struct{} { return nil }

// Stop is never reached.
func (*Server) Stop() error { return nil }
