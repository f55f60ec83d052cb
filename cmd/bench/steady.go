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

// readPgbenchLog returns the time at which each transaction ended, from the log files of
// pgbench --log, and removes the files. A line has client, number, duration, script, seconds
// and microseconds (PostgreSQL manual, pgbench, "Per-Transaction Logging").
func readPgbenchLog(prefix string) ([]time.Time, error) {
	files, err := filepath.Glob(prefix + ".*")
	if err != nil {
		return nil, err
	}
	var finished []time.Time
	for _, file := range files {
		content, err := os.ReadFile(file) //nolint:gosec // the prefix is ours
		if err != nil {
			return nil, err
		}
		for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
			var client, number, micros, script, seconds, fraction int64
			if _, err := fmt.Fscan(strings.NewReader(lines.Text()), &client, &number, &micros, &script, &seconds, &fraction); err != nil {
				return nil, fmt.Errorf("the log of pgbench reads %q: %w", lines.Text(), err)
			}
			finished = append(finished, time.Unix(seconds, fraction*1000))
		}
		if err := os.Remove(file); err != nil {
			return nil, err
		}
	}
	return finished, nil
}
