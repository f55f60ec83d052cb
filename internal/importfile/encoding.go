package importfile

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	utf16 "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// sniffBytes is the number of bytes at the beginning of a file that are examined to detect
// its type.
const sniffBytes = 64 << 10

// wideEncoding detects UTF-16 by its byte order mark, or because nearly every other byte is
// zero. It returns nil for other text.
func wideEncoding(head []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return utf16.UTF16(utf16.LittleEndian, utf16.UseBOM)
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return utf16.UTF16(utf16.BigEndian, utf16.UseBOM)
	}
	var even, odd int
	for i, b := range head {
		if b == 0 {
			if i%2 == 0 {
				even++
			} else {
				odd++
			}
		}
	}
	switch {
	case odd > len(head)/5 && odd > 20*even:
		return utf16.UTF16(utf16.LittleEndian, utf16.IgnoreBOM)
	case even > len(head)/5 && even > 20*odd:
		return utf16.UTF16(utf16.BigEndian, utf16.IgnoreBOM)
	}
	return nil
}

// decoded returns a text as UTF-8 without a byte order mark, and its beginning. old is the
// encoding of lines that are not valid UTF-8; nil: their invalid bytes become U+FFFD. most
// is the longest line in bytes.
func decoded(r io.Reader, head []byte) (text io.Reader, begin []byte, old *charmap.Charmap, most int, err error) {
	if e := wideEncoding(head); e != nil {
		// The head may end within a character; what came before is enough.
		begin, _ = io.ReadAll(transform.NewReader(bytes.NewReader(head), e.NewDecoder()))
		return transform.NewReader(r, e.NewDecoder()), begin, nil, maxRow / 2, nil
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return nil, nil, nil, 0, ErrKind
	}
	const mark = "\xef\xbb\xbf"
	if bytes.HasPrefix(head, []byte(mark)) {
		if _, err := io.CopyN(io.Discard, r, int64(len(mark))); err != nil {
			return nil, nil, nil, 0, err
		}
		return r, head[len(mark):], nil, maxRow, nil
	}
	old = oldEncoding(head)
	if old != nil {
		if begin, err = old.NewDecoder().Bytes(head); err == nil {
			head = begin
		}
	}
	if old == nil && ascii(head) {
		old = charmap.Windows1252 // for invalid lines after the beginning
	}
	return r, head, old, maxRow, nil
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// oldEncoding guesses the encoding of text that is not valid UTF-8; nil: the text is UTF-8.
func oldEncoding(head []byte) *charmap.Charmap {
	for cut := range min(utf8.UTFMax, len(head)) { // the head may end within a character
		if utf8.Valid(head[:len(head)-cut]) {
			return nil
		}
	}
	// Accented Latin letters stand alone between ASCII letters; Arabic words are runs of
	// such bytes. The bytes of French letters do not occur in Arabic words, and those of
	// Cyrillic letters occur in most Cyrillic words.
	var inRuns, alone, foreign, run int
	count := func() {
		if run >= 3 {
			inRuns += run
		} else {
			alone += run
		}
		run = 0
	}
	for _, c := range head {
		if c < 0xc0 {
			count()
			continue
		}
		run++
		if strings.IndexByte("\xe0\xe2\xe7\xe8\xe9\xea\xeb\xee\xef\xf4\xf9\xfb\xfc", c) >= 0 {
			foreign++
		}
	}
	count()
	if inRuns > 4*alone && foreign*20 < inRuns {
		return charmap.Windows1256
	}
	return charmap.Windows1252
}
