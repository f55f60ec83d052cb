package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"refill/internal/event"
	"refill/internal/job"
)

// workTimeout bounds each statement of a worker. A chunk of cards takes a fraction of a
// second, even on a slow disk.
const workTimeout = 30 * time.Second

// workMemory is the soft memory limit of a worker in bytes, unless GOMEMLIMIT sets another.
// Near the limit the garbage collector runs more often.
const workMemory = 160 << 20

// runWork is `refill work`.
func runWork(ctx context.Context, c config, args []string) error {
	if err := flag.NewFlagSet("work", flag.ExitOnError).Parse(args); err != nil {
		return err
	}
	p, err := openParts(ctx, c, "work", workTimeout)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.warnOfLogin(ctx); err != nil {
		return err
	}
	return p.work(ctx)
}

// work runs jobs until ctx ends. Running jobs then have a short time to finish before they
// are cancelled and returned to their queues.
func (p *parts) work(ctx context.Context) error {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(workMemory)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	id := fmt.Sprintf("%.40s-%d-%s", host, os.Getpid(), rand.Text()[:8])
	client, err := job.NewWorker(p.pool, job.Options{
		ID: id, Direct: p.direct, Cards: p.cards, Exports: p.exports, Imports: p.imports, Customers: p.customers, Checks: p.checks, Mail: p.mailing, Webhooks: p.webhooks, Keys: p.keys, Files: p.files, Settings: p.settings,
		Log: p.log, Now: time.Now, Concurrency: p.config.Concurrency,
	})
	if err != nil {
		return err
	}
	// The worker holds its lock until all jobs have stopped, so that a working process
	// never looks dead.
	holding, release := context.WithCancel(context.WithoutCancel(ctx))
	alive, err := job.NewAlive(id, p.config.direct(), p.pool, p.log).Start(holding)
	if err != nil {
		release()
		return err
	}
	defer func() { release(); <-alive }()
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("start working: %w", err)
	}
	relayed := make(chan struct{})
	go func() {
		defer close(relayed)
		event.NewRelay(p.pool, p.webhooks, p.log).Run(ctx)
	}()
	p.log.InfoContext(ctx, "working")
	p.tellManager(ctx, daemon.SdNotifyReady)
	<-ctx.Done()
	p.tellManager(ctx, daemon.SdNotifyStopping)
	<-client.Stopped()
	<-relayed
	return nil
}
