// Package cardcode owns the codes and serials of cards: how they are drawn, printed,
// read as people type them, masked, sealed and indexed, and the keyring that seals and
// indexes them. It asks no database and knows nothing of series or redemptions.
package cardcode
