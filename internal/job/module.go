package job

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/setting"
)

// lookAgain is the pause after which a job checks again whether its module is on.
const lookAgain = 5 * time.Second

// whileOn sends a job of the refill-card module back to its queue while the module is off.
// No attempt is charged, and the job continues when the module is on. Housekeeping does
// not belong to the module, because value that expires meanwhile has to be posted.
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
