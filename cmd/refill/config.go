package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"text/tabwriter"

	"github.com/caarlos0/env/v11"

	"refill/internal/db"
	"refill/internal/logline"
	"refill/internal/lograte"
	"refill/internal/mail"
)

// config holds every variable of the environment. It is read once, here. `refill help
// config` prints the desc tags, and docs/config.md repeats them.
type config struct {
	DatabaseURL    secret   `env:"DATABASE_URL" desc:"Postgres 14 or later, as postgres://user:password@host:port/database, for pages and jobs; may lead through a transaction pooler such as PgBouncer. User: refill_web for serve, refill_work for work; see docs/guide/operations.md."`
	DirectURL      secret   `env:"REFILL_DIRECT_DATABASE_URL" desc:"The same database without a transaction pooler, as the same user; for what listens, holds locks or fetches jobs, and for commands. Default: DATABASE_URL."`
	OwnerURL       secret   `env:"REFILL_OWNER_DATABASE_URL" desc:"The same database as the user who owns the tables, without a pooler; for refill migrate, keys, backup and restore. Default: REFILL_DIRECT_DATABASE_URL."`
	WebPassword    secret   `env:"REFILL_WEB_PASSWORD" desc:"Password that refill migrate gives the login refill_web, at least 16 characters. Default: the password stays as it is."`
	WorkPassword   secret   `env:"REFILL_WORK_PASSWORD" desc:"Password that refill migrate gives the login refill_work, at least 16 characters. Default: the password stays as it is."`
	Prepared       string   `env:"REFILL_DATABASE_PREPARED" envDefault:"auto" desc:"Prepared statements: on, off, or auto, which is on except behind a pooler that does not keep them (PgBouncer before 1.21, or with max_prepared_statements 0)."`
	Addr           string   `env:"REFILL_ADDR" envDefault:"127.0.0.1:8080" desc:"Address and port to listen on."`
	PublicURL      string   `env:"REFILL_PUBLIC_URL" desc:"Where customers reach the portal, as https://refill.example.net; printed into QR codes. Default: http:// and REFILL_ADDR."`
	KeyFile        string   `env:"REFILL_KEY_FILE" desc:"File with the keys that codes are sealed and found under; made by refill keys init. Keep it, and its backup, apart from the database's."`
	FilesDir       string   `env:"REFILL_FILES_DIR" envDefault:"files" desc:"Folder for exported files; must be shared where web and workers run on several machines."`
	FontDirs       []string `env:"REFILL_FONT_DIRS" envDefault:"/usr/share/fonts,/usr/local/share/fonts" desc:"Folders with fonts, separated by commas, for letters on cards beyond Latin, Greek and Cyrillic; the first is preferred. See docs/printing.md."`
	S3Endpoint     string   `env:"REFILL_S3_ENDPOINT" desc:"Keep exported files in an S3-compatible store instead: its host, such as s3.example.net:9000. Needs the other REFILL_S3 variables."`
	S3Bucket       string   `env:"REFILL_S3_BUCKET" desc:"Bucket for exported files; it must exist."`
	S3Prefix       string   `env:"REFILL_S3_PREFIX" envDefault:"refill/" desc:"What the names of files in the bucket begin with."`
	S3Region       string   `env:"REFILL_S3_REGION" envDefault:"us-east-1" desc:"Region of the bucket."`
	S3AccessKey    secret   `env:"REFILL_S3_ACCESS_KEY" desc:"Access key of the bucket."`
	S3SecretKey    secret   `env:"REFILL_S3_SECRET_KEY" desc:"Secret key of the bucket."`
	S3Insecure     bool     `env:"REFILL_S3_INSECURE" envDefault:"false" desc:"true: speak HTTP to the store; on your own network only."`
	TLSCert        string   `env:"REFILL_TLS_CERT" desc:"Certificate file, to serve HTTPS directly. Needs REFILL_TLS_KEY."`
	TLSKey         string   `env:"REFILL_TLS_KEY" desc:"Key file of the certificate."`
	TrustedProxies []string `env:"REFILL_TRUSTED_PROXIES" desc:"Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, and no other header; separated by commas. Default: none."`
	SMTPURL        secret   `env:"REFILL_SMTP_URL" desc:"Server for e-mail: smtp://user:password@host:587 (STARTTLS is required), smtps://user:password@host:465 (TLS), or smtp+plain://host:25 without encryption and password, on your own network only. Needs REFILL_MAIL_FROM. For serve and work alike. Default: no e-mail; see docs/notifications.md."`
	MailFrom       string   `env:"REFILL_MAIL_FROM" desc:"Sender of e-mail, as refill@example.net or Refill <refill@example.net>."`
	Networks       prefixes `env:"REFILL_WEBHOOK_NETWORKS" desc:"Networks of your own that webhooks may call, and by plain HTTP too, such as 10.20.0.0/16; separated by commas. Default: none, only public addresses by HTTPS."`
	MetricsToken   secret   `env:"REFILL_METRICS_TOKEN" desc:"Bearer token for GET /metrics. Default: /metrics answers nobody."`
	Concurrency    int      `env:"REFILL_CONCURRENCY" envDefault:"2" desc:"How many series a worker makes, and how many files it writes, at once."`
	MaxConns       int32    `env:"REFILL_MAX_CONNS" envDefault:"16" desc:"Database connections of this process at most."`
	LogFormat      string   `env:"REFILL_LOG_FORMAT" envDefault:"text" desc:"text or json."`
	LogLevel       string   `env:"REFILL_LOG_LEVEL" envDefault:"info" desc:"debug, info, warn or error."`
	PGBin          string   `env:"PG_BIN" desc:"Folder of the Postgres programs for refill demo, backup and restore. Default: found by itself."`
}

// secret is a value that is never printed.
type secret string

func (secret) String() string       { return "***" }
func (secret) GoString() string     { return "***" }
func (secret) LogValue() slog.Value { return slog.StringValue("***") }

// prefixes is a list of networks.
type prefixes []netip.Prefix

// readConfig reads the environment.
func readConfig() (config, error) {
	var c config
	if err := env.Parse(&c); err != nil {
		return c, fmt.Errorf("the configuration does not hold: %w (see: refill help config)", err)
	}
	if c.DirectURL == "" {
		c.DirectURL = c.DatabaseURL
	}
	if c.OwnerURL == "" {
		c.OwnerURL = c.DirectURL
	}
	switch db.Prepared(c.Prepared) {
	case db.PreparedAuto, db.PreparedOn, db.PreparedOff:
	default:
		return c, fmt.Errorf("REFILL_DATABASE_PREPARED must be auto, on or off, not %q", c.Prepared)
	}
	if c.PublicURL == "" {
		scheme := "http://"
		if c.TLSCert != "" {
			scheme = "https://"
		}
		c.PublicURL = scheme + c.Addr
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return c, fmt.Errorf("REFILL_TLS_CERT and REFILL_TLS_KEY go together")
	}
	_, err := c.sender()
	return c, err
}

// direct returns the address that leads to the server itself.
func (c config) direct() string {
	if c.DirectURL != "" {
		return string(c.DirectURL)
	}
	return string(c.DatabaseURL)
}

// logins returns what web and worker sign in to the database as.
func (c config) logins() []db.Login {
	return []db.Login{
		{Name: "refill_web", Password: string(c.WebPassword), StatementTimeout: serveTimeout},
		{Name: "refill_work", Password: string(c.WorkPassword), StatementTimeout: workTimeout},
	}
}

// sender returns the sender of e-mail; nil where none is configured.
func (c config) sender() (*mail.Sender, error) {
	if c.SMTPURL == "" && c.MailFrom == "" {
		return nil, nil //nolint:nilnil // no e-mail is a configuration, not an error
	}
	if c.SMTPURL == "" || c.MailFrom == "" {
		return nil, errors.New("REFILL_SMTP_URL and REFILL_MAIL_FROM go together")
	}
	return mail.New(mail.Config{URL: string(c.SMTPURL), From: c.MailFrom})
}

// secure reports whether browsers use HTTPS, directly or through a proxy.
func (c config) secure() bool {
	return strings.HasPrefix(c.PublicURL, "https://")
}

// schemeUnclear reports whether the configuration does not tell if browsers use HTTPS: the
// public address is not set, and the pages are behind a proxy or reachable from other
// machines.
func (c config) schemeUnclear(ctx context.Context) bool {
	return c.PublicURL == "http://"+c.Addr && (len(c.TrustedProxies) > 0 || !isLoopback(ctx, hostOf(c.Addr)))
}

// logger returns the log of the program, which goes to standard error. Of warnings and errors
// that say the same it has one line a second.
func (c config) logger() (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return nil, fmt.Errorf("REFILL_LOG_LEVEL must be debug, info, warn or error, not %q", c.LogLevel)
	}
	options := &slog.HandlerOptions{Level: level}
	switch c.LogFormat {
	case "text":
		return slog.New(logline.New(lograte.New(slog.NewTextHandler(os.Stderr, options)))), nil
	case "json":
		return slog.New(logline.New(lograte.New(slog.NewJSONHandler(os.Stderr, options)))), nil
	}
	return nil, fmt.Errorf("REFILL_LOG_FORMAT must be text or json, not %q", c.LogFormat)
}

// helpConfig lists every variable with its default.
func helpConfig(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VARIABLE\tDEFAULT\tMEANING")
	fields := reflect.TypeFor[config]()
	for field := range fields.Fields() {
		tag := field.Tag
		fmt.Fprintf(table, "%s\t%s\t%s\n", tag.Get("env"), tag.Get("envDefault"), tag.Get("desc"))
	}
	return table.Flush()
}
