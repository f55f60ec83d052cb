package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// part is one piece of third-party software, with the licence files in its folder.
type part struct {
	name     string
	licences []string // whole texts
	notice   string   // its NOTICE file, which the Apache licence requires to pass on; may be empty
}

// packages returns the packages in static/package.json whose files are shipped with the
// pages.
func packages() []string {
	return []string{"@fontsource-variable/inter", "@tabler/core", "@tabler/icons", "@zxcvbn-ts/language-common", "htmx.org"}
}

// shipped returns the packages whose files are shipped with the pages.
func shipped(modules fs.FS) ([]part, error) {
	var parts []part
	for _, name := range packages() {
		if name == "@tabler/core" { // its package has no licence file; @tabler/icons has the same licence
			continue
		}
		p, err := read(modules, name, name)
		if err != nil {
			return nil, err
		}
		if name == "@tabler/icons" {
			p.name += ", @tabler/core"
		}
		parts = append(parts, p)
	}
	return parts, nil
}

var (
	licenceName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)`)
	noticeName  = regexp.MustCompile(`(?i)^notice(\.(txt|md))?$`)
)

// read returns a part with the licence texts in its folder. A part without a licence is an
// error, because it may not be shipped.
func read(files fs.FS, dir, name string) (part, error) {
	p := part{name: name}
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return p, fmt.Errorf("%s: %w; run make assets first", name, err)
	}
	for _, e := range entries {
		isNotice := noticeName.MatchString(e.Name())
		if e.IsDir() || !isNotice && !licenceName.MatchString(e.Name()) {
			continue
		}
		text, err := fs.ReadFile(files, path.Join(dir, e.Name()))
		if err != nil {
			return p, err
		}
		clean := strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n"))
		if isNotice {
			p.notice = clean
		} else {
			p.licences = append(p.licences, clean)
		}
	}
	if len(p.licences) == 0 {
		return p, fmt.Errorf("%s has no text of a licence", name) //nolint:err113 // for the person who adds a library
	}
	return p, nil
}

// group is the parts under one licence. The file contains its text once, with the copyright
// lines of each part.
type group struct {
	title, text string
	names       []string
	lines       map[string][]string // of copyright, by name
	notices     map[string]string
}

// compose returns the content of the file.
func compose(parts []part) []byte {
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.name, b.name) })
	groups := map[string]*group{}
	for _, p := range parts {
		for _, text := range p.licences {
			key, g := sort(text)
			if groups[key] == nil {
				groups[key] = g
			}
			g = groups[key]
			if !slices.Contains(g.names, p.name) {
				g.names = append(g.names, p.name)
			}
			if g.text != "" { // the Apache text itself contains an example of a copyright line
				g.lines[p.name] = append(g.lines[p.name], copyright(text)...)
			}
			if p.notice != "" {
				g.notices[p.name] = p.notice
			}
		}
	}
	list := make([]*group, 0, len(groups))
	for _, g := range groups {
		slices.Sort(g.names)
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.title, b.title), cmp.Compare(a.names[0], b.names[0]))
	})
	var out bytes.Buffer
	out.WriteString(head)
	for _, g := range list {
		g.write(&out)
	}
	return out.Bytes()
}

const head = `Refill, a portal for prepaid cards
Copyright 2026 the authors

It is under the Apache License, Version 2.0; see LICENSE. The program is built from,
and its pages are shipped with, the software below. This file is generated.
`

const rule = "\n--------------------------------------------------------------------------------\n"

func (g *group) write(out *bytes.Buffer) {
	out.WriteString(rule + g.title + "\n\n")
	for _, name := range g.names {
		out.WriteString(name + "\n")
		for _, line := range g.lines[name] {
			out.WriteString("    " + line + "\n")
		}
		if notice := g.notices[name]; notice != "" {
			for line := range strings.Lines(notice) {
				out.WriteString(strings.TrimRight("    | "+line, " \n") + "\n")
			}
		}
	}
	if g.text != "" {
		out.WriteString("\n" + g.text + "\n")
	}
}

// sort returns the group of a licence text, and the key by which equal licences are found.
// Apache and Mozilla are named by where their text is. Other texts are included in full,
// once for all parts with the same words.
func sort(text string) (key string, g *group) {
	g = &group{lines: map[string][]string{}, notices: map[string]string{}}
	switch {
	case strings.Contains(text[:min(len(text), 300)], "Apache License"): // only at the start: another licence may mention it
		g.title = "Apache License, Version 2.0: the text is in LICENSE"
		return g.title, g
	case strings.Contains(text[:min(len(text), 300)], "Mozilla Public License"):
		g.title = "Mozilla Public License, Version 2.0: https://www.mozilla.org/MPL/2.0/. The sources, unchanged, are at https://pkg.go.dev under these names"
		return g.title, g
	}
	var body []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); !isCopyright(line) && !isTitle(line) {
			body = append(body, line)
		}
	}
	g.text = strings.Trim(regexp.MustCompile(`\n{3,}`).ReplaceAllString(strings.Join(body, "\n"), "\n\n"), "\n")
	g.title = "Others"
	for _, kind := range []struct{ title, phrase string }{
		{"SIL Open Font License, Version 1.1", "SIL OPEN FONT LICENSE"},
		{"MIT License", "Permission is hereby granted, free of charge"},
		{"BSD License, three clauses", "Neither the name of"},
		{"BSD License, two clauses", "Redistribution and use in source and binary forms"},
		{"ISC License or Zero-Clause BSD", "with or without fee is hereby granted"},
	} {
		if strings.Contains(strings.Join(strings.Fields(text), " "), kind.phrase) {
			g.title = kind.title
			break
		}
	}
	return strings.ToLower(strings.Join(strings.Fields(g.text), " ")), g
}

var (
	copyrightLine = regexp.MustCompile(`(?i)^(\*\s*)?(copyright (\(c\)|©|\d{4}|the )|(\(c\)|©) ?\d{4})`)
	titleLine     = regexp.MustCompile(`(?i)^(#*\s*)?((the )?(mit|bsd|isc|new bsd)\b.{0,30}licen[cs]e.{0,20}|license|=+|-+)$`)
)

func isCopyright(line string) bool { return copyrightLine.MatchString(line) }

func isTitle(line string) bool { return titleLine.MatchString(line) }

// copyright returns the copyright lines of a text.
func copyright(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); isCopyright(line) && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}
