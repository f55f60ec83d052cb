// Package kit holds what the staff pages and the customer pages share: layout, parts of
// pages, forms, sessions, error responses, and long-running responses. Each kind of pages
// is called a door. A door is a package above kit, such as internal/web/admin, whose Server
// embeds Kit. Package kit knows no series, no export and no page that only one door has.
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

// Config holds the dependencies and the settings of a Kit.
type Config struct {
	Pool     *pgxpool.Pool
	Log      *slog.Logger
	Settings *setting.Store
	Cards    *card.Service
	Now      func() time.Time
	Fonts    render.Fonts // for printed files; nil: those that are shipped

	// MailOn says that the installation sends e-mail.
	MailOn bool
	// PublicURL is the URL of the portal for browsers; empty: the host that each request
	// names.
	PublicURL string
	// Secure says that browsers use HTTPS, even where a proxy terminates it.
	Secure bool
	// Proxies are the networks of the trusted proxies. Of the headers that proxies set,
	// only their X-Forwarded-For and X-Forwarded-Proto are used.
	Proxies []netip.Prefix
	// WatchEvery is the interval of the checks whether long responses may go on; 0: 2 s.
	WatchEvery time.Duration
	// Patience is the time limit of a request. After it the visitor gets an error page; 0:
	// 10 s.
	Patience time.Duration
}

// Kit provides the doors with what they share. New makes one.
type Kit struct {
	Config

	frames map[Door]Frame
	views  *views
	assets *assets
	watch  watch // of long responses

	zoneMu    sync.Mutex // guards zoneNames, which are read once
	zoneNames []string
}

// New returns a Kit. It fails if a dependency is missing or a template does not parse.
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

// SetFrame sets the function that completes the pages of a door. It is called before the
// first request.
func (s *Kit) SetFrame(d Door, f Frame) { s.frames[d] = f }
