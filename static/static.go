// Package static owns the files that a browser fetches: our own css, js and img,
// and those of others in vendor, which npm and internal/vendorassets bring; and in
// lists what comes by the same way and no browser sees. It holds bytes only; how
// they are served and cached is internal/web's business.
package static

import "embed"

// FS holds css, js, img and vendor. The last is empty in a fresh clone until
// `make assets` has run: the program builds all the same, and says so at start.
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
