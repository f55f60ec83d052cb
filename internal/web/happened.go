package web

import (
	"encoding/json"
	"fmt"
	"strings"

	"refill/internal/money"
)

// happened says an entry of the audit trail in words.
func happened(action string, detail []byte) string {
	var d struct {
		Quantity int64  `json:"quantity"`
		Cards    int64  `json:"cards"`
		Rows     int64  `json:"rows"`
		Format   string `json:"format"`
	}
	_ = json.Unmarshal(detail, &d) // an entry without details is said without
	count := func(n int64) string {
		if n == 1 {
			return "1 card"
		}
		return money.Group(fmt.Sprint(n)) + " cards"
	}
	format := strings.ToUpper(d.Format)
	switch action {
	case "series.ordered":
		return "Ordered " + count(d.Quantity)
	case "series.generated":
		return "Generated " + count(d.Cards)
	case "export.requested":
		return format + " asked for"
	case "export.finished":
		return fmt.Sprintf("%s written, %s", format, count(d.Rows))
	case "export.downloaded":
		return format + " downloaded"
	case "export.cancelled":
		return format + " cancelled"
	case "export.failed":
		return format + " failed"
	case "export.retried":
		return format + " tried again"
	case "series.lapsed":
		return "Expired; what was left went to breakage"
	case "card.redeemed":
		return "Redeemed"
	}
	_, verb, found := strings.Cut(action, ".")
	if !found || verb == "" {
		return action
	}
	verb = strings.ReplaceAll(verb, "_", " ")
	return strings.ToUpper(verb[:1]) + verb[1:]
}
