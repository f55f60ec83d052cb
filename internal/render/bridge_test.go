package render

// NewPDFPartsOf is NewPDFParts with parts small enough for a test.
var NewPDFPartsOf = newPDFParts
