package barcode

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/qrcode"

	"truename"
	"truename/capture"
)

// MaxCodes is how many codes are read from one picture.
const MaxCodes = 4

// Symbology is the kind of a code.
type Symbology string

// Symbologies.
const (
	QR         Symbology = "qr"
	DataMatrix Symbology = "data_matrix"
)

// Point is a place in the picture, in pixels from its top left corner.
type Point struct{ X, Y float64 }

// Code is what a code holds. It may be personal data.
type Code struct {
	Symbology Symbology
	// Text is the content as characters. Where the code does not say in which encoding its bytes are, that is guessed.
	Text string
	// Bytes are the parts of the content in byte mode, one after the other, as they are in the code; nil when there
	// are none (digits and letters have modes of their own). Only QR codes have them.
	Bytes []byte
	// Points are the centres of the finder patterns of a QR code, or the corners of a Data Matrix.
	Points []Point
}

// Limits of one search. A field that is zero or negative has the value of [DefaultLimits].
type Limits struct {
	// MaxPixels that are searched; a larger picture is reduced.
	MaxPixels int
	// MaxTime of a search.
	MaxTime time.Duration
}

// DefaultLimits are 8 megapixels, which is all that package capture gives with its own defaults, and 3 seconds.
func DefaultLimits() Limits { return Limits{MaxPixels: 8_000_000, MaxTime: 3 * time.Second} }

// Reader reads codes. It holds nothing of what it has read, and any number of goroutines may use it.
type Reader struct{ limits Limits }

// NewReader makes a reader.
func NewReader(l Limits) *Reader {
	d := DefaultLimits()
	if l.MaxPixels <= 0 {
		l.MaxPixels = d.MaxPixels
	}
	if l.MaxTime <= 0 {
		l.MaxTime = d.MaxTime
	}
	return &Reader{limits: l}
}

// Read finds the codes in a picture: several QR codes of about one size, or one Data Matrix that stands upright or lies
// on a side, within some ten degrees; none is no error. The error is a *truename.Error: invalid_request when m is not a
// picture, timeout when the time or ctx ended before a code was found.
func (r *Reader) Read(ctx context.Context, m *capture.Image) ([]Code, error) {
	if m == nil || m.Width <= 0 || m.Height <= 0 || len(m.Pix) != 3*m.Width*m.Height {
		return nil, &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
			Detail: "There is no picture to read a code from.", Remedy: "Send a picture."}
	}
	ctx, cancel := context.WithTimeout(ctx, r.limits.MaxTime)
	defer cancel()
	s := search{ctx: ctx, plane: luminance(m, r.limits.MaxPixels)}
	s.run()
	if len(s.found) == 0 && ctx.Err() != nil {
		return nil, &truename.Error{Kind: truename.KindTimeout, Code: truename.CodeTimeout,
			Detail: "No code was found in the time there is.", Remedy: "Photograph the code closer, alone and straight.", Cause: ctx.Err()}
	}
	return s.found, nil
}

// search is the search of one picture.
type search struct {
	ctx   context.Context
	plane plane
	found []Code
}

// run looks for QR codes at three sizes, until there is one: grain hides them at full size, and at half the smallest
// modules are lost. Then for a Data Matrix, which the decoder expects in the middle, in the whole and in parts of it.
func (s *search) run() {
	for p := s.plane; p.width >= minSide && p.height >= minSide && p.scale <= 4; p = p.halved() {
		for len(s.found) < MaxCodes && s.ctx.Err() == nil {
			code, ok := attempt(s.ctx, p, p.whole(), QR)
			if !ok {
				break
			}
			p.blank(code.Points)
			s.add(code)
		}
		if len(s.found) > 0 || s.ctx.Err() != nil {
			return
		}
	}
	p := s.plane
	for p.width*p.height > matrixPixels {
		p = p.halved()
	}
	for _, w := range p.windows() {
		if len(s.found) > 0 || s.ctx.Err() != nil {
			return
		}
		if code, ok := attempt(s.ctx, p, w, DataMatrix); ok {
			s.add(code)
		}
	}
}

// add takes a code in unless it is there already.
func (s *search) add(c Code) {
	if slices.ContainsFunc(s.found, func(o Code) bool {
		return o.Symbology == c.Symbology && o.Text == c.Text && bytes.Equal(o.Bytes, c.Bytes)
	}) {
		return
	}
	for i, p := range c.Points {
		c.Points[i] = Point{p.X * s.plane.origin, p.Y * s.plane.origin}
	}
	s.found = append(s.found, c)
}

// maxPatterns bounds the finder patterns of an attempt: the decoder tries all threes of them.
const maxPatterns = 300

// stopped ends an attempt from within the decoder, which has no other way out.
type stopped struct{}

// attempt decodes one code in a window of the picture. Points are in the pixels of the largest plane.
func attempt(ctx context.Context, p plane, w window, kind Symbology) (code Code, ok bool) {
	defer func() {
		if recover() != nil {
			code, ok = Code{}, false
		}
	}()
	source, err := gozxing.NewPlanarYUVLuminanceSource(p.pix, p.width, p.height, w.x, w.y, w.width, w.height, false)
	if err != nil {
		return Code{}, false
	}
	bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(source))
	if err != nil {
		return Code{}, false
	}
	patterns := 0
	hints := map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_TRY_HARDER: true,
		gozxing.DecodeHintType_NEED_RESULT_POINT_CALLBACK: gozxing.ResultPointCallback(func(gozxing.ResultPoint) {
			if patterns++; patterns > maxPatterns || ctx.Err() != nil {
				panic(stopped{})
			}
		}),
	}
	var decoder gozxing.Reader = qrcode.NewQRCodeReader()
	if kind == DataMatrix {
		decoder = datamatrix.NewDataMatrixReader()
	}
	result, err := decoder.Decode(bitmap, hints)
	if err != nil || ctx.Err() != nil && result == nil {
		return Code{}, false
	}
	code = Code{Symbology: kind, Text: result.GetText()}
	if kind == QR {
		segments, _ := result.GetResultMetadata()[gozxing.ResultMetadataType_BYTE_SEGMENTS].([][]byte)
		code.Bytes = bytes.Join(segments, nil)
		if len(segments) == 0 {
			code.Bytes = nil
		}
	}
	for _, at := range result.GetResultPoints() {
		code.Points = append(code.Points, Point{(at.GetX() + float64(w.x)) * p.scale, (at.GetY() + float64(w.y)) * p.scale})
	}
	return code, true
}
