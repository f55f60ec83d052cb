package devdb

import (
	"context"
	"os"
	"strconv"
	"syscall"
)

// dieWithParent lets the kernel send the program a signal to end when this process ends,
// even by kill -9. Postgres then does a fast, clean shutdown.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// isPostmaster reports whether the process is a server of the data folder, judged by its
// working directory. A process id alone proves nothing, because the kernel reuses them. A
// zombie process has no working directory.
func isPostmaster(_ context.Context, pid int, data string) bool {
	dir, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	return err == nil && dir == data
}
