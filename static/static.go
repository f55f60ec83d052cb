// Package static owns the files that a browser fetches: our own css, js and img,
// and those of others in vendor, which npm and internal/vendorassets bring. It
// holds bytes only; how they are served and cached is internal/web's business.
package static

import "embed"

// FS holds css, js, img and vendor. The last is empty in a fresh clone until
// `make assets` has run: the program builds all the same, and says so at start.
//
//go:embed css js img all:vendor
var FS embed.FS
