package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// bill writes the list of what is inside the program (an SBOM in the format CycloneDX): the
// modules that are linked, which cyclonedx-gomod reads from it, and the packages that the pages are made of,
// from their lock file. Both are read without a network.
func (r release) bill(ctx context.Context, program, name string) error {
	text, err := r.command(ctx, []string{"GOPROXY=off"}, filepath.Join("bin", "cyclonedx-gomod"), "bin", "-json", "-noserial", "-notimestamp", "-std", "-version", r.version, program)
	if err != nil {
		return err
	}
	lock, err := os.ReadFile(filepath.Join("static", "package-lock.json"))
	if err != nil {
		return err
	}
	packages, err := readLock(lock)
	if err != nil {
		return err
	}
	merged, err := mergeBill([]byte(text), packages, r.version)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, name), merged, 0o644) //nolint:gosec // it is published
}

// component is a package of the pages as the list names it.
type component struct {
	Ref      string    `json:"bom-ref"`
	Type     string    `json:"type"`
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	Scope    string    `json:"scope"`
	Licenses []license `json:"licenses,omitempty"`
	URL      string    `json:"purl"`
}

type license struct {
	Expression string `json:"expression"`
}

// readLock returns the packages of a lock file of npm that are installed to build the pages.
// Optional ones, such as a Postgres for the demo, are no part of the program.
func readLock(text []byte) ([]component, error) {
	var lock struct {
		Packages map[string]struct {
			Version, License           string
			Dev, Optional, DevOptional bool
		}
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, fmt.Errorf("read the lock file of the pages: %w", err)
	}
	var found []component
	for path, p := range lock.Packages {
		i := strings.LastIndex(path, "node_modules/")
		if i < 0 || p.Dev || p.Optional || p.DevOptional {
			continue
		}
		name := path[i+len("node_modules/"):]
		url := "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + p.Version
		c := component{Ref: url, Type: "library", Name: name, Version: p.Version, Scope: "required", URL: url}
		if p.License != "" {
			c.Licenses = []license{{p.License}}
		}
		found = append(found, c)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("the lock file of the pages names no packages")
	}
	slices.SortFunc(found, func(a, b component) int { return strings.Compare(a.URL, b.URL) })
	return slices.CompactFunc(found, func(a, b component) bool { return a.URL == b.URL }), nil
}

// mergeBill adds packages to a list in the format CycloneDX, and sets the version of the
// program. Its keys come out in one order.
func mergeBill(text []byte, packages []component, version string) ([]byte, error) {
	var bill map[string]any
	if err := json.Unmarshal(text, &bill); err != nil {
		return nil, fmt.Errorf("read the list of modules: %w", err)
	}
	metadata, _ := bill["metadata"].(map[string]any)
	program, ok := metadata["component"].(map[string]any)
	modules, listed := bill["components"].([]any)
	if !ok || !listed {
		return nil, fmt.Errorf("the list of modules has no program or no components")
	}
	program["version"] = version
	if tools, ok := metadata["tools"].([]any); ok { // how the tool was built is no part of ours
		for _, tool := range tools {
			if tool, ok := tool.(map[string]any); ok {
				delete(tool, "hashes")
			}
		}
	}
	for _, p := range packages {
		modules = append(modules, p)
	}
	bill["components"] = modules
	merged, err := json.MarshalIndent(bill, "", "  ")
	return append(merged, '\n'), err
}
