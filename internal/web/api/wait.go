package api

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/notify"
	"refill/internal/web/caller"
)

// Limits of requests that wait for a change (Prefer: wait=N of RFC 7240).
const (
	longestWait = 30 * time.Second
	clientWaits = 50 // at once, of one client in one process; others are answered at once
)

// waits counts the requests that wait, by client. The zero value is ready to use.
type waits struct {
	mu       sync.Mutex
	byClient map[int64]int
}

// enter counts one more. It returns false at the limit. The caller calls leave at the end.
func (w *waits) enter(client int64) (leave func(), ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byClient == nil {
		w.byClient = map[int64]int{}
	}
	if w.byClient[client] >= clientWaits {
		return nil, false
	}
	w.byClient[client]++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.byClient[client]--; w.byClient[client] <= 0 {
			delete(w.byClient, client)
		}
	}, true
}

// preferredWait returns how long a request would like to wait; 0: not at all. A preference
// that can't be read is ignored, as RFC 7240 says.
func preferredWait(c *gin.Context) time.Duration {
	for _, header := range c.Request.Header.Values("prefer") {
		for preference := range strings.SplitSeq(header, ",") {
			preference, _, _ = strings.Cut(preference, ";")
			name, value, _ := strings.Cut(preference, "=")
			if !strings.EqualFold(strings.TrimSpace(name), "wait") {
				continue
			}
			seconds, err := strconv.Atoi(strings.Trim(strings.TrimSpace(value), `"`))
			if err != nil || seconds < 1 {
				return 0
			}
			return min(time.Duration(min(seconds, 3600))*time.Second, longestWait)
		}
	}
	return 0
}

// moving is what a request can wait for: it has a state, and work on it may be under way.
type moving struct {
	state   string
	working bool                      // the state changes by itself
	concern func(e notify.Event) bool // whether an event may be about it
}

// hold reads something and, where the request prefers to wait and work on it is under way,
// reads it again until its state changes or the time is over. It ends at once when the
// server stops.
func hold[T any](s *Server, c *gin.Context, read func() (T, error), as func(T) moving) (T, error) {
	wait := preferredWait(c)
	if wait == 0 {
		return read()
	}
	leave, ok := s.waits.enter(caller.Client(c).ID)
	if !ok {
		return read()
	}
	defer leave()
	heard, stop := s.Hub.Subscribe() // before the first look, so that no change is missed
	defer stop()
	row, err := read()
	if err != nil {
		return row, err
	}
	first := as(row)
	c.Header("Preference-Applied", "wait="+strconv.Itoa(int(wait/time.Second)))
	if !first.working {
		return row, nil
	}
	over := time.NewTimer(wait)
	defer over.Stop()
	for as(row).state == first.state {
		rested := s.Untimed(c)
		again := caller.Rest(c.Request.Context(), s.closing, over.C, heard, first.concern)
		rested()
		if !again {
			return row, nil
		}
		if row, err = read(); err != nil {
			return row, err
		}
	}
	return row, nil
}
