package codestore

import (
	"testing"

	"refill/internal/cardcode"
	"refill/internal/cardcode/codetest"
)

// What a redemption pays for opening the seal and comparing it with the index.
func BenchmarkCheckCode(b *testing.B) {
	keys := codetest.Keys(b)
	code := (&cardcode.Drawer{}).Draw(cardcode.Format{Alphabet: cardcode.Letters, Length: 16})
	index, err := keys.Indexer(1)
	if err != nil {
		b.Fatal(err)
	}
	seal, err := keys.Sealer(1, 7)
	if err != nil {
		b.Fatal(err)
	}
	kept := storedCode{Ref: Ref{7, 42}, keyID: 1, indexKeyID: 1, index: index.Append(nil, code), sealed: seal.Append(nil, code, 42, &cardcode.Drawer{})}
	for b.Loop() {
		if err := kept.check(keys); err != nil {
			b.Fatal(err)
		}
	}
}

// What it pays for the look-up, under one index key.
func BenchmarkIndexes(b *testing.B) {
	keys := codetest.Keys(b)
	codes := []cardcode.Code{(&cardcode.Drawer{}).Draw(cardcode.Format{Alphabet: cardcode.Letters, Length: 16})}
	for b.Loop() {
		if _, err := keys.Indexes(codes); err != nil {
			b.Fatal(err)
		}
	}
}
