package importfile

import (
	"archive/zip"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
)

// sharedTexts are the texts that cells refer to by number. They are read no further
// than a cell asks, so that the first rows cost nothing, and lie one behind another as
// bytes: they are the one part of a table that grows with the file, and a million
// strings of their own would be three times as much.
type sharedTexts struct {
	file   *tokens  // nil: read to its end
	blocks [][]byte // texts, each behind its length in two bytes; none lies across two blocks
	starts []uint32 // of each text, counted over full blocks
}

// How much is kept: bytes of a block and of all of them, and texts. A million codes
// are a third of it.
const (
	textBlock = 1 << 20
	maxTexts  = 96 << 20
	mostTexts = 8 * MaxRows
)

// open begins to read the texts; a workbook may have none.
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
			return broken(err)
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
