package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// stopLimit is the time that a process has to stop before it is killed; the program
// promises 25 s.
const stopLimit = 30 * time.Second

// process is the program running one of its commands.
type process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

// startProcess starts a command of the program. Only stop ends it, not the context: a
// killed process could not release its locks and files.
func startProcess(ctx context.Context, binary, command string, env []string) (*process, error) {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), binary, command) //nolint:gosec // the program that is measured
	cmd.Env, cmd.Stderr = env, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C at the terminal reaches only this program, which then stops the process cleanly
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start refill %s (is %s there, and built for this machine?): %w", command, binary, err)
	}
	p := &process{name: "refill " + command, cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // readers of done use the ProcessState
	}()
	return p, nil
}

// stop sends SIGTERM, and kills the process after stopLimit.
func (p *process) stop() {
	if p == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // the process may have ended
	timer := time.NewTimer(stopLimit)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		fmt.Fprintf(os.Stderr, "bench: %s did not stop within %s and is killed\n", p.name, stopLimit)
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// pause stops the process until resume.
func (p *process) pause() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

func (p *process) resume() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// resetPeak resets the peak memory of the process (proc(5), clear_refs).
func (p *process) resetPeak() error {
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0o600); err != nil {
		return fmt.Errorf("peak memory is measured on Linux only: %w", err)
	}
	return nil
}

// peakLine matches the peak resident memory (proc(5), status).
var peakLine = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peak returns the peak resident memory since resetPeak, in MiB.
func (p *process) peak() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the peak memory of %s: %w", p.name, err)
	}
	m := peakLine.FindSubmatch(status)
	if m == nil {
		return 0, errors.New("the kernel does not tell the peak memory")
	}
	kb, err := strconv.ParseFloat(string(m[1]), 64)
	return kb / 1024, err
}
