package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
)

// peer is a program that writes a PDF of cards: "COMMAND CARDS.json OUT.pdf".
type peer struct {
	name    string
	command []string
	cards   int
	rounds  int
}

// measurePeers runs the product's PDF writer and others on the same cards, and compares how
// many cards each prints in a second of CPU time. Each writer is a process of its own that
// has the cards in memory and does nothing else. Writers that take minutes run once.
// Chromium and reportlab print few cards, which is the best case for them: Chromium's time
// for a card grows with the number of cards.
func measurePeers(ctx context.Context, tb *testbed) (figures, error) {
	peers, err := tb.peers(ctx)
	if err != nil {
		return nil, err
	}
	if err := tb.writeFonts(); err != nil {
		return nil, err
	}
	for _, cards := range []int{tb.pdfCards, tb.peerCards} {
		if err := tb.writeCards(cards); err != nil {
			return nil, err
		}
	}
	f := figures{}
	for round := range tb.rounds {
		for _, p := range peers {
			if round >= p.rounds {
				continue
			}
			if err := tb.print(ctx, p, f); err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	ours := median(f["pdf_cpu_rate"].values)
	for _, p := range peers[1:] {
		f.add("pdf_vs_"+p.name, ours/median(f[p.name+"_cpu_rate"].values), "ratio")
	}
	return f, nil
}

// peers builds the writers and returns those that this machine can run, the product's
// first.
func (tb *testbed) peers(ctx context.Context) ([]peer, error) {
	ours, others := tb.path("ours"), tb.path("peers")
	for _, build := range [][]string{
		{"build", "-o", ours, "./cmd/bench/ours"},
		{"build", "-C", "cmd/bench/peers", "-o", others, "."},
	} {
		if out, err := exec.CommandContext(ctx, "go", build...).CombinedOutput(); err != nil { //nolint:gosec // a folder of our own
			return nil, fmt.Errorf("build what is compared: %w: %s", err, out)
		}
	}
	peers := []peer{{"pdf", []string{ours}, tb.pdfCards, tb.rounds}}
	if tb.wants("gofpdf") {
		peers = append(peers, peer{"gofpdf", []string{others, "gofpdf"}, tb.pdfCards, tb.rounds})
	}
	if tb.wants("maroto") {
		peers = append(peers, peer{"maroto", []string{others, "maroto"}, tb.pdfCards, 1})
	}
	if _, err := exec.LookPath(browser()); err == nil && tb.wants("chromium") {
		peers = append(peers, peer{"chromium", []string{others, "chromium"}, tb.peerCards, 1})
	}
	for _, python := range []string{"python3", "/usr/bin/python3"} { // Debian's python3 has Debian's reportlab
		if tb.wants("reportlab") && exec.CommandContext(ctx, python, "-c", "import reportlab.graphics").Run() == nil { //nolint:gosec // one of the two above
			return append(peers, peer{"reportlab", []string{python, "-B", "cmd/bench/peers/with_reportlab.py"}, tb.peerCards, 1}), nil
		}
	}
	return peers, nil
}

// browser returns the path of Chromium.
func browser() string {
	if path := os.Getenv("CHROME_PATH"); path != "" {
		return path
	}
	return "chromium"
}

// wants reports whether a figure of a peer is wanted.
func (tb *testbed) wants(peer string) bool {
	return slices.ContainsFunc(tb.wanted, func(figure string) bool { return strings.Contains(figure, peer) })
}

// writeFonts writes the product's fonts as files for the other writers.
func (tb *testbed) writeFonts() error {
	if err := os.MkdirAll(tb.path("fonts"), 0o700); err != nil {
		return err
	}
	for name, ttf := range map[string][]byte{"regular": goregular.TTF, "bold": gobold.TTF, "mono": gomonobold.TTF} {
		if err := os.WriteFile(filepath.Join(tb.path("fonts"), name+".ttf"), ttf, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// The printed cards have made-up codes.
const (
	peerPortal   = "https://refill.example.net"
	peerPerSheet = 10
)

// peerCode returns the code of a card: a multiplicative hash of its serial, so that codes
// of adjacent serials look unrelated, as real codes do.
func peerCode(serial int) string {
	const symbols = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	b, h := []byte("R26"), uint64(serial) //nolint:gosec // any bits will do
	for i := range 16 {
		if i%4 == 0 {
			b = append(b, '-')
		}
		h = (h ^ h>>29) * 0x9E3779B97F4A7C15
		b = append(b, symbols[(h>>32)%31])
	}
	return string(b)
}

func (tb *testbed) cardsFile(cards int) string { return tb.path(fmt.Sprintf("cards-%d.json", cards)) }

// writeCards writes the input file of the writers.
func (tb *testbed) writeCards(count int) error {
	type card struct{ Serial, Code string }
	cards := make([]card, count)
	for i := range cards {
		cards[i] = card{strconv.Itoa(i + 1), peerCode(i + 1)}
	}
	data, err := json.Marshal(map[string]any{
		"Brand": "Northwind Net", "Kind": "Refill card", "Price": "USD 10.00", "Series": "202611", "ValidTill": "31 Dec 2027",
		"Instructions": []string{"Scan the code, or sign in at refill.example.net", "and enter it under Finance, Refill card."},
		"Portal":       peerPortal, "Address": peerPortal + "/r#", "Fonts": tb.path("fonts"), "Cards": cards,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(tb.cardsFile(count), data, 0o600)
}

// print runs a peer, checks its file, and adds its figures.
func (tb *testbed) print(ctx context.Context, p peer, f figures) error {
	file := tb.path(p.name + ".pdf")
	args := slices.Concat([]string{"measure"}, p.command, []string{tb.cardsFile(p.cards), file})
	cmd := exec.CommandContext(ctx, tb.path("peers"), args...) //nolint:gosec // what the bench built
	cmd.Env = append(os.Environ(), "CHROME_PATH="+browser())
	var says strings.Builder
	cmd.Stderr = &says
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%w: %s", err, &says)
	}
	var used struct{ CPUSeconds, ClockSeconds, PeakMiB float64 }
	if err := json.Unmarshal(out, &used); err != nil {
		return err
	}
	size, err := checkSheets(ctx, file, p.cards)
	if err != nil {
		return err
	}
	rate := float64(p.cards) / used.CPUSeconds
	f.add(p.name+"_cpu_rate", rate, "cards/cpu-s")
	fmt.Fprintf(os.Stderr, "bench: %-9s %7d cards: %6.0f cards a CPU second (%.1f s, %.1f s by the clock), %5.0f MiB, %4d bytes a card\n",
		p.name, p.cards, rate, used.CPUSeconds, used.ClockSeconds, used.PeakMiB, size/int64(p.cards))
	return os.Remove(file)
}

// checkSheets checks the number of sheets of a file, and that the first sheet shows each
// code as text and as a QR code. It returns the size of the file in bytes.
func checkSheets(ctx context.Context, file string, cards int) (int64, error) {
	call := func(name string, args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, name, args...).Output() //nolint:gosec // the readers below
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		return string(out), nil
	}
	info, err := call("pdfinfo", file)
	if err != nil {
		return 0, err
	}
	sheets := (cards + peerPerSheet - 1) / peerPerSheet
	if !slices.Contains(strings.Fields(info), strconv.Itoa(sheets)) {
		return 0, fmt.Errorf("%d cards need %d sheets: %s", cards, sheets, info)
	}
	text, err := call("pdftotext", "-l", "1", file, "-")
	if err != nil {
		return 0, err
	}
	picture := strings.TrimSuffix(file, ".pdf")
	if _, err := call("pdftoppm", "-l", "1", "-r", "200", "-gray", "-singlefile", file, picture); err != nil {
		return 0, err
	}
	links, err := call("zbarimg", "--quiet", "--nodbus", "--raw", "-Sdisable", "-Sqrcode.enable", picture+".pgm")
	if err != nil {
		return 0, err
	}
	for serial := 1; serial <= min(cards, peerPerSheet); serial++ {
		if code := peerCode(serial); !strings.Contains(text, code) || !strings.Contains(links, peerPortal+"/r#"+code) {
			return 0, fmt.Errorf("card %d is missing on the first sheet", serial)
		}
	}
	stat, err := os.Stat(file)
	if err != nil {
		return 0, err
	}
	return stat.Size(), os.Remove(picture + ".pgm")
}
