package capture

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"sync"
	_ "unsafe" // for go:linkname

	_ "github.com/gen2brain/heic" // carries libheif and libde265, compiled to WebAssembly
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"golang.org/x/sync/semaphore"
)

// heicModule is the compressed WebAssembly module inside github.com/gen2brain/heic. That package's own Decode cannot
// be stopped, gives a hostile file 4 GB, and prefers an installed native libheif, outside of any sandbox, when it finds
// one. So the module is run here, with limits. The version of the package is pinned, and tests decode real files.
//
//go:linkname heicModule github.com/gen2brain/heic.heifWasm
var heicModule []byte

const (
	heicBaseBytes = 32 << 20 // the module and the file
	// heicPixelBytes: the tiles or the picture as decoded (up to 16 bits in three planes), the assembled picture, and
	// the copy handed out.
	heicPixelBytes = 12
	wasmPage       = 64 << 10
)

// heicSandbox runs libheif in WebAssembly, with limited memory and nothing to reach. The module is compiled at first
// use.
//
// Machine code made from WebAssembly can be made to notice the end of a context, but then it checks in every loop and
// is four times slower. So a decode that runs out of time is left behind: the caller has its answer at once, and the
// decode keeps its share of the sandbox's memory until it ends. That memory is apart from that of the other formats,
// so whatever a hostile file does in there holds up HEIC pictures only; [readHEIF] bounds how much it can ask for.
type heicSandbox struct {
	limits Limits
	budget int64
	memory *semaphore.Weighted
	once   sync.Once
	err    error
	rt     wazero.Runtime
	module wazero.CompiledModule
}

func newHEICSandbox(l Limits) *heicSandbox {
	budget := heicBytes(l.MaxPixels) + l.MaxBytes
	return &heicSandbox{limits: l, budget: budget, memory: semaphore.NewWeighted(budget)}
}

func heicBytes(pixels int) int64 { return heicBaseBytes + heicPixelBytes*int64(pixels) }

func (s *heicSandbox) compile() error {
	s.once.Do(func() { s.err = s.start() })
	return s.err
}

func (s *heicSandbox) start() error {
	ctx := context.Background() // compilation serves all decodes, so it does not end with the first
	unpacked, err := gzip.NewReader(bytes.NewReader(heicModule))
	if err != nil {
		return fmt.Errorf("HEIC module: %w", err)
	}
	code, err := io.ReadAll(unpacked)
	if err != nil {
		return fmt.Errorf("HEIC module: %w", err)
	}
	s.rt = wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().
		WithMemoryLimitPages(uint32(min(s.budget/wasmPage, math.MaxUint16))))
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, s.rt); err != nil {
		return err
	}
	s.module, err = s.rt.CompileModule(ctx, code)
	return err
}

// decode decodes the primary picture of data and gives what use makes of it. width and height are what the file's boxes
// promise; the picture is never larger.
func (s *heicSandbox) decode(ctx context.Context, data []byte, width, height int, use func(image.Image) (*Image, error)) (*Image, error) {
	if err := s.compile(); err != nil {
		return nil, unsupported("HEIC pictures cannot be decoded by this program.", "Send the picture as a JPEG.", err)
	}
	need := min(heicBytes(width*height)+int64(len(data)), s.budget)
	if err := s.memory.Acquire(ctx, need); err != nil {
		return nil, err
	}
	// data belongs to the caller: it is copied before anything can be left behind.
	in, module, err := s.load(data)
	if err != nil {
		s.memory.Release(need)
		return nil, err
	}

	type result struct {
		img *Image
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer s.memory.Release(need)
		defer module.Close(context.Background())
		defer func() {
			if p := recover(); p != nil {
				done <- result{err: fmt.Errorf("panic in the sandbox: %v", p)}
			}
		}()
		m := heicInstance{module}
		img, err := m.decode(in, len(data), width, height)
		if err != nil {
			done <- result{err: err}
			return
		}
		upright, err := use(img)
		done <- result{upright, err}
	}()
	select {
	case r := <-done:
		return r.img, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// load starts an instance with a copy of data in it.
func (s *heicSandbox) load(data []byte) (in uint32, module api.Module, err error) {
	ctx := context.Background()
	// Without a name several instances can exist at once; without streams and files there is nothing to reach.
	module, err = s.rt.InstantiateModule(ctx, s.module, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return 0, nil, err
	}
	in, err = heicInstance{module}.alloc(len(data))
	if err == nil && !module.Memory().Write(in, data) {
		err = errHEIC
	}
	if err != nil {
		module.Close(ctx)
		return 0, nil, err
	}
	return in, module, nil
}

// heicInstance calls the module's one function:
//
//	int decode(in, size, config_only, *width, *height, *colourspace, *chroma, *premultiplied, *out)
type heicInstance struct{ module api.Module }

const (
	heicYCbCr, heicRGB, heicMonochrome          = 0, 1, 2
	heicChroma420, heicChroma422, heicChroma444 = 1, 2, 3
)

var errHEIC = errors.New("libheif cannot decode the picture")

// decode gives the picture whose file lies at in, as a view of the instance's memory.
func (m heicInstance) decode(in uint32, size, width, height int) (image.Image, error) {
	facts, err := m.alloc(5 * 4)
	if err != nil {
		return nil, err
	}
	if err := m.call(in, size, true, facts, 0); err != nil {
		return nil, err
	}
	w, h, space, chroma, premultiplied := m.fact(facts), m.fact(facts+4), m.fact(facts+8), m.fact(facts+12), m.fact(facts+16)
	if w < 1 || h < 1 || w*h > width*height { // the memory was granted for what the boxes promise
		return nil, fmt.Errorf("boxes promise %d × %d, libheif finds %d × %d", width, height, w, h)
	}

	l, err := heicLayout(w, h, space, chroma)
	if err != nil {
		return nil, err
	}
	out, err := m.alloc(l.size())
	if err != nil {
		return nil, err
	}
	if err := m.call(in, size, false, facts, out); err != nil {
		return nil, err
	}
	pix, ok := m.module.Memory().Read(out, uint32(l.size()))
	if !ok {
		return nil, errHEIC
	}
	return l.image(pix, premultiplied != 0), nil
}

func (m heicInstance) alloc(size int) (uint32, error) {
	res, err := m.module.ExportedFunction("malloc").Call(context.Background(), uint64(size))
	if err != nil {
		return 0, err
	}
	if res[0] == 0 {
		return 0, fmt.Errorf("no memory in the sandbox for %d bytes", size)
	}
	return uint32(res[0]), nil
}

func (m heicInstance) call(in uint32, size int, headerOnly bool, facts, out uint32) error {
	header := uint64(0)
	if headerOnly {
		header = 1
	}
	at := uint64(facts)
	res, err := m.module.ExportedFunction("decode").Call(context.Background(), uint64(in), uint64(size), header,
		at, at+4, at+8, at+12, at+16, uint64(out))
	if err != nil {
		return err
	}
	if res[0] == 0 {
		return errHEIC
	}
	return nil
}

func (m heicInstance) fact(at uint32) int {
	v, _ := m.module.Memory().ReadUint32Le(at)
	return int(v)
}

// heicPlanes is how libheif lays out its result: rows have at least 64 samples, and are padded to 16 bytes.
type heicPlanes struct {
	width, height   int
	space           int
	ratio           image.YCbCrSubsampleRatio
	stride, cStride int
	cHeight         int
}

func heicLayout(width, height, space, chroma int) (heicPlanes, error) {
	row := func(samples, bytes int) int { return (max(samples+samples%2, 64)*bytes + 15) &^ 15 }
	l := heicPlanes{width: width, height: height, space: space, stride: row(width, 1)}
	switch {
	case space == heicMonochrome:
	case space == heicRGB:
		l.stride = row(width, 4)
	case space == heicYCbCr && chroma == heicChroma420:
		l.ratio, l.cStride, l.cHeight = image.YCbCrSubsampleRatio420, row((width+1)/2, 1), (height+1)/2
	case space == heicYCbCr && chroma == heicChroma422:
		l.ratio, l.cStride, l.cHeight = image.YCbCrSubsampleRatio422, row((width+1)/2, 1), height
	case space == heicYCbCr && chroma == heicChroma444:
		l.ratio, l.cStride, l.cHeight = image.YCbCrSubsampleRatio444, row(width, 1), height
	default:
		return l, fmt.Errorf("colour space %d, chroma %d", space, chroma)
	}
	return l, nil
}

func (l heicPlanes) size() int { return l.stride*l.height + 2*l.cStride*l.cHeight }

func (l heicPlanes) image(pix []byte, premultiplied bool) image.Image {
	r := image.Rect(0, 0, l.width, l.height)
	luma, chroma := l.stride*l.height, l.cStride*l.cHeight
	switch {
	case l.space == heicMonochrome:
		return &image.Gray{Pix: pix, Stride: l.stride, Rect: r}
	case l.space == heicRGB && premultiplied:
		return &image.RGBA{Pix: pix, Stride: l.stride, Rect: r}
	case l.space == heicRGB:
		return &image.NRGBA{Pix: pix, Stride: l.stride, Rect: r}
	}
	return &image.YCbCr{Y: pix[:luma], Cb: pix[luma : luma+chroma], Cr: pix[luma+chroma:], SubsampleRatio: l.ratio,
		YStride: l.stride, CStride: l.cStride, Rect: r}
}
