package devdb

import (
	"context"
	"os"
	"strconv"
	"syscall"
)

// dieWithParent has the kernel ask the program to end (for Postgres: a fast, clean
// shutdown) when we die, even by kill -9.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// isPostmaster reports whether the process is a server of the data folder, judged by its
// working directory. A process id alone proves nothing, because the kernel reuses them. A
// zombie process has no working directory.
func isPostmaster(_ context.Context, pid int, data string) bool {
	dir, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	return err == nil && dir == data
}
