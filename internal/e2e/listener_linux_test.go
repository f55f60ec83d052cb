package e2e_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
)

// The limits on the open event streams of a session and of a person.
const (
	listenersPerSession = 10
	sessionsPerPerson   = 3
)

// sessions creates as many staff sessions as a number of listeners needs, and returns the
// cookie of each session.
func (c *chaos) sessions(listeners int) []string {
	c.t.Helper()
	owner := dbtest.Owner(c.t, c.pool)
	var cookies []string
	var person int64
	for i := 0; i*listenersPerSession < listeners; i++ {
		if i%sessionsPerPerson == 0 {
			person = peopletest.Staff(c.t, c.pool, staff.New{
				Username: fmt.Sprintf("listener%d", i), Role: db.StaffRoleAdministrator, AllPartners: true,
			})
		}
		token := make([]byte, 32)
		_, _ = rand.Read(token)
		sum := sha256.Sum256(token)
		_, err := owner.Exec(c.t.Context(),
			`insert into session (token_hash, staff_id, expires_at) values ($1, $2, now() + interval '1 day')`, sum[:], person)
		require.NoError(c.t, err)
		cookies = append(cookies, "refill-staff="+base64.RawURLEncoding.EncodeToString(token))
	}
	return cookies
}

// Pages whose event streams break off without a close leave no resources in use: the number
// of open file descriptors returns to what it was.
func TestChaosVanishingListeners(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	listeners := 60
	if large() {
		listeners = 500
	}
	cmd, address := c.serve()
	cookies := c.sessions(listeners)
	descriptors := func() int {
		entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", cmd.Process.Pid))
		require.NoError(t, err)
		return len(entries)
	}
	listen := func(ctx context.Context, cookie string) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/admin/events", nil)
		if err != nil {
			return err
		}
		request.Header.Set("Cookie", cookie)
		answer, err := new(http.Transport).RoundTrip(request) //nolint:bodyclose // the browser is still there
		if err != nil {
			return err
		}
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("answered %s", answer.Status)
		}
		_, err = io.CopyN(io.Discard, answer.Body, 1)
		return err
	}
	warm, leave := context.WithCancel(t.Context())
	require.NoError(t, listen(warm, cookies[0]))
	leave()
	base := descriptors()
	crowd, vanish := context.WithCancel(t.Context())
	errs := make([]error, listeners)
	var group sync.WaitGroup
	for i := range listeners {
		group.Go(func() { errs[i] = listen(crowd, cookies[i/listenersPerSession]) })
	}
	group.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Greater(t, descriptors(), base+listeners/2)
	vanish()
	const pool = 6 // connections to the database, which stay; newChaos sets how many
	c.until("the descriptors to be given back", time.Minute, func() bool { return descriptors() <= base+pool })
}
