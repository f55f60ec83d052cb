//go:build !linux

package dbtest

import "os"

// fastDir returns where test servers live.
func fastDir() string { return os.TempDir() }
