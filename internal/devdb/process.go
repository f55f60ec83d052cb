//go:build linux || darwin || freebsd

package devdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// account is the account that the server runs as if this process runs as root. A nil
// account is that of this process.
type account struct {
	name     string
	uid, gid uint32
}

func (a *account) String() string {
	if a == nil {
		return fmt.Sprintf("of this process (%d)", os.Geteuid())
	}
	return a.name
}

// chooseAccount returns the account to run as, given the folder of the server: the owner
// of the folder, or the account "postgres" or "nobody" if root owns it. In /tmp and similar
// folders another user could have created the folder, so there its owner has to be the
// account of serviceAccount.
func chooseAccount(dir string, info fs.FileInfo) (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // a nil account is ourselves
	}
	service, err := serviceAccount()
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 {
		owner := &account{name: fmt.Sprintf("number %d", stat.Uid), uid: stat.Uid, gid: stat.Gid}
		parent, perr := os.Stat(filepath.Dir(dir))
		anybodys := perr != nil || parent.Mode()&fs.ModeSticky != 0
		if anybodys && (service == nil || owner.uid != service.uid) {
			return nil, fmt.Errorf("%s belongs to the account %s, which may be a trap; remove it, or name another folder for the database", dir, owner)
		}
		return owner, nil
	}
	return service, err
}

// serviceAccount returns the account that root runs a server as.
func serviceAccount() (*account, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uerr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gerr := strconv.ParseUint(u.Gid, 10, 32)
		if uerr == nil && gerr == nil && uid != 0 {
			return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("root may not run Postgres, and this system has neither the account postgres nor nobody; make one with `useradd --system postgres`, or run as another user")
}

// own gives a file to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

// command prepares a program to run as the account, in a process group of its own. Thus
// Ctrl-C at the terminal reaches only this process, which then stops the server cleanly.
func (a *account) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // running the programs that we found is what this package is for
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	dieWithParent(cmd.SysProcAttr)
	return cmd
}

// run runs cmd to its end and returns what it said.
func run(cmd *exec.Cmd) (string, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	p, err := start(cmd)
	if err != nil {
		return "", err
	}
	<-p.done
	return strings.TrimSpace(out.String()), p.err
}

// process is a running program that this package started.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // the result of Wait; valid after done is closed
}

// start starts cmd and waits for its end in the background. The kernel ties the
// parent's death to the thread that started the child, so that thread has to stay.
func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// signal sends s unless the process has ended, because its ID may belong to another
// process then.
func (p *process) signal(s syscall.Signal) {
	p.cmd.Process.Signal(s) //nolint:errcheck // the only error is that it has ended
}

// end stops a server that never answered, and waits for its end.
func (p *process) end() {
	p.signal(syscall.SIGQUIT)
	<-p.done
}
