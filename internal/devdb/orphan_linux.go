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

// isPostmaster reports whether the process is a server of the data folder, which
// is where a server stands. A number alone proves nothing: the kernel hands it
// out again. A dead process that nobody has collected stands nowhere.
func isPostmaster(_ context.Context, pid int, data string) bool {
	dir, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	return err == nil && dir == data
}
