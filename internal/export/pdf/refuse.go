package pdf

import (
	"errors"
	"fmt"

	"github.com/johnfercher/maroto/v2/pkg/consts/extension"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// What core.Provider has and sheets of cards don't use. Each refuses: a document
// with a hole where something was meant to be must not be finished.

// ErrNotDrawn says that a component asked for something this package doesn't draw.
var ErrNotDrawn = errors.New("pdf: not drawn by this provider")

func (d *Document) refuse(what string) {
	d.fail(fmt.Errorf("%w: %s", ErrNotDrawn, what))
}

// AddLine refuses; borders of columns draw the lines of a sheet.
func (d *Document) AddLine(*entity.Cell, *props.Line) { d.refuse("lines") }

// AddCheckbox refuses.
func (d *Document) AddCheckbox(string, *entity.Cell, *props.Checkbox) { d.refuse("checkboxes") }

// GetLinesQuantity refuses: rows of a sheet have a fixed height, and nothing wraps.
func (d *Document) GetLinesQuantity(string, *props.Text, float64) int {
	d.refuse("rows of automatic height")
	return 1
}

// AddMatrixCode refuses.
func (d *Document) AddMatrixCode(string, *entity.Cell, *props.Rect) { d.refuse("matrix codes") }

// AddBarCode refuses.
func (d *Document) AddBarCode(string, *entity.Cell, *props.Barcode) { d.refuse("barcodes") }

// AddImageFromFile refuses.
func (d *Document) AddImageFromFile(string, *entity.Cell, *props.Rect) { d.refuse("images") }

// AddBackgroundImageFromBytes refuses.
func (d *Document) AddBackgroundImageFromBytes([]byte, *entity.Cell, *props.Rect, extension.Type) {
	d.refuse("background images")
}

// GetDimensionsByMatrixCode refuses: only rows of automatic height ask.
func (d *Document) GetDimensionsByMatrixCode(string) (*entity.Dimensions, error) {
	d.refuse("rows of automatic height")
	return nil, d.err
}

// GetDimensionsByImageByte refuses: only rows of automatic height ask.
func (d *Document) GetDimensionsByImageByte([]byte, extension.Type) (*entity.Dimensions, error) {
	d.refuse("rows of automatic height")
	return nil, d.err
}

// GetDimensionsByImage refuses: only rows of automatic height ask.
func (d *Document) GetDimensionsByImage(string) (*entity.Dimensions, error) {
	d.refuse("rows of automatic height")
	return nil, d.err
}

// GetDimensionsByQrCode refuses: only rows of automatic height ask.
func (d *Document) GetDimensionsByQrCode(string) (*entity.Dimensions, error) {
	d.refuse("rows of automatic height")
	return nil, d.err
}

// GenerateBytes refuses: a document is streamed; Close ends it.
func (d *Document) GenerateBytes() ([]byte, error) { return nil, ErrNotDrawn }

// SetProtection refuses.
func (d *Document) SetProtection(*entity.Protection) { d.refuse("passwords") }

// SetCompression does nothing: pages are always deflated.
func (d *Document) SetCompression(bool) {}

// SetMetadata refuses: the configuration of New has it.
func (d *Document) SetMetadata(*entity.Metadata) { d.refuse("metadata set late") }
