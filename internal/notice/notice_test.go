package main

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// NOTICE is up to date.
func TestNoticeIsTrue(t *testing.T) {
	t.Chdir("../..")
	require.NoError(t, run(t.Context(), false))

	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), "\nThe Go standard library\n    Copyright 2009 The Go Authors.\n")
}

func TestPartsShareAText(t *testing.T) {
	t.Parallel()
	mit := func(years string) string {
		return "MIT License\n\nCopyright (c) " + years + "\n\nPermission is hereby granted, free of charge, to everybody.\nNo warranty.\n"
	}
	files := fstest.MapFS{
		"a/LICENSE":        {Data: []byte(mit("2020 A"))},
		"b/LICENSE.md":     {Data: []byte(strings.ReplaceAll(mit("2021 B"), "everybody.\nNo", "everybody. No"))},
		"c/LICENSE":        {Data: []byte("  Apache License\n Version 2.0\n\n Copyright 1999 Example\n")},
		"c/NOTICE":         {Data: []byte("Made by C\r\n")},
		"d/COPYING":        {Data: []byte("Mozilla Public License, version 2.0\n")},
		"e/LICENSE":        {Data: []byte("Only on Sundays.\n")},
		"nothing/readme":   {Data: []byte("no licence")},
		"b/licenses/other": {Data: []byte("a folder")},
	}
	var parts []part
	for _, name := range []string{"e", "d", "c", "b", "a"} {
		p, err := read(files, name, name)
		require.NoError(t, err)
		parts = append(parts, p)
	}
	_, err := read(files, "nothing", "nothing")
	require.ErrorContains(t, err, "nothing has no text of a licence")
	_, err = read(files, "missing", "missing")
	require.ErrorContains(t, err, "make assets")

	text := string(compose(parts))
	require.Equal(t, 1, strings.Count(text, "Permission is hereby granted"), "a text is given once")
	require.Contains(t, text, "MIT License\n\na\n    Copyright (c) 2020 A\nb\n    Copyright (c) 2021 B\n")
	require.Contains(t, text, "the text is in LICENSE\n\nc\n    | Made by C\n")
	require.NotContains(t, text, "1999", "the example in the text of Apache is nobody's")
	require.Contains(t, text, "https://pkg.go.dev under these names\n\nd\n")
	require.Contains(t, text, "Others\n\ne\n\nOnly on Sundays.\n")
}

// A file that is out of date is an error.
func TestStaleNotice(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, compare([]byte("old"), []byte("new")), errStale)
	require.NoError(t, compare([]byte("same"), []byte("same")))
}
