package api

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/fault"
)

// jsonNames returns the names of the fields of a body.
func jsonNames(body any) (names []string) {
	for f := range reflect.TypeOf(body).Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// Every fault at a field, of the packages that the operations of a resource call, has a field
// of its bodies. A fault that no operation can answer is named here with its reason.
func TestFaultsHavePlaces(t *testing.T) {
	t.Parallel()
	field := regexp.MustCompile(`fault\.Field\("([a-z_]+)", "([a-z_0-9]+)"`)
	never := map[string]string{
		"offset_x": "the API has no offsets", "delimiter": "the API has one form of CSV", "encoding": "the API has one form of CSV",
		"password": "files of the API are encrypted for a recipient",
	}
	for name, c := range map[string]struct {
		files  []string
		bodies []any
		places places
	}{
		"customers": {
			[]string{"customer/customer.go", "customer/edit.go", "billing/billing.go", "customer/payment.go", "customer/charge.go", "customer/reverse.go", "audit/reason.go"},
			[]any{customerRequest{}, paymentRequest{}, chargeRequest{}, reversalRequest{}},
			customerPlaces,
		},
		"series": {
			[]string{"card/order.go", "card/partners.go", "card/edit.go", "card/approval.go", "card/facevalue.go", "card/rights.go", "card/odds.go"},
			[]any{seriesRequest{}, seriesPatch{}, reversalRequest{}},
			seriesPlaces,
		},
		"cards":    {[]string{"card/change.go", "card/bulk.go", "card/use.go"}, []any{cardPatch{}, operationRequest{}, reversalRequest{}}, cardPlaces},
		"webhooks": {[]string{"webhook/*.go"}, []any{endpointRequest{}, replayRequest{}}, webhookPlaces},
		"files":    {[]string{"cardfile/*.go", "render/*.go"}, []any{exportRequest{}}, exportPlaces},
	} {
		var names []string
		for _, body := range c.bodies {
			names = append(names, jsonNames(body)...)
		}
		found := 0
		var files []string
		for _, pattern := range c.files {
			some, err := filepath.Glob(filepath.Join("../..", pattern))
			require.NoError(t, err)
			require.NotEmpty(t, some, pattern)
			files = append(files, some...)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, match := range field.FindAllStringSubmatch(string(text), -1) {
				found++
				if _, unasked := never[match[1]]; unasked {
					continue
				}
				placed := fault.All(c.places.of(fault.Field(match[1], match[2], "x")))[0]
				at := strings.TrimPrefix(pointer(placed.Field), "/")
				require.True(t, slices.Contains(names, at), "%s: %s is at %q, which no body of %s has", file, match[2], at, name)
			}
		}
		require.Positive(t, found, name)
	}
}
