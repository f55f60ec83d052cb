package card

import "testing"

// What a redemption pays for opening the seal and comparing it with the index.
func BenchmarkCheckCode(b *testing.B) {
	keys := testKeys(b, 1)
	code := (&drawer{}).draw(Format{Letters, 16})
	index, err := keys.indexer(1)
	if err != nil {
		b.Fatal(err)
	}
	seal, err := keys.sealer(1, 7)
	if err != nil {
		b.Fatal(err)
	}
	kept := keptCode{Ref: Ref{7, 42}, keyID: 1, indexKeyID: 1, index: index.append(nil, code), sealed: seal.append(nil, code, 42, &drawer{})}
	for b.Loop() {
		if err := keys.checkCode(kept); err != nil {
			b.Fatal(err)
		}
	}
}

// What it pays for the look-up, under one index key.
func BenchmarkIndexes(b *testing.B) {
	keys := testKeys(b, 1)
	codes := []Code{(&drawer{}).draw(Format{Letters, 16})}
	for b.Loop() {
		if _, err := keys.indexes(codes); err != nil {
			b.Fatal(err)
		}
	}
}
