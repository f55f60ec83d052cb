package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	docLink    = regexp.MustCompile(`\]\(([^)\s]+)\)|\s(?:src|srcset|href)="([^"]+)"`)
	docFence   = regexp.MustCompile("(?ms)^```.*?^```|`[^`\n]*`")
	docHeading = regexp.MustCompile(`(?m)^#{1,6} +(.+)$`)
	docPicture = regexp.MustCompile(`pictures/([a-z-]+)\.webp`)
	notInSlug  = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

// documents returns the Markdown files of the repository, by path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	read := func(path string) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		texts[path] = string(text)
	}
	root := filepath.Join("..", "..")
	top, err := filepath.Glob(filepath.Join(root, "*.md"))
	require.NoError(t, err)
	for _, path := range top {
		read(path)
	}
	require.NoError(t, filepath.WalkDir(filepath.Join(root, "docs"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "dist") {
			return filepath.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".md") {
			read(path)
		}
		return err
	}))
	require.Greater(t, len(texts), 20)
	return texts
}

// slug is the anchor that a heading has on GitHub and in the site.
func slug(heading string) string {
	return strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), ""), " ", "-")
}

// Each link and picture of a document is a file of the repository, and each anchor a heading
// of it. `make docs` looks at the built site as well.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	t.Parallel()
	texts := documents(t)
	anchors := map[string]map[string]bool{}
	for path, text := range texts {
		anchors[path] = map[string]bool{"": true}
		for _, heading := range docHeading.FindAllStringSubmatch(text, -1) {
			anchors[path][slug(heading[1])] = true
		}
	}
	for path, text := range texts {
		for _, match := range docLink.FindAllStringSubmatch(docFence.ReplaceAllString(text, ""), -1) {
			link := match[1] + match[2]
			if strings.Contains(link, ":") || strings.HasPrefix(link, "/") { // another host, or an address of the site
				continue
			}
			name, anchor, _ := strings.Cut(link, "#")
			target := path
			if name != "" {
				target = filepath.Join(filepath.Dir(path), name)
			}
			info, err := os.Stat(target)
			require.NoError(t, err, "%s links to %s", path, link)
			require.False(t, info.IsDir(), "%s links to the folder %s, which is no page of the site", path, link)
			if strings.HasSuffix(target, ".md") {
				require.True(t, anchors[target][anchor], "%s links to %s, and there is no such heading", path, link)
			}
		}
	}
}

// Each picture is shown in a document. A dark one goes with its light one.
func TestDocumentsShowEveryPicture(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{}
	for _, text := range documents(t) {
		for _, match := range docPicture.FindAllStringSubmatch(text, -1) {
			shown[match[1]] = true
		}
	}
	pictures, err := filepath.Glob(filepath.Join("..", "..", "docs", "pictures", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, pictures)
	for _, path := range pictures {
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".webp"), "-dark")
		require.True(t, shown[name], "%s is in no document", path)
	}
}
