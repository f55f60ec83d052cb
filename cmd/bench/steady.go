package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// warmUp is the share of a run that is not counted. Sessions of Postgres prepare and plan
// each statement at its first use, which halves the rate of a short run of pgbench and
// would flatter the program in the comparison.
const warmUp = 0.25

// steadyRate returns the rate per second after the warm-up.
func steadyRate(finished []time.Time) (float64, error) {
	first := int(float64(len(finished)) * warmUp)
	if len(finished)-first < 2 {
		return 0, fmt.Errorf("%d redemptions are too few to tell a rate; raise -redemptions", len(finished))
	}
	slices.SortFunc(finished, time.Time.Compare)
	took := finished[len(finished)-1].Sub(finished[first])
	return float64(len(finished)-1-first) / took.Seconds(), nil
}

// transaction is a transaction that pgbench ran.
type transaction struct {
	script   int // the number of its script, from 0
	took     time.Duration
	finished time.Time
}

// ends returns when transactions ended.
func ends(list []transaction) []time.Time {
	var times []time.Time
	for _, one := range list {
		times = append(times, one.finished)
	}
	return times
}

// readPgbenchLog returns the transactions in the log files of pgbench --log, and removes the
// files. A line has client, number, duration, script, seconds and microseconds (PostgreSQL
// manual, pgbench, "Per-Transaction Logging").
func readPgbenchLog(prefix string) ([]transaction, error) {
	files, err := filepath.Glob(prefix + ".*")
	if err != nil {
		return nil, err
	}
	var list []transaction
	for _, file := range files {
		content, err := os.ReadFile(file) //nolint:gosec // the prefix is ours
		if err != nil {
			return nil, err
		}
		for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
			var client, number, micros, seconds, fraction int64
			var one transaction
			if _, err := fmt.Fscan(strings.NewReader(lines.Text()), &client, &number, &micros, &one.script, &seconds, &fraction); err != nil {
				return nil, fmt.Errorf("the log of pgbench reads %q: %w", lines.Text(), err)
			}
			one.took, one.finished = time.Duration(micros)*time.Microsecond, time.Unix(seconds, fraction*1000)
			list = append(list, one)
		}
		if err := os.Remove(file); err != nil {
			return nil, err
		}
	}
	return list, nil
}
