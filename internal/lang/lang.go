// Package lang marks the texts that people read, so that translators find every one of
// them. English is the language of the source; package extract collects it.
package lang

// M marks a text that is shown to people, as in lang.M("Face value"). It is the conversion
// of a string to itself: a marked text is still a constant, and the verbs of a format are
// still checked. A text with figures or names in it is marked as a whole, with its verbs;
// parts are not glued together, because other languages order them differently.
type M = string
