package kit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzip"

	"refill/static"
)

// StaticPath is the URL prefix of static files.
const StaticPath = "/static/"

// assets holds the files of package static in memory, most of them also compressed. The URL
// of every file contains one hash over all files. Browsers can therefore cache a file for
// ever, and files can refer to each other by relative URLs.
type assets struct {
	version string
	files   map[string]asset
}

type asset struct {
	kind   string
	plain  []byte
	zipped []byte // by gzip; nil if that does not make it smaller, and for fonts
}

// ownAssets are the files of package static, read and compressed once in a process.
var ownAssets = sync.OnceValues(func() (*assets, error) { return newAssets(static.FS) }) //nolint:gochecknoglobals // what is embedded does not change

func newAssets(files fs.FS) (*assets, error) {
	a := &assets{files: map[string]asset{}}
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		one := asset{kind: mime.TypeByExtension(path.Ext(name)), plain: data}
		if one.kind == "" {
			one.kind = "application/octet-stream"
		}
		if path.Ext(name) != ".woff2" {
			if one.zipped, err = zip(data); err != nil {
				return err
			}
		}
		a.files[name] = one
		sum.Write([]byte(name + "\x00" + strconv.Itoa(len(data)) + "\x00"))
		sum.Write(data)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the static files: %w", err)
	}
	a.version = hex.EncodeToString(sum.Sum(nil))[:12]
	return a, nil
}

func zip(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.DefaultCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if b.Len() >= len(data) {
		return nil, nil
	}
	return b.Bytes(), nil
}

// URL returns the URL of a static file. Templates call it as {{asset "css/app.css"}}. An
// unknown file is an error, which the first test that renders the template finds. Files
// below vendor/ are not checked, because a fresh clone does not have them yet.
func (a *assets) URL(name string) (string, error) {
	if _, ok := a.files[name]; !ok && !strings.HasPrefix(name, "vendor/") {
		return "", fmt.Errorf("no static file %q", name)
	}
	return StaticPath + a.version + "/" + name, nil
}

// AssetURL returns the address of a static file.
func (s *Kit) AssetURL(name string) (string, error) { return s.assets.URL(name) }

// Asset returns the content of a static file that is served at an address of its own.
func (s *Kit) Asset(name string) []byte { return s.assets.files[name].plain }

// StaticFile serves GET /static/{version}/{name}.
func (s *Kit) StaticFile(c *gin.Context) error {
	version, name, _ := strings.Cut(strings.TrimPrefix(c.Param("path"), "/"), "/")
	one, ok := s.assets.files[name]
	if !ok {
		return ErrNotFound
	}
	// A URL of another version is requested during a rolling restart. It gets this
	// version's file, without permission to cache it.
	c.Header("Cache-Control", "no-cache")
	if version == s.assets.version {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	}
	c.Header("Vary", "Accept-Encoding")
	body := one.plain
	if one.zipped != nil && strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
		c.Header("Content-Encoding", "gzip")
		body = one.zipped
	}
	c.Header("Content-Length", strconv.Itoa(len(body)))
	c.Data(http.StatusOK, one.kind, body)
	return nil
}

// Favicon redirects /favicon.ico, which browsers request by default, to the SVG icon.
func (s *Kit) Favicon(c *gin.Context) error {
	to, err := s.assets.URL("img/favicon.svg")
	if err != nil {
		return err
	}
	c.Redirect(http.StatusFound, to)
	return nil
}
