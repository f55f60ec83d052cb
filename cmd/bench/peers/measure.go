package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// usage is the resources that a program and its child processes used.
type usage struct {
	CPUSeconds, ClockSeconds float64
	PeakMiB                  float64 // of the largest process
}

// measure runs a program and prints the resources that it used as JSON on standard output.
// The output of the program goes to standard error. It is a process between the bench and
// the program for two reasons. Linux counts the memory of the parent into the peak of a new
// process, and the bench is large. And Chromium's helper processes outlive their parents,
// so this process adopts and waits for them.
func measure(args []string) error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	started := time.Now()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	var u usage
	var failed error
	for {
		var status unix.WaitStatus
		var r unix.Rusage
		pid, err := unix.Wait4(-1, &status, 0, &r)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			break // none is left
		}
		if pid == cmd.Process.Pid {
			u.ClockSeconds = time.Since(started).Seconds()
			if status != 0 {
				failed = fmt.Errorf("%s ended with %d", args[0], status)
			}
		}
		u.CPUSeconds += float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
		u.PeakMiB = max(u.PeakMiB, float64(r.Maxrss)/1024)
	}
	return errors.Join(failed, json.NewEncoder(os.Stdout).Encode(u))
}
