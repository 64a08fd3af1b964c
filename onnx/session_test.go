package onnx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"truename"
	"truename/models"
)

// pack gives the installed default pack, with the runtime started.
func pack(t testing.TB) *models.Pack {
	t.Helper()
	p, err := models.Find("../models/pack", models.DefaultPack, false)
	if err != nil {
		t.Fatal(err)
	}
	library, err := p.RuntimeLibrary()
	if err != nil {
		t.Fatalf("%v (run: make models)", err)
	}
	if err := Start(library); err != nil {
		t.Fatal(err)
	}
	return p
}

// eyes gives the smallest network of the pack and its bytes.
func eyes(t testing.TB) (*models.Model, []byte) {
	t.Helper()
	p := pack(t)
	model := p.Model(models.RoleEyes)
	graph, err := p.Read(model)
	if err != nil {
		t.Fatalf("%v (run: make models)", err)
	}
	return model, graph
}

func load(t testing.TB, model *models.Model, graph []byte, slots int) *Session {
	t.Helper()
	s, err := Load(model, graph, slots)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func checkError(t *testing.T, err error, kind truename.Kind, code truename.Code) {
	t.Helper()
	var e *truename.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code || e.Detail == "" || e.Remedy == "" {
		t.Errorf("error %v; want kind %s, code %s, with detail and remedy", err, kind, code)
	}
}

func TestStartTwice(t *testing.T) {
	library, err := pack(t).RuntimeLibrary()
	if err != nil {
		t.Fatal(err)
	}
	if err := Start(library); err != nil {
		t.Errorf("the same library again: %v", err)
	}
	checkError(t, Start("another.so"), truename.KindUnavailable, truename.CodeRuntime)
	if err := Start(library); err != nil {
		t.Errorf("after another library was refused: %v", err)
	}
}

func TestEveryInstalledNetworkLoads(t *testing.T) {
	p := pack(t)
	for i := range p.Models {
		m := &p.Models[i]
		graph, err := p.Read(m)
		if err != nil {
			t.Fatalf("%v (run: make models)", err)
		}
		s := load(t, m, graph, 1)
		err = s.Run(t.Context(), func(input []float32) {
			if want := m.Input.Width * m.Input.Height * m.Input.Channels(); len(input) != want {
				t.Errorf("%s: %d numbers to fill, want %d", m.ID, len(input), want)
			}
		}, func(outputs [][]float32) {
			if len(outputs) != len(m.Output.Names) {
				t.Errorf("%s: %d outputs, want %d", m.ID, len(outputs), len(m.Output.Names))
			}
		})
		if err != nil {
			t.Errorf("%s: %v", m.ID, err)
		}
	}
}

func TestGraphMustFitTheManifest(t *testing.T) {
	good, graph := eyes(t)
	for name, change := range map[string]func(*models.Model){
		"input's name":        func(m *models.Model) { m.Input.Name = "picture" },
		"input's width":       func(m *models.Model) { m.Input.Width++ },
		"input's height":      func(m *models.Model) { m.Input.Height *= 2 },
		"input's colours":     func(m *models.Model) { m.Input.Colour = models.ColourRGB },
		"input's layout":      func(m *models.Model) { m.Input.Layout = "NHWC" },
		"output's name":       func(m *models.Model) { m.Output.Names = []string{"answer"} },
		"output's length":     func(m *models.Model) { m.Output.Shapes = [][]int64{{1, 3}} },
		"output's dimensions": func(m *models.Model) { m.Output.Shapes = [][]int64{{2}} },
		"output of zero":      func(m *models.Model) { m.Output.Shapes = [][]int64{{1, 0}} },
		"negative output":     func(m *models.Model) { m.Output.Shapes = [][]int64{{1, -1}} },
		"one output too many": func(m *models.Model) {
			m.Output.Names, m.Output.Shapes = []string{"output", "more"}, [][]int64{{1, 2}, {1, 2}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := *good
			change(&m)
			s, err := Load(&m, graph, 1)
			if s != nil {
				t.Error("loaded")
				s.Close()
			}
			checkError(t, err, truename.KindUnavailable, truename.CodeModelPack)
		})
	}
}

func TestCorruptGraphIsRefused(t *testing.T) {
	model, graph := eyes(t)
	rng := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	for name, bad := range map[string][]byte{
		"nil": nil, "empty": {}, "one byte": {8}, "text": []byte("this is no network"), "noise": noise,
		"first half": graph[:len(graph)/2], "second half": graph[len(graph)/2:], "last byte missing": graph[:len(graph)-1],
		"zeros": make([]byte, len(graph)), "begins elsewhere": append([]byte{0xff}, graph...),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Load(model, bytes.Clone(bad), 1)
			if s != nil {
				t.Error("loaded")
				s.Close()
			}
			checkError(t, err, truename.KindUnavailable, truename.CodeModelPack)
		})
	}
}

// pictureOf fills an input with numbers that belong to n.
func pictureOf(n int, input []float32) {
	rng := rand.New(rand.NewPCG(uint64(n), 5))
	for i := range input {
		input[i] = rng.Float32()
	}
}

func TestParallelRunsGiveWhatSerialOnesGive(t *testing.T) {
	model, graph := eyes(t)
	const pictures, workers, rounds = 16, 8, 40
	one := load(t, model, graph, 1)
	var want [pictures][]float32
	for n := range want {
		err := one.Run(t.Context(), func(in []float32) { pictureOf(n, in) }, func(out [][]float32) { want[n] = slices.Clone(out[0]) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if slices.Equal(want[0], want[1]) {
		t.Fatal("different pictures give the same numbers, so that this test would see no mistake")
	}
	for _, slots := range []int{1, 2, 5} {
		t.Run(fmt.Sprint(slots, " slots"), func(t *testing.T) {
			s := load(t, model, graph, slots)
			var inside, most atomic.Int64
			errs := make([]error, workers)
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					for i := range rounds {
						n := (w*7 + i) % pictures
						err := s.Run(t.Context(), func(in []float32) {
							now := inside.Add(1)
							for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
							}
							pictureOf(n, in)
						}, func(out [][]float32) {
							if !slices.Equal(out[0], want[n]) {
								errs[w] = fmt.Errorf("picture %d gave %v, alone %v", n, out[0], want[n])
							}
							inside.Add(-1)
						})
						errs[w] = errors.Join(errs[w], err)
					}
				})
			}
			wg.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Error(err)
			}
			if most.Load() > int64(slots) {
				t.Errorf("%d runs at once in %d slots", most.Load(), slots)
			}
		})
	}
}

func TestMemoryIsThatOfTheSlots(t *testing.T) {
	model, graph := eyes(t)
	const slots = 3
	s := load(t, model, graph, slots)
	inputs := map[*float32]bool{}
	outputs := map[*float32]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 20 {
				err := s.Run(t.Context(), func(in []float32) {
					mu.Lock()
					defer mu.Unlock()
					inputs[&in[0]] = true
				}, func(out [][]float32) {
					mu.Lock()
					defer mu.Unlock()
					outputs[&out[0][0]] = true
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(inputs) > slots || len(outputs) > slots || len(s.all) != slots || len(s.free) != slots {
		t.Errorf("400 runs used %d inputs, %d outputs; %d slots, of these %d free; want %d",
			len(inputs), len(outputs), len(s.all), len(s.free), slots)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	model, graph := eyes(t)
	const slots = 2
	s := load(t, model, graph, slots)
	inside, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	for range slots {
		wg.Go(func() {
			err := s.Run(t.Context(), func([]float32) { inside <- struct{}{}; <-leave }, func([][]float32) {})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for range slots {
		<-inside
	}
	// Now that every slot is taken, only the context can end the wait.
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error)
	ran := false
	go func() {
		waited <- s.Run(ctx, func([]float32) { ran = true }, func([][]float32) { ran = true })
	}()
	select {
	case err := <-waited:
		t.Errorf("went on without a slot: %v", err)
	default:
	}
	cancel()
	err := <-waited
	checkError(t, err, truename.KindTimeout, truename.CodeTimeout)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v hides that the context was cancelled", err)
	}
	if ran {
		t.Error("ran, though it never had a slot")
	}
	close(leave)
	wg.Wait()

	// A cancelled context runs nothing even when slots are free; afterwards all slots still work.
	for range 20 {
		checkError(t, s.Run(ctx, func([]float32) { t.Error("ran") }, func([][]float32) {}), truename.KindTimeout, truename.CodeTimeout)
	}
	if len(s.free) != slots {
		t.Errorf("%d slots free, want %d", len(s.free), slots)
	}
	if err := s.Run(t.Context(), func([]float32) {}, func([][]float32) {}); err != nil {
		t.Error(err)
	}
}
