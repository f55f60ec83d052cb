package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/setting"
)

// errRulesUsage is the usage of `refill rules`.
var errRulesUsage = errors.New("usage: refill rules [NAME=VALUE ...]")

// runRules is `refill rules`: it lists and sets the rules about theft, wrong codes and
// second factors of staff. In the browser two people are needed to weaken a rule, so a sole
// administrator needs this command. The audit trail records the program as the actor.
func runRules(ctx context.Context, c config, args []string) error {
	flags := flag.NewFlagSet("rules", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), errRulesUsage.Error()+"\n\nWithout arguments it lists the rules. VALUE is a whole number, or off; of staff_factor it is on or off; of shared it is addresses and networks separated by commas.")
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if c.direct() == "" {
		return errNoDatabase
	}
	pool, err := openDirect(ctx, c.direct(), db.Options{Name: "rules"})
	if err != nil {
		return err
	}
	defer pool.Close()
	said, err := setRules(ctx, pool, flags.Args())
	if err != nil {
		return plainError(err)
	}
	return printAnswer("%s", said)
}

// setRules parses and stores NAME=VALUE arguments, and returns the list of all rules.
func setRules(ctx context.Context, pool db.Beginner, args []string) (string, error) {
	store := setting.NewStore(pool, time.Now)
	changes := map[string]any{}
	for _, arg := range args {
		name, value, found := strings.Cut(arg, "=")
		if !found {
			return "", errRulesUsage
		}
		read, err := readRule(name, value)
		if err != nil {
			return "", err
		}
		changes[name] = read
	}
	if len(changes) > 0 {
		text, err := json.Marshal(changes)
		if err != nil {
			return "", fmt.Errorf("read the rules: %w", err)
		}
		err = store.Change(ctx, audit.System(), func(v *setting.Settings) {
			p := v.Protections()
			if json.Unmarshal(text, &p) == nil { // readRule has checked each value
				v.Protect(p)
			}
		})
		if err != nil {
			return "", err
		}
	}
	settings, err := store.Get(ctx)
	if err != nil {
		return "", err
	}
	return listRules(settings.Protections())
}

// readRule parses the value of a rule. It fails for an unknown name.
func readRule(name, value string) (any, error) {
	known, err := asMap(setting.Default().Protections())
	if err != nil {
		return nil, err
	}
	was, ok := known[name]
	_, onOff := was.(bool)
	switch {
	case !ok:
		return nil, fmt.Errorf("there is no rule %q; %w", name, errRulesUsage)
	case name == "shared":
		return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }), nil
	case onOff && (value == "on" || value == "off"):
		return value == "on", nil
	case onOff:
		return nil, fmt.Errorf("%q is no value of %s, which is on or off; %w", value, name, errRulesUsage)
	case value == "off":
		return 0, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("%q is no value of %s; %w", value, name, errRulesUsage)
	}
	return n, nil
}

// listRules returns the rules, one a line.
func listRules(p setting.Protections) (string, error) {
	values, err := asMap(p)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		if on, ok := value.(bool); ok {
			value = map[bool]string{true: "on", false: "off"}[on]
		}
		fmt.Fprintf(&text, "%s=%v\n", name, value)
	}
	return text.String(), nil
}

// asMap returns the rules by their stored names.
func asMap(p setting.Protections) (map[string]any, error) {
	text, err := json.Marshal(p)
	values := map[string]any{}
	if err == nil {
		err = json.Unmarshal(text, &values)
	}
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	return values, nil
}
