package face

import "truename/capture"

// picture is an image with its halved copies, made when first needed, so that a region can be shrunk by any factor
// at a cost that depends on the target only, without aliasing. It serves one analysis, one region after the other.
type picture struct {
	levels []*capture.Image
	*scratch
}

// scratch is memory that filling inputs needs, used again for other pictures.
type scratch struct {
	patch patch
	sums  []uint64
}

func newPicture(img *capture.Image, memory *scratch) *picture {
	return &picture{levels: []*capture.Image{img}, scratch: memory}
}

func (p *picture) size() (width, height float64) {
	return float64(p.levels[0].Width), float64(p.levels[0].Height)
}

// level gives the copy that is best sampled at the given number of source pixels per target pixel, and how many
// source pixels one of its pixels is wide.
func (p *picture) level(scale float64) (*capture.Image, float64) {
	want := 0
	for s := scale; s > 1.6 && want < 32; s /= 2 {
		want++
	}
	for len(p.levels) <= want {
		last := p.levels[len(p.levels)-1]
		if last.Width < 2 || last.Height < 2 {
			break
		}
		p.levels = append(p.levels, halve(last))
	}
	want = min(want, len(p.levels)-1)
	return p.levels[want], float64(int(1) << want)
}

// halve averages blocks of 2×2 pixels; an odd last row or column is dropped.
func halve(src *capture.Image) *capture.Image {
	w, h := src.Width/2, src.Height/2
	dst := &capture.Image{Width: w, Height: h, Pix: make([]byte, 3*w*h)}
	stride := 3 * src.Width
	for y := range h {
		top := src.Pix[2*y*stride:][:6*w]
		bottom := src.Pix[(2*y+1)*stride:][:6*w]
		out := dst.Pix[3*y*w:][:3*w]
		for i, j := 0, 0; i+2 < len(out); i, j = i+3, j+6 {
			out[i] = byte((int(top[j]) + int(top[j+3]) + int(bottom[j]) + int(bottom[j+3]) + 2) >> 2)
			out[i+1] = byte((int(top[j+1]) + int(top[j+4]) + int(bottom[j+1]) + int(bottom[j+4]) + 2) >> 2)
			out[i+2] = byte((int(top[j+2]) + int(top[j+5]) + int(bottom[j+2]) + int(bottom[j+5]) + 2) >> 2)
		}
	}
	return dst
}
