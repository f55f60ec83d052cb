// Package cardimport imports cards that another system issued: the dry run of a file, the
// answers about its columns, the approval, and the import in chunks, which a worker may
// stop and resume. Value and redemption of the cards belong to package card.
package cardimport
