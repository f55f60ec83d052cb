package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// iconNames lists the icons of the sprite, one a line; a page that wants another
// adds it here.
//
//go:embed icons.txt
var iconNames string

// iconDir is where @tabler/icons keeps its line drawings.
const iconDir = "@tabler/icons/icons/outline"

// source is one file to copy.
type source struct {
	from string // below node_modules
	to   string // below vendor
}

// sources lists what is copied as it is.
func sources() []source {
	return []source{
		{"htmx.org/dist/htmx.min.js", "htmx.min.js"},
		{"htmx.org/dist/ext/hx-sse.min.js", "hx-sse.min.js"},
		{"@tabler/core/dist/css/tabler.min.css", "tabler.min.css"},
		{"@tabler/core/dist/js/tabler.min.js", "tabler.min.js"},
		{"@fontsource-variable/inter/files/inter-latin-wght-normal.woff2", "inter-latin.woff2"},
		{"@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2", "inter-latin-ext.woff2"},
	}
}

// licences lists the terms under which the files above come. They travel with
// every copy of the program, as they ask. @tabler/core has none in its package:
// the notice at the head of its style sheet stays in place.
func licences() []string {
	return []string{"@fontsource-variable/inter/LICENSE", "@tabler/icons/LICENSE", "@zxcvbn-ts/language-common/LICENSE.txt", "htmx.org/LICENSE"}
}

// sourceMap matches the comment that sends a browser's tools after a map, which
// is not served.
var sourceMap = regexp.MustCompile(`(?m)^(//|/\*)# sourceMappingURL=.*$`)

// collect returns the contents of vendor by file name.
func collect(modules fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, s := range sources() {
		data, err := fs.ReadFile(modules, s.from)
		if err != nil {
			return nil, fmt.Errorf("%w; run `npm ci` in static first", err)
		}
		if !strings.HasSuffix(s.to, ".woff2") {
			data = bytes.TrimRight(sourceMap.ReplaceAll(data, nil), "\n")
			data = append(data, '\n')
		}
		files[s.to] = data
	}
	var err error
	if files["icons.svg"], err = sprite(modules, strings.Fields(iconNames)); err != nil {
		return nil, err
	}
	files["licences.txt"], err = notices(modules)
	return files, err
}

// notices puts the licences one after the other, each under its package's name.
func notices(modules fs.FS) ([]byte, error) {
	var out bytes.Buffer
	for _, name := range licences() {
		data, err := fs.ReadFile(modules, name)
		if err != nil {
			return nil, fmt.Errorf("%w; run `npm ci` in static first", err)
		}
		fmt.Fprintf(&out, "%s\n\n%s\n\n", path.Dir(name), bytes.TrimSpace(data))
	}
	return out.Bytes(), nil
}

// passwordList is where @zxcvbn-ts/language-common keeps the passwords that are
// found most often in what was stolen elsewhere.
const passwordList = "@zxcvbn-ts/language-common/src/passwords.json"

// passwords returns the common passwords, one a line, in lower case.
func passwords(modules fs.FS) ([]byte, error) {
	data, err := fs.ReadFile(modules, passwordList)
	if err != nil {
		return nil, fmt.Errorf("%w; run `npm ci` in static first", err)
	}
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("%s is no list of words any more: %w", passwordList, err)
	}
	return []byte("\n" + strings.ToLower(strings.Join(list, "\n")) + "\n"), nil
}

// blank is the invisible square that every Tabler icon starts with.
var blank = regexp.MustCompile(`<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>`)

// sprite makes one SVG file with a symbol an icon, so that a page refers to
// "icons.svg#lock" and the browser fetches all icons once. They take their colour
// from the text around them.
func sprite(modules fs.FS, names []string) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">` + "\n")
	for _, name := range names {
		data, err := fs.ReadFile(modules, iconDir+"/"+name+".svg")
		if err != nil {
			return nil, fmt.Errorf("icons.txt asks for %q: %w; take a name that @tabler/icons has", name, err)
		}
		var icon struct {
			Paths string `xml:",innerxml"`
		}
		if err := xml.Unmarshal(data, &icon); err != nil {
			return nil, fmt.Errorf("read the icon %q: %w", name, err)
		}
		paths := strings.Join(strings.Fields(blank.ReplaceAllString(icon.Paths, "")), " ")
		fmt.Fprintf(&out, `<symbol id="%s" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"`+
			` stroke-linecap="round" stroke-linejoin="round">%s</symbol>`+"\n", name, paths)
	}
	out.WriteString("</svg>\n")
	return out.Bytes(), nil
}
