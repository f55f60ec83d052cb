package backup

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// address is the address of a database for the programs of Postgres.
type address struct {
	text string   // without the password, since every user of the machine sees arguments
	env  []string // the environment, with the password
}

// pgxOnly are the parameters of an address that pgx takes and libpq refuses.
var pgxOnly = []string{ //nolint:gochecknoglobals // a constant in all but name
	"pool_max_conns", "pool_min_conns", "pool_min_idle_conns", "pool_max_conn_lifetime", "pool_max_conn_lifetime_jitter", "pool_max_conn_idle_time",
	"pool_health_check_period", "default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity",
}

// passwordInText matches the password in an address of keywords and values.
var passwordInText = regexp.MustCompile(`\bpassword\s*=\s*('(?:[^'\\]|\\.)*'|\S+)`)

// readAddress converts the address of a database.
func readAddress(text string, options ...string) (address, error) {
	config, err := pgx.ParseConfig(text)
	if err != nil {
		return address{}, fmt.Errorf("the database address does not parse: %w", err) // pgx leaves the password out
	}
	a := address{text: passwordInText.ReplaceAllString(text, "")}
	if strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://") {
		u, err := url.Parse(text)
		if err != nil {
			return address{}, errors.New("the database address does not parse") // the cause would quote the password
		}
		if u.User != nil {
			u.User = url.User(u.User.Username())
		}
		query := u.Query()
		query.Del("password")
		// pgx sends what it does not know as a setting of the session.
		for name, value := range config.RuntimeParams {
			if query.Has(name) && name != "application_name" && name != "options" {
				query.Del(name)
				options = append(options, name+"="+value)
			}
		}
		for _, name := range pgxOnly {
			query.Del(name)
		}
		u.RawQuery = query.Encode()
		a.text = u.String()
	}
	a.env = slices.DeleteFunc(os.Environ(), func(one string) bool {
		name, _, _ := strings.Cut(one, "=")
		return strings.HasPrefix(name, "REFILL_") || strings.HasSuffix(name, "DATABASE_URL") ||
			slices.Contains([]string{"LC_ALL", "LC_MESSAGES", "LANGUAGE", "PGPASSWORD", "PGAPPNAME", "PGOPTIONS"}, name)
	})
	a.env = append(a.env, "LC_ALL=C", "PGAPPNAME=refill backup") // their messages are read
	if config.Password != "" {
		a.env = append(a.env, "PGPASSWORD="+config.Password)
	}
	if len(options) > 0 {
		a.env = append(a.env, "PGOPTIONS=-c "+strings.Join(options, " -c "))
	}
	return a, nil
}
