package pdf

import (
	"errors"
	"fmt"

	"github.com/johnfercher/maroto/v2/pkg/consts/extension"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// These methods of core.Provider are not supported. Each one fails the document, so that a
// file never silently lacks an element.

// ErrNotDrawn reports a component that this package doesn't draw.
var ErrNotDrawn = errors.New("pdf: not drawn by this provider")

func (d *Document) unsupported(what string) {
	d.fail(fmt.Errorf("%w: %s", ErrNotDrawn, what))
}

// AddLine is not supported; the lines of a sheet are borders of columns.
func (d *Document) AddLine(*entity.Cell, *props.Line) { d.unsupported("lines") }

// AddCheckbox is not supported.
func (d *Document) AddCheckbox(string, *entity.Cell, *props.Checkbox) { d.unsupported("checkboxes") }

// GetLinesQuantity is not supported: rows have a fixed height, and text never wraps.
func (d *Document) GetLinesQuantity(string, *props.Text, float64) int {
	d.unsupported("rows of automatic height")
	return 1
}

// AddMatrixCode is not supported.
func (d *Document) AddMatrixCode(string, *entity.Cell, *props.Rect) { d.unsupported("matrix codes") }

// AddBarCode is not supported.
func (d *Document) AddBarCode(string, *entity.Cell, *props.Barcode) { d.unsupported("barcodes") }

// AddImageFromFile is not supported.
func (d *Document) AddImageFromFile(string, *entity.Cell, *props.Rect) { d.unsupported("images") }

// AddBackgroundImageFromBytes is not supported.
func (d *Document) AddBackgroundImageFromBytes([]byte, *entity.Cell, *props.Rect, extension.Type) {
	d.unsupported("background images")
}

// GetDimensionsByMatrixCode is not supported: only rows of automatic height call it.
func (d *Document) GetDimensionsByMatrixCode(string) (*entity.Dimensions, error) {
	d.unsupported("rows of automatic height")
	return nil, d.err
}

// GetDimensionsByImageByte is not supported: only rows of automatic height call it.
func (d *Document) GetDimensionsByImageByte([]byte, extension.Type) (*entity.Dimensions, error) {
	d.unsupported("rows of automatic height")
	return nil, d.err
}

// GetDimensionsByImage is not supported: only rows of automatic height call it.
func (d *Document) GetDimensionsByImage(string) (*entity.Dimensions, error) {
	d.unsupported("rows of automatic height")
	return nil, d.err
}

// GetDimensionsByQrCode is not supported: only rows of automatic height call it.
func (d *Document) GetDimensionsByQrCode(string) (*entity.Dimensions, error) {
	d.unsupported("rows of automatic height")
	return nil, d.err
}

// GenerateBytes is not supported: a document is streamed, and Close ends it.
func (d *Document) GenerateBytes() ([]byte, error) { return nil, ErrNotDrawn }

// SetProtection is not supported; see Encrypt.
func (d *Document) SetProtection(*entity.Protection) { d.unsupported("passwords") }

// SetCompression does nothing: pages are always compressed.
func (d *Document) SetCompression(bool) {}

// SetMetadata is not supported: New takes the metadata from the configuration.
func (d *Document) SetMetadata(*entity.Metadata) { d.unsupported("metadata set late") }
