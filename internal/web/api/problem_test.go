package api

import (
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/client"
	"refill/internal/fault"
	"refill/internal/web/api/openapi"
	"refill/internal/web/kit"
)

// faultSite matches where a fault is made: its kind, which is empty for one of a field, and
// its code.
var faultSite = regexp.MustCompile(`fault\.(?:New\(fault\.(\w+)|Field\("[^"]*"), "([a-z_]+)"`)

// Each page of a problem has the status that its fault is answered with.
func TestProblemPagesTellTheStatus(t *testing.T) {
	t.Parallel()
	kinds := map[string]fault.Kind{
		"": fault.Invalid, "Invalid": fault.Invalid, "NotFound": fault.NotFound, "Forbidden": fault.Forbidden,
		"Conflict": fault.Conflict, "Limited": fault.Limited, "Unsettled": fault.Unsettled,
	}
	// Errors that are no faults; package kit names them.
	want := map[string]int{
		"method_not_allowed": http.StatusMethodNotAllowed, "body_too_large": http.StatusRequestEntityTooLarge, "body_not_arrived": http.StatusRequestTimeout,
		"permission_missing": http.StatusForbidden, "database_unreachable": http.StatusServiceUnavailable, "internal": http.StatusInternalServerError,
	}
	root := os.DirFS("../..")
	require.NoError(t, fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		for _, site := range faultSite.FindAllStringSubmatch(string(source), -1) {
			err := fault.New(kinds[site[1]], site[2], "")
			want[site[2]] = kit.OutcomeOf(err, time.Time{}).Status
			if status, ok := statuses[site[2]]; ok {
				want[site[2]] = status
			}
			if client.Unproved(err) {
				want[site[2]] = http.StatusUnauthorized
			}
		}
		return nil
	}))
	d, err := openapi.Load()
	require.NoError(t, err)
	for _, p := range d.Problems {
		require.Contains(t, want, p.Code, "no such fault is made")
		require.Equal(t, want[p.Code], p.Status, p.Code)
		require.NotEmpty(t, titles[p.Status], p.Code)
	}
}
