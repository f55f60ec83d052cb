package seed

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/partner"
)

// brand is the design of a sample partner.
type brand struct {
	form partner.Form
	logo func() image.Image // nil: none
}

// brands lists the sample partners. West has no design of its own, so that the default
// design appears too.
func brands() []brand {
	return []brand{
		{partner.Form{
			Name: "North", Brand: "Northlight", Slug: "north", TimeZone: "Europe/Berlin", Accent: "#1d4f91",
			Welcome: "Good to see you at Northlight.", Help: "Questions? Call 555 0100, Monday to Saturday, 8 to 20.",
			CardLine1: "Scan the code, or sign in to the portal", CardLine2: "and open Refill card.",
		}, star},
		{partner.Form{
			Name: "South", Brand: "Southwave", Slug: "south", TimeZone: "Africa/Nairobi", Accent: "#f08a24",
			Welcome: "Karibu! Your Southwave account.", Help: "Write to help@southwave.example or come to our shop.",
			CardLine1: "Scan the code with your phone’s camera,", CardLine2: "sign in and press Redeem.",
		}, waves},
		{partner.Form{Name: "West", TimeZone: "America/Chicago"}, nil},
	}
}

// createPartners creates the partners with their designs.
func (s *Seeder) createPartners(ctx context.Context) error {
	for _, b := range brands() {
		var logo *partner.Logo
		if b.logo != nil {
			var file bytes.Buffer
			if err := png.Encode(&file, b.logo()); err != nil {
				return fmt.Errorf("draw a logo: %w", err)
			}
			var err error
			if logo, err = partner.ReadLogo(file.Bytes()); err != nil {
				return fmt.Errorf("read a logo: %w", err)
			}
		}
		id, err := partner.Create(ctx, s.Pool, audit.System(), b.form, logo)
		if err != nil {
			return fmt.Errorf("enter partner %s: %w", b.form.Name, err)
		}
		partner, err := db.New().PartnerGet(ctx, s.Pool, id)
		if err != nil {
			return fmt.Errorf("read partner %s: %w", b.form.Name, err)
		}
		s.partners = append(s.partners, partner)
	}
	return nil
}

// logoSide is the width and height of a sample logo.
const logoSide = 192

// draw renders a shape with antialiasing: each pixel takes the share of its sixteen sample
// points that are inside.
func draw(inside func(x, y float64) (color.NRGBA, bool)) image.Image {
	const points = 4
	m := image.NewNRGBA(image.Rect(0, 0, logoSide, logoSide))
	for py := range logoSide {
		for px := range logoSide {
			var r, g, b, hits int
			for i := range points * points {
				x := (float64(px) + (float64(i%points)+0.5)/points) / logoSide
				y := (float64(py) + (float64(i/points)+0.5)/points) / logoSide
				if c, ok := inside(x, y); ok {
					r, g, b, hits = r+int(c.R), g+int(c.G), b+int(c.B), hits+1
				}
			}
			if hits > 0 {
				m.SetNRGBA(px, py, color.NRGBA{
					R: uint8(r / hits), G: uint8(g / hits), B: uint8(b / hits), A: uint8(hits * 255 / (points * points)), //nolint:gosec // means of bytes
				})
			}
		}
	}
	return m
}

// star returns a white four-pointed star on a blue disc.
func star() image.Image {
	blue, white := color.NRGBA{0x1d, 0x4f, 0x91, 255}, color.NRGBA{255, 255, 255, 255}
	return draw(func(x, y float64) (color.NRGBA, bool) {
		dx, dy := math.Abs(x-0.5), math.Abs(y-0.5)
		if math.Sqrt(dx/0.36)+math.Sqrt(dy/0.36) <= 1 {
			return white, true
		}
		return blue, math.Hypot(dx, dy) <= 0.49
	})
}

// waves returns three orange waves, one below the other.
func waves() image.Image {
	tones := []color.NRGBA{{0xf0, 0x8a, 0x24, 255}, {0xd9, 0x6a, 0x12, 255}, {0xb4, 0x4e, 0x0c, 255}}
	return draw(func(x, y float64) (color.NRGBA, bool) {
		if x < 0.04 || x > 0.96 {
			return color.NRGBA{}, false
		}
		for n, tone := range tones {
			middle := 0.24 + 0.26*float64(n) + 0.07*math.Sin((x*2+float64(n)*0.18)*math.Pi*1.5)
			if math.Abs(y-middle) <= 0.075 {
				return tone, true
			}
		}
		return color.NRGBA{}, false
	})
}
