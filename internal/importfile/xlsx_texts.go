package importfile

import (
	"archive/zip"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
)

// sharedTexts are the texts to which cells refer by number. They are read only as far as
// cells refer to them, so that the first rows need little. They are stored as consecutive
// bytes: they are the only part of a workbook that grows with the file, and a million Go
// strings would take three times the memory.
type sharedTexts struct {
	file   *tokenReader // nil: the file has been read to its end
	blocks [][]byte     // texts, each after its length in two bytes; no text spans two blocks
	starts []uint32     // offset of each text, as if all blocks were full
}

// Limits: bytes of a block, bytes of all blocks, and number of texts. A million codes take
// a third of them.
const (
	textBlock = 1 << 20
	maxTexts  = 96 << 20
	mostTexts = 8 * MaxRows
)

// open opens the shared texts, which a workbook may lack.
func (t *sharedTexts) open(f *zip.File) error {
	if f == nil {
		return nil
	}
	r, err := open(f, maxStrings)
	if err != nil {
		return err
	}
	t.file = newTokens(r)
	return nil
}

// at returns a text by its number.
func (t *sharedTexts) at(i int) (string, error) {
	for i >= len(t.starts) {
		if t.file == nil {
			return "", ErrBroken
		}
		if err := t.read(); err != nil {
			return "", err
		}
	}
	if i < 0 {
		return "", ErrBroken
	}
	block := t.blocks[t.starts[i]/textBlock]
	from := t.starts[i]%textBlock + 2
	return string(block[from : from+uint32(binary.LittleEndian.Uint16(block[from-2:]))]), nil
}

// read reads the next text.
func (t *sharedTexts) read() error {
	t.file.next()
	for {
		token, err := t.file.Token()
		if errors.Is(err, io.EOF) {
			t.file = nil
			return nil
		}
		if err != nil {
			return parseError(err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "si" {
			text, err := textOf(t.file)
			if err != nil {
				return err
			}
			return t.add(text)
		}
	}
}

func (t *sharedTexts) add(text string) error {
	last := len(t.blocks) - 1
	if last < 0 || len(t.blocks[last])+2+len(text) > textBlock {
		if len(t.blocks) == maxTexts/textBlock {
			return ErrBomb
		}
		t.blocks = append(t.blocks, make([]byte, 0, textBlock))
		last++
	}
	if len(t.starts) == mostTexts {
		return ErrBomb
	}
	t.starts = append(t.starts, uint32(last*textBlock+len(t.blocks[last])))      //nolint:gosec // maxTexts bounds it
	block := binary.LittleEndian.AppendUint16(t.blocks[last], uint16(len(text))) //nolint:gosec // at most twice MaxCell
	t.blocks[last] = append(block, text...)
	return nil
}
