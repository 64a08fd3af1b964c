// Command specimens makes test data: photos of generated identity documents, and the file of what is printed on them, for
// `truename eval documents`. It is no part of the product.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"truename/document/specimen"
	"truename/picture"
)

// truth is one photo as the file of truths has it.
type truth struct {
	File     string            `json:"file"`
	Document specimen.Document `json:"document"`
	Fields   map[string]string `json:"fields"`
	// Corners of the document: top left, top right, bottom right, bottom left, in pixels.
	Corners [4][2]float64 `json:"corners"`
}

func main() {
	var names []string
	for _, d := range specimen.Documents() {
		names = append(names, string(d))
	}
	out := flag.String("out", "", "folder to write to")
	count := flag.Int("count", 100, "photos of each document")
	seed := flag.Uint64("seed", 2_000_000, "seed of the first photo of each document; the next ones follow")
	documents := flag.String("documents", strings.Join(names[:2], ","), "which, of "+strings.Join(names, ","))
	flag.Parse()
	if err := run(*out, *count, *seed, strings.Split(*documents, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "specimens:", err)
		os.Exit(1)
	}
}

func run(out string, count int, seed uint64, documents []string) error {
	if out == "" {
		return fmt.Errorf("say where to write to, with -out")
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	fonts, err := specimen.OpenFonts()
	if err != nil {
		return err
	}
	portrait := picture.DrawnFace(400, 500)
	var truths []truth
	for _, d := range documents {
		for i := range uint64(count) {
			rng := rand.New(rand.NewPCG(seed+i, 77))
			card, err := fonts.Draw(specimen.Document(d), rng, portrait)
			if err != nil {
				return err
			}
			scene := specimen.HandHeld(rng)
			photo := card.Photograph(scene, rng)
			var b bytes.Buffer
			if err := jpeg.Encode(&b, photo.Image, &jpeg.Options{Quality: scene.Quality}); err != nil {
				return err
			}
			t := truth{fmt.Sprintf("%s-%d.jpg", d, seed+i), card.Document, card.Fields, photo.Corners}
			if err := os.WriteFile(filepath.Join(out, t.File), b.Bytes(), 0o644); err != nil {
				return err
			}
			truths = append(truths, t)
		}
	}
	data, err := json.MarshalIndent(map[string]any{"photos": truths}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "truth.json"), data, 0o644)
}
