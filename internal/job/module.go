package job

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/setting"
)

// lookAgain is how long a job waits before it sees whether its module is on again.
const lookAgain = 5 * time.Second

// whileOn sends a job of the refill-card module back to its queue while the module
// is switched off: nothing is lost, no attempt is charged, and it goes on when the
// module is on again. Housekeeping is not of the module: what expires while it is
// off must be posted all the same.
func whileOn(ctx context.Context, settings *setting.Store) error {
	s, err := settings.Get(ctx)
	if err != nil {
		return err
	}
	if !s.RefillCards {
		return river.JobSnooze(lookAgain)
	}
	return nil
}
