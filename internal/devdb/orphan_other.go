//go:build darwin || freebsd

package devdb

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// dieWithParent can do nothing on this system: a server whose parent was killed runs until
// the next Start ends it.
func dieWithParent(*syscall.SysProcAttr) {}

// isPostmaster reports whether the process is a server of the data folder, judged by its
// command line, which contains the folder.
func isPostmaster(ctx context.Context, pid int, data string) bool {
	out, err := exec.CommandContext(ctx, "ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output() //nolint:gosec // a number
	return err == nil && strings.Contains(string(out), "-D "+data+" ")
}
