// Package static embeds the files that a browser fetches: css, js and img of this project,
// and third-party files in vendor, which npm and internal/vendorassets put there. The folder
// lists holds third-party lists that only the server reads. Package web serves and caches
// the files.
package static

import "embed"

// FS holds css, js, img and vendor. In a fresh clone vendor is empty until `make assets` has
// run. The program builds without it and reports the missing files at start.
//
//go:embed css js img all:vendor
var FS embed.FS

//go:embed all:lists
var lists embed.FS

// CommonPasswords returns passwords that many people have, in lower case, each
// between line breaks; none in a fresh clone until `make assets` has run.
func CommonPasswords() string {
	list, err := lists.ReadFile("lists/passwords.txt")
	if err != nil {
		return ""
	}
	return string(list)
}
