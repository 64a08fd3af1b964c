package capture

import (
	"context"
	"image"
)

// rowFunc writes stored row y of a picture into rgb: three bytes for each pixel.
type rowFunc func(rgb []byte, y int)

// render turns stored rows into the upright picture, reduced by averaging squares of n × n pixels (fewer at the right
// and bottom edge). It goes over the rows once: each is converted into the picture itself or into a buffer of one row.
func render(ctx context.Context, width, height int, o orientation, n int, row rowFunc) (*Image, error) {
	w, h := (width+n-1)/n, (height+n-1)/n
	img := &Image{Pix: make([]byte, 3*w*h)}
	img.Width, img.Height = o.upright(w, h)
	if o == upright && n == 1 {
		for y := range h {
			if err := checkEvery(ctx, y); err != nil {
				return nil, err
			}
			row(img.Pix[3*w*y:3*w*(y+1):3*w*(y+1)], y)
		}
		return img, nil
	}

	line := make([]byte, 3*w)
	if n > 1 {
		row = average(row, width, height, n)
	}
	first, right, down := o.steps(w, h)
	for y := range h {
		if err := checkEvery(ctx, y); err != nil {
			return nil, err
		}
		row(line, y)
		at, step := 3*(first+y*down), 3*right
		for i := 0; i+2 < len(line); i += 3 {
			to := img.Pix[at : at+3 : at+3]
			to[0], to[1], to[2] = line[i], line[i+1], line[i+2]
			at += step
		}
	}
	return img, nil
}

// checkEvery asks ctx for its end at every 64th row.
func checkEvery(ctx context.Context, y int) error {
	if y%64 == 0 {
		return ctx.Err()
	}
	return nil
}

// average gives the rows of the reduced picture.
func average(row rowFunc, width, height, n int) rowFunc {
	full := make([]byte, 3*width)
	sums := make([]uint32, 3*((width+n-1)/n))
	return func(rgb []byte, y int) {
		clear(sums)
		rows := min(n, height-y*n)
		for i := range rows {
			row(full, y*n+i)
			at := full
			for s := 0; s+2 < len(sums); s += 3 {
				var r, g, b uint32
				end := min(3*n, len(at))
				for j := 0; j+2 < end; j += 3 {
					r += uint32(at[j])
					g += uint32(at[j+1])
					b += uint32(at[j+2])
				}
				sums[s] += r
				sums[s+1] += g
				sums[s+2] += b
				at = at[end:]
			}
		}
		for s := 0; s+2 < len(sums); s += 3 {
			count := uint32(rows * min(n, width-s/3*n))
			rgb[s] = byte((sums[s] + count/2) / count)
			rgb[s+1] = byte((sums[s+1] + count/2) / count)
			rgb[s+2] = byte((sums[s+2] + count/2) / count)
		}
	}
}

// rowsOf gives the conversion for what the decoders return. Transparent pixels are shown on white: that is what a
// viewer shows, and a portrait that was cut out for an identity document stands on a light, plain background (ICAO
// Doc 9303); the colours under full transparency are arbitrary and must not reach the measurements.
func rowsOf(m image.Image, c coefficients) rowFunc {
	switch m := m.(type) {
	case *image.YCbCr:
		return yccRows(m, c)
	case *image.NYCbCrA:
		return onWhite(yccRows(&m.YCbCr, c), m)
	case *image.Gray:
		return grayRows(m)
	case *image.NRGBA:
		return nrgbaRows(m)
	case *image.RGBA:
		return rgbaRows(m)
	}
	return anyRows(m)
}

func grayRows(m *image.Gray) rowFunc {
	return func(rgb []byte, y int) {
		line := m.Pix[y*m.Stride:]
		for x := 0; 3*x+2 < len(rgb); x++ {
			v := line[x]
			rgb[3*x], rgb[3*x+1], rgb[3*x+2] = v, v, v
		}
	}
}

func nrgbaRows(m *image.NRGBA) rowFunc {
	return func(rgb []byte, y int) {
		line := m.Pix[y*m.Stride:]
		for i, j := 0, 0; i+2 < len(rgb); i, j = i+3, j+4 {
			p := line[j : j+4 : j+4]
			if p[3] == 255 {
				rgb[i], rgb[i+1], rgb[i+2] = p[0], p[1], p[2]
				continue
			}
			rgb[i], rgb[i+1], rgb[i+2] = overWhite(p[0], p[3]), overWhite(p[1], p[3]), overWhite(p[2], p[3])
		}
	}
}

// rgbaRows: colours are multiplied by alpha, so white adds what alpha leaves.
func rgbaRows(m *image.RGBA) rowFunc {
	return func(rgb []byte, y int) {
		line := m.Pix[y*m.Stride:]
		for i, j := 0, 0; i+2 < len(rgb); i, j = i+3, j+4 {
			p := line[j : j+4 : j+4]
			white := 255 - p[3]
			rgb[i], rgb[i+1], rgb[i+2] = addWhite(p[0], white), addWhite(p[1], white), addWhite(p[2], white)
		}
	}
}

func onWhite(row rowFunc, m *image.NYCbCrA) rowFunc {
	return func(rgb []byte, y int) {
		row(rgb, y)
		alpha := m.A[y*m.AStride:]
		for i := 0; i+2 < len(rgb); i += 3 {
			if a := alpha[i/3]; a != 255 {
				rgb[i], rgb[i+1], rgb[i+2] = overWhite(rgb[i], a), overWhite(rgb[i+1], a), overWhite(rgb[i+2], a)
			}
		}
	}
}

// anyRows serves the rare ones (16 bits, palettes, CMYK) through the general interface.
func anyRows(m image.Image) rowFunc {
	return func(rgb []byte, y int) {
		for x := 0; 3*x+2 < len(rgb); x++ {
			r, g, b, a := m.At(x, y).RGBA() // multiplied by alpha
			white := 0xffff - a
			rgb[3*x] = byte(min(r+white, 0xffff) >> 8)
			rgb[3*x+1] = byte(min(g+white, 0xffff) >> 8)
			rgb[3*x+2] = byte(min(b+white, 0xffff) >> 8)
		}
	}
}

func overWhite(v, alpha byte) byte {
	return byte((uint32(v)*uint32(alpha) + 255*(255-uint32(alpha)) + 127) / 255)
}

// addWhite saturates: a hostile file may have colours above its alpha.
func addWhite(v, white byte) byte { return byte(min(uint32(v)+uint32(white), 255)) }
