package cardfile

import (
	"fmt"
	"strings"
	"time"

	"refill/internal/db"
	"refill/internal/render"
)

// Extension is how the name of an export's file ends.
func Extension(format db.ExportFormat, o Options) string {
	if o.SealedAs != "" {
		return plainExtension(format, o) + "." + o.SealedAs
	}
	return plainExtension(format, o)
}

func plainExtension(format db.ExportFormat, o Options) string {
	switch {
	case format == db.ExportFormatPdf && o.Parts:
		return "zip"
	case format == db.ExportFormatPrinter:
		return "txt"
	}
	return string(format)
}

// Type is the media type of an export's file.
func Type(format db.ExportFormat, o Options) string {
	switch Extension(format, o) {
	case "zip":
		return "application/zip"
	case "txt":
		return "text/plain; charset=utf-8"
	case "xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case "jsonl":
		return "application/jsonl"
	case "pdf":
		return "application/pdf"
	case "csv":
		if o.Encoding == string(render.UTF16LE) {
			return "text/csv; charset=utf-16le"
		}
		return "text/csv; charset=utf-8"
	}
	return "application/octet-stream" // encrypted
}

// Name returns the file name for downloads. It has series, prefix, layout and the time of
// the request in the given zone, so that two files have different names.
func Name(e db.Export, number, prefix string, o Options, zone *time.Location) string {
	parts := []string{"refill", number}
	if prefix != "" {
		parts = append(parts, prefix)
	}
	if o.Layout != "" && e.Format == db.ExportFormatPdf {
		parts = append(parts, o.Layout)
	}
	parts = append(parts, e.CreatedAt.In(zone).Format("20060102-1504"))
	return fmt.Sprintf("%s.%s", strings.Join(parts, "-"), Extension(e.Format, o))
}
