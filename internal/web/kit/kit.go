// Package kit is what the doors of the site share: pages and their parts, forms, sessions,
// the answers to errors, and long answers. A door is a package above it, such as
// internal/web/admin, whose Server embeds Kit. The kit knows no series, no export and no
// page of a door.
package kit

import (
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/card"
	"refill/internal/render"
	"refill/internal/setting"
)

// Config is what a Kit needs.
type Config struct {
	Pool     *pgxpool.Pool
	Log      *slog.Logger
	Settings *setting.Store
	Cards    *card.Service
	Now      func() time.Time
	Fonts    render.Fonts // for printed files; nil: those that are shipped

	// PublicURL is where browsers find the portal; empty: wherever they ask.
	PublicURL string
	// Secure says that browsers come by HTTPS, even where a proxy ends it.
	Secure bool
	// Proxies are the networks whose X-Forwarded-For and X-Forwarded-Proto are believed,
	// and no other header.
	Proxies []netip.Prefix
	// WatchEvery is the pause between looks at whether long answers may go on; 0: 2 s.
	WatchEvery time.Duration
	// Patience is how long a page may take before its visitor is told that it can't be
	// shown now; 0: 10 s.
	Patience time.Duration
}

// Kit answers for the doors. It is made by New.
type Kit struct {
	Config

	frames map[Door]Frame
	views  *views
	assets *assets
	watch  watch // over long answers

	zoneMu    sync.Mutex // of zoneNames, read once
	zoneNames []string
}

// New builds a kit; it fails on a template that does not parse.
func New(config Config) (*Kit, error) {
	if config.Pool == nil || config.Log == nil || config.Settings == nil || config.Cards == nil || config.Now == nil {
		return nil, errors.New("kit: Pool, Log, Settings, Cards and Now are needed")
	}
	if config.WatchEvery == 0 {
		config.WatchEvery = 2 * time.Second
	}
	if config.Patience == 0 {
		config.Patience = 10 * time.Second
	}
	s := &Kit{Config: config, frames: map[Door]Frame{}}
	var err error
	if s.assets, err = ownAssets(); err != nil {
		return nil, err
	}
	s.views, err = newViews(s.functions())
	return s, err
}

// SetFrame sets what completes the pages of a door, before the first request.
func (s *Kit) SetFrame(d Door, f Frame) { s.frames[d] = f }
