package main

import (
	"regexp"
	"strings"
	"time"
)

// described takes a version apart as git describes it: the tag, the number of commits since,
// the commit.
var described = regexp.MustCompile(`^v?(\d+(?:\.\d+)*)(-[a-z][0-9A-Za-z.]*)?(?:-(\d+)-g([0-9a-f]+))?(-dirty)?$`)

// debianVersion returns the version of the Debian package. Versions sort as their commits
// follow each other: 1.2.0~rc.1 < 1.2.0 < 1.2.0+4.gabc. Before the first tag it is 0 with the
// time of the commit.
func debianVersion(version string, at time.Time) string {
	parts := described.FindStringSubmatch(version)
	if parts == nil || !strings.Contains(parts[1], ".") { // a bare hash may consist of digits
		hash, dirty := strings.CutSuffix(version, "-dirty")
		text := "0+git" + at.Format("20060102150405") + "." + hash
		if dirty {
			text += "+dirty"
		}
		return text
	}
	text := parts[1]
	if parts[2] != "" {
		text += "~" + parts[2][1:]
	}
	if parts[3] != "" {
		text += "+" + parts[3] + ".g" + parts[4]
	}
	if parts[5] != "" {
		text += "+dirty"
	}
	return text
}
