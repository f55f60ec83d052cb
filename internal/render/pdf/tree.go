package pdf

import "strconv"

// fanOut is the number of kids of a node of the page tree. With 64, a viewer opens the last
// of 100,000 pages after reading four nodes.
const fanOut = 64

// pageTree is the balanced tree of pages. A page must name its parent when it is written,
// so the lowest nodes get their object numbers early. The other nodes are built at the end,
// when the depth is known.
type pageTree struct {
	root   int // object number, reserved by the document
	leaves []node
}

// node is an inner node of the tree.
type node struct {
	id    int
	pages int   // below it
	kids  []int // object numbers
}

// add reserves the object number of another page, and returns it with the number of the
// parent.
func (t *pageTree) add(f *file) (page, parent int) {
	if n := len(t.leaves); n == 0 || t.leaves[n-1].pages == fanOut {
		t.leaves = append(t.leaves, node{id: f.reserve(), kids: make([]int, 0, fanOut)})
	}
	leaf := &t.leaves[len(t.leaves)-1]
	page = f.reserve()
	leaf.kids = append(leaf.kids, page)
	leaf.pages++
	return page, leaf.id
}

// write writes the nodes, lowest first. The root has the inherited entries.
func (t *pageTree) write(f *file, inherited string) {
	level := t.leaves
	for len(level) > fanOut {
		var above []node
		for i := range level {
			if i%fanOut == 0 {
				above = append(above, node{id: f.reserve()})
			}
			parent := &above[len(above)-1]
			parent.kids = append(parent.kids, level[i].id)
			parent.pages += level[i].pages
			level[i].write(f, "/Parent "+strconv.Itoa(parent.id)+" 0 R")
		}
		level = above
	}
	root := node{id: t.root}
	for i := range level {
		root.kids = append(root.kids, level[i].id)
		root.pages += level[i].pages
		level[i].write(f, "/Parent "+strconv.Itoa(t.root)+" 0 R")
	}
	root.write(f, inherited)
}

func (n *node) write(f *file, entries string) {
	kids := make([]byte, 0, len(n.kids)*12)
	for _, kid := range n.kids {
		kids = append(strconv.AppendInt(kids, int64(kid), 10), " 0 R "...)
	}
	f.object(n.id, "<</Type/Pages%s/Count %d/Kids[%s]>>", entries, n.pages, kids)
}
