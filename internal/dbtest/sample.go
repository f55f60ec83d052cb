package dbtest

import (
	"context"
	"fmt"
	"sync"
)

// Sample is a database that is filled once in a process, for tests that would each
// fill their own in the same way: a clone takes a fraction of that time.
type Sample struct {
	// Fill fills the migrated database of an address. It has left no connection open
	// when it returns.
	Fill func(url string) error

	once sync.Once
	name string
	err  error
}

// Clone returns the address, for the superuser, of a new database like the sample, and
// what drops it.
func (s *Sample) Clone(ctx context.Context) (url string, drop func() error, err error) {
	server, err := get()
	if err != nil {
		return "", nil, err
	}
	ctx = context.WithoutCancel(ctx) // other tests use the sample after this one
	s.once.Do(func() { s.err = s.make(ctx, server) })
	if s.err != nil {
		return "", nil, s.err
	}
	name, err := server.clone(ctx, s.name)
	if err != nil {
		return "", nil, err
	}
	return server.address(name), func() error { return server.drop(ctx, name) }, nil
}

// make makes the sample, which goes when all tests have ended.
func (s *Sample) make(ctx context.Context, server *server) (err error) {
	if s.name, err = server.clone(ctx, server.template); err != nil {
		return err
	}
	AtEnd(func() error { return server.drop(ctx, s.name) })
	if err := s.Fill(server.address(s.name)); err != nil {
		return fmt.Errorf("fill a sample: %w", err)
	}
	return nil
}
