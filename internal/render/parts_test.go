package render_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/render"
)

// A ZIP of parts contains each card once, in complete PDFs.
func TestPDFParts(t *testing.T) {
	t.Parallel()
	meta := sampleMeta()
	const each = 25
	meta.Count = each + 3
	var b bytes.Buffer
	w, err := render.NewPDFPartsOf(&b, meta, each)
	require.NoError(t, err)
	for i := range meta.Count {
		require.NoError(t, w.Write(sampleCard(i+1)))
	}
	require.NoError(t, w.Close())
	file, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	require.NoError(t, err)
	require.Len(t, file.File, 2)
	want, cards := []string{"cards-202611-part-001-from-0000001.pdf", "cards-202611-part-002-from-0000026.pdf"}, []int{each, 3}
	for i, part := range file.File {
		require.Equal(t, want[i], part.Name)
		r, err := part.Open()
		require.NoError(t, err)
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		path := save(t, data)
		require.Contains(t, run(t, "qpdf", "--check", path), "No syntax or stream encoding errors")
		text := run(t, "pdftotext", path, "-")
		require.Equal(t, cards[i], strings.Count(text, "USD 10.00"))
		require.Contains(t, text, sampleCard(int64(i*each)+1).Code)
	}

	meta.Layout = "a5"
	b.Reset()
	_, err = render.NewPDFParts(&b, meta)
	require.ErrorIs(t, err, render.ErrLayout)
	require.Zero(t, b.Len())
	for _, left := range []int{0, 5_000, 20_000} {
		meta.Layout = ""
		w, err := render.NewPDFParts(&fullDisk{left: left}, meta)
		require.NoError(t, err)
		for i := range int64(300) {
			if err = w.Write(sampleCard(i + 1)); err != nil {
				break
			}
		}
		if err == nil {
			err = w.Close()
		}
		require.ErrorIs(t, err, errDisk)
		require.ErrorIs(t, w.Close(), errDisk, "the error stays")
	}
}

func TestPDFPartsWithoutCards(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w, err := render.NewPDFParts(&b, sampleMeta())
	require.NoError(t, err)
	require.NoError(t, w.Close())
	file, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	require.NoError(t, err)
	require.Len(t, file.File, 1)
}
