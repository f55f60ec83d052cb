package cardcode

import (
	"bufio"
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	// sealKeyLength is the length of a sealing key in bytes.
	sealKeyLength = 32
	// indexKeyLength is the length of an index key in bytes: a key of the index of
	// codes, and a key of the hash of their last four symbols.
	indexKeyLength = 64
)

// The words that lines of a key file begin with.
const (
	sealWord  = "seal"
	indexWord = "index"
)

// readKeySet reads a key file, one key a line, its id from 1 to 32767:
//
//	seal ID BASE64    a sealing key, 32 bytes
//	index ID BASE64   an index key, 64 bytes
//	ID BASE64         32 bytes that codes were both sealed and indexed under, as key
//	                  files had until the two were kept apart
//
// Lines that start with # are comments.
func readKeySet(r io.Reader) (*keySet, error) {
	k := &keySet{seals: map[int16][]byte{}, indexes: map[int16]indexKey{}, combined: map[int16]bool{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		if err := k.add(lines.Text()); err != nil {
			return nil, fmt.Errorf("line %d of the key file %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	if len(k.seals) == 0 {
		return nil, errors.New("the key file holds no key; make one with: refill keys init")
	}
	if len(k.indexes) == 0 {
		return nil, errors.New("the key file holds no index key, so no card could be found; put the file back from its backup")
	}
	for id := range k.seals {
		k.seal = max(k.seal, id)
	}
	for id := range k.indexes {
		k.index = max(k.index, id)
	}
	return k, nil
}

// keyLine is a line of a key file.
type keyLine struct {
	word string // sealWord, indexWord; empty: both
	id   int16
	key  []byte
}

// parseKeyLine reads a line. A zero id means that it holds no key.
func parseKeyLine(text string) (keyLine, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
		return keyLine{}, nil
	}
	var line keyLine
	length := sealKeyLength
	if fields[0] == sealWord || fields[0] == indexWord {
		line.word, fields = fields[0], fields[1:]
	}
	if line.word == indexWord {
		length = indexKeyLength
	}
	id := int64(0)
	if len(fields) > 0 {
		id, _ = strconv.ParseInt(fields[0], 10, 16)
	}
	if id < 1 {
		return line, errors.New("does not begin with a key id from 1 to 32767, or with seal or index and such an id")
	}
	var err error
	if len(fields) > 1 {
		line.key, err = base64.StdEncoding.DecodeString(fields[1])
	}
	if err != nil || len(line.key) != length || len(fields) != 2 {
		return line, fmt.Errorf("has no %d bytes in base64 after the id", length)
	}
	line.id = int16(id)
	return line, nil
}

// add parses a line and adds its keys to the set.
func (k *keySet) add(text string) error {
	line, err := parseKeyLine(text)
	if err != nil || line.id == 0 {
		return err
	}
	index := indexKey(line.key)
	if line.word == "" {
		if index, err = combinedIndexKey(line.key); err != nil {
			return err
		}
	}
	if line.word != indexWord {
		if _, twice := k.seals[line.id]; twice {
			return fmt.Errorf("repeats key id %d", line.id)
		}
		k.seals[line.id] = line.key
	}
	if line.word != sealWord {
		if old, twice := k.indexes[line.id]; twice && (k.combined[line.id] == (line.word == "") || !bytes.Equal(old, index)) {
			return fmt.Errorf("repeats index key id %d", line.id)
		}
		_, own := k.indexes[line.id] // a line of its own beside that of the sealing key
		k.indexes[line.id] = index
		k.combined[line.id] = line.word == "" && !own
	}
	return nil
}

// combinedIndexKey derives the index key from a key of a file in which codes were
// sealed and indexed under one key.
func combinedIndexKey(key []byte) (indexKey, error) {
	code, err := hkdf.Key(sha256.New, key, nil, "refill code index", indexKeyLength/2)
	if err != nil {
		return nil, err
	}
	end, err := hkdf.Key(sha256.New, key, nil, "refill code last four", indexKeyLength/2)
	return append(code, end...), err
}

// SplitKeys returns the text of a key file with every combined key (sealing and indexing)
// written as two lines, so that the sealing key can be removed alone.
func SplitKeys(text []byte) ([]byte, error) {
	var out bytes.Buffer
	for raw := range bytes.Lines(text) {
		line, err := parseKeyLine(string(raw))
		if err != nil {
			return nil, fmt.Errorf("a line of the key file %w", err)
		}
		if line.id == 0 || line.word != "" {
			out.Write(raw)
			continue
		}
		index, err := combinedIndexKey(line.key)
		if err != nil {
			return nil, err
		}
		writeKeyLine(&out, keyLine{sealWord, line.id, line.key})
		writeKeyLine(&out, keyLine{indexWord, line.id, index})
	}
	return out.Bytes(), nil
}

// WithoutSealKey returns the text of a key file without one sealing key. Index keys are
// kept.
func WithoutSealKey(text []byte, id int16) ([]byte, error) {
	text, err := SplitKeys(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for raw := range bytes.Lines(text) {
		if line, err := parseKeyLine(string(raw)); err != nil || line.word != sealWord || line.id != id {
			out.Write(raw)
		}
	}
	return out.Bytes(), nil
}

func writeKeyLine(out *bytes.Buffer, line keyLine) {
	fmt.Fprintf(out, "%s %d %s\n", line.word, line.id, base64.StdEncoding.EncodeToString(line.key))
}

// WriteNewKey writes a fresh sealing key and a fresh index key as lines of a key file.
func WriteNewKey(w io.Writer, id int16) error {
	return errors.Join(WriteSealKey(w, id), WriteIndexKey(w, id))
}

// WriteSealKey writes a fresh sealing key as a line of a key file.
func WriteSealKey(w io.Writer, id int16) error { return writeKey(w, sealWord, id, sealKeyLength) }

// WriteIndexKey writes a fresh index key as a line of a key file.
func WriteIndexKey(w io.Writer, id int16) error { return writeKey(w, indexWord, id, indexKeyLength) }

func writeKey(w io.Writer, word string, id int16, length int) error {
	key := make([]byte, length)
	_, _ = rand.Read(key) // crashes the program rather than fail (Go 1.24)
	var out bytes.Buffer
	writeKeyLine(&out, keyLine{word, id, key})
	_, err := w.Write(out.Bytes())
	return err
}
