package mail

import (
	"embed"
	"fmt"
	"html/template"
	"strings"
)

//go:embed message.html
var files embed.FS

var page = template.Must(template.ParseFS(files, "message.html")) //nolint:gochecknoglobals // parsed once, never changed

// text is the message as plain text.
func (m Message) text() string {
	parts := append([]string{}, m.Lines...)
	if m.Link.URL != "" {
		parts = append(parts, m.Link.Text+":\n"+m.Link.URL)
	}
	parts = append(parts, m.After...)
	return strings.Join(parts, "\n\n") + "\n"
}

// html is the message as a small page without pictures, scripts or addresses of other hosts.
func (m Message) html() (string, error) {
	var b strings.Builder
	if err := page.Execute(&b, m); err != nil {
		return "", fmt.Errorf("write a message: %w", err)
	}
	return b.String(), nil
}
