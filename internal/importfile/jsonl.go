package importfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
)

// maxLine is the longest line of JSON Lines or of a printer file, in bytes.
const maxLine = 64 << 10

// jsonRows reads JSON Lines with one object a line, as the product exports them. The
// members of the first object are the columns.
type jsonRows struct {
	lines *bufio.Scanner
	names []string
	first []string // the first object until Next returns it; then nil
	n     int32
}

func openJSONLines(r io.Reader) *jsonRows {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4<<10), maxLine)
	return &jsonRows{lines: lines}
}

// Next returns the names of the columns, and then one row for each object.
func (j *jsonRows) Next() (Row, error) {
	if j.first != nil {
		cells := j.first
		j.first = nil
		j.n++
		return Row{Number: j.n, Cells: cells}, nil
	}
	for {
		if !j.lines.Scan() {
			if err := j.lines.Err(); err == nil {
				return Row{}, io.EOF
			} else if !errors.Is(err, bufio.ErrTooLong) {
				return Row{}, err
			}
			return Row{}, ErrBroken
		}
		line := bytes.TrimSpace(j.lines.Bytes())
		if len(line) == 0 {
			continue
		}
		names, cells, err := members(line)
		if err != nil {
			return Row{}, ErrBroken // the parser's error may quote the line
		}
		j.n++
		if j.names == nil {
			j.names, j.first = names, cells
			return Row{Number: j.n, Cells: slices.Clone(names)}, nil
		}
		row := make([]string, len(j.names))
		for i, name := range names {
			at := slices.Index(j.names, name)
			if at < 0 {
				return Row{}, ErrBroken
			}
			row[at] = cells[i]
		}
		return Row{Number: j.n, Cells: row}, nil
	}
}

// errMember reports a line that is not a flat object.
var errMember = errors.New("importfile: no flat object")

// members returns the members of a flat object in their order.
func members(line []byte) (names, cells []string, err error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, errMember
	}
	for d.More() {
		if len(names) > MaxColumns {
			return nil, nil, ErrWide
		}
		name, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		value, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		cell := ""
		switch v := value.(type) {
		case string:
			cell = v
		case json.Number:
			cell = v.String()
		case nil:
		default:
			return nil, nil, errMember
		}
		text, _ := name.(string) // a member's name is always a string
		names, cells = append(names, clean(text)), append(cells, clean(cell))
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errMember
	}
	return names, cells, nil
}
