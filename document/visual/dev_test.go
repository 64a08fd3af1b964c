package visual

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"truename/capture"
	"truename/document/specimen"
	"truename/face"
	"truename/models"
	"truename/onnx"
	"truename/picture"
)

func TestDev(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("DEV_N"))
	if n == 0 {
		t.Skip()
	}
	p, err := models.Find("../../models/pack", "faceplugin", false)
	if err != nil {
		t.Fatal(err)
	}
	lib, _ := p.RuntimeLibrary()
	onnx.Start(lib)
	faces, err := face.Load(p, face.EffortFast, 1)
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := Templates()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Load(p, faces, tpl, 1)
	if err != nil {
		t.Fatal(err)
	}
	fonts, err := specimen.OpenFonts()
	if err != nil {
		t.Fatal(err)
	}
	dec := capture.NewDecoder(capture.DefaultLimits())
	kinds := specimen.Documents()
	if k := os.Getenv("DEV_KIND"); k != "" {
		kinds = []specimen.Document{specimen.Document(k)}
	}
	dir := os.Getenv("DEV_CACHE")
	os.MkdirAll(dir, 0o755)
	seed0, _ := strconv.Atoi(os.Getenv("DEV_SEED"))
	var total, exact, wrongRead, unsure, unknown int
	var cpu, loc, rec, fie, che time.Duration
	stats := map[string][4]int{}
	for _, kind := range kinds {
		for i := range n {
			rng := rand.New(rand.NewPCG(uint64(seed0+i), 77))
			c, err := fonts.Draw(kind, rng, picture.DrawnFace(400, 500))
			if err != nil {
				t.Fatal(err)
			}
			sc := specimen.HandHeld(rng)
			switch os.Getenv("DEV_MODE") {
			case "screen":
				sc.Screen = 900 + rng.IntN(1000)
			case "grey":
				sc.Grey = true
			}
			name := fmt.Sprintf("%s/%s%s-%d.jpg", dir, kind, os.Getenv("DEV_MODE"), seed0+i)
			data, err := os.ReadFile(name)
			var corners [4][2]float64
			if err != nil {
				ph := c.Photograph(sc, rng)
				var b bytes.Buffer
				jpeg.Encode(&b, ph.Image, &jpeg.Options{Quality: sc.Quality})
				data = b.Bytes()
				os.WriteFile(name, data, 0o644)
				_ = corners
			}
			img, err := dec.Decode(context.Background(), data)
			if err != nil {
				t.Fatal(err)
			}
			runtime.LockOSThread()
			var u0, u1 syscall.Rusage
			syscall.Getrusage(1, &u0)
			got, err := r.Read(context.Background(), img, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
			if err != nil {
				t.Fatal(err)
			}
			syscall.Getrusage(1, &u1)
			cpu += time.Duration(u1.Utime.Nano() + u1.Stime.Nano() - u0.Utime.Nano() - u0.Stime.Nano())
			loc += got.Timings.Locate
			rec += got.Timings.Recognise
			fie += got.Timings.Fields
			che += got.Timings.Checks
			if got.Template != string(kind) {
				fmt.Println(name, "TEMPLATE", got.Template, got.Located, "turn", int(sc.Turn), got.Corners)
				unknown++
			}
			for f, want := range c.Fields {
				total++
				v := got.Value(f)
				st := stats[string(kind)+"."+f]
				st[0]++
				switch {
				case v == nil || v.Text.Reveal() != want:
					if v == nil {
						v = &Value{}
					}
					fmt.Printf("%s %s: %q want %q conf %.2f %s %v\n", name, f, v.Text.Reveal(), want, v.Confidence, v.State, v.Reasons)
					if v.State == StateRead {
						wrongRead++
						st[2]++
					}
				default:
					exact++
					st[1]++
					if v.State != StateRead {
						st[3]++
						unsure++
						if os.Getenv("DEV_V") != "" {
							fmt.Printf("%s %s: right but %s conf %.2f %v %q\n", name, f, v.State, v.Confidence, v.Reasons, want)
						}
					}
				}
				stats[string(kind)+"."+f] = st
			}
			if os.Getenv("DEV_F") != "" {
				fmt.Print(name, " loc ", got.Located, " ")
				for _, f := range got.Findings {
					if f.State != "passed" || os.Getenv("DEV_F") == "2" {
						fmt.Printf("%s=%.2f(%s) ", f.Check, f.Value, f.State)
					}
				}
				fmt.Println()
			}
		}
	}
	for k, s := range stats {
		fmt.Println(k, s)
	}
	k := time.Duration(n * len(kinds))
	fmt.Println("total", total, "exact", exact, "wrong accepted", wrongRead, "right unsure", unsure, "unknown", unknown, "locate", loc/k, "recognise", rec/k, "fields", fie/k, "checks", che/k, "cpu", cpu/k)
	_ = math.Pi
}
