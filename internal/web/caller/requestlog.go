package caller

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/db"
	"refill/internal/web/kit"
)

// Bounds of the log of requests.
const (
	requestsKept  = 5000            // in memory, until they are written; more are left out
	requestsEvery = time.Second     // between two writes
	requestsWrite = 5 * time.Second // for one write
)

// RequestLog writes what clients asked into the database a little later, many at a time, so
// that no request waits for it. Requests that are not written yet are lost in a crash: the
// log helps integrators, and the audit trail records acts.
type RequestLog struct {
	pool *pgxpool.Pool
	Log  *slog.Logger

	mu   sync.Mutex
	held db.ClientRequestAddParams
}

// NewRequestLog returns the log of a pool.
func NewRequestLog(pool *pgxpool.Pool, log *slog.Logger) *RequestLog {
	return &RequestLog{pool: pool, Log: log}
}

// Start writes what is held, every second until ctx ends and once more then.
func (l *RequestLog) Start(ctx context.Context) {
	go func() {
		ticker := time.NewTicker(requestsEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				l.write(ctx)
			case <-ctx.Done():
				l.write(context.WithoutCancel(ctx))
				return
			}
		}
	}()
}

// write writes what is held.
func (l *RequestLog) write(ctx context.Context) {
	l.mu.Lock()
	held := l.held
	l.held = db.ClientRequestAddParams{}
	l.mu.Unlock()
	if len(held.ClientIds) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, requestsWrite)
	defer cancel()
	if err := db.New().ClientRequestAdd(ctx, l.pool, held); err != nil {
		l.Log.LogAttrs(ctx, slog.LevelWarn, "requests of API clients are missing from their log", slog.Int("requests", len(held.ClientIds)), slog.Any("error", err))
	}
}

// Note holds the request of a client, once its answer is written, until it is in the log.
func (l *RequestLog) Note(c *gin.Context, took time.Duration, now time.Time) {
	admitted := Client(c)
	if admitted.ID == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	h := &l.held
	if len(h.ClientIds) >= requestsKept {
		return
	}
	h.ClientIds, h.KeyIds, h.Ats = append(h.ClientIds, admitted.ID), append(h.KeyIds, admitted.KeyID), append(h.Ats, now)
	h.Operations, h.Statuses = append(h.Operations, c.Request.Method+" "+c.FullPath()), append(h.Statuses, int32(c.Writer.Status())) //nolint:gosec // three digits
	h.Codes, h.RequestIds = append(h.Codes, c.GetString(keyProblem)), append(h.RequestIds, kit.RequestID(c))
	h.TookMs = append(h.TookMs, int32(min(took.Milliseconds(), 1<<30))) //nolint:gosec // bounded
}

// keyProblem is the key of the code of what was refused in the Gin context.
const keyProblem = "refill.problem"

// SetProblem notes the code of what a request is refused with, for the log of requests.
func SetProblem(c *gin.Context, code string) { c.Set(keyProblem, code) }
