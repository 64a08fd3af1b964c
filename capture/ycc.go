package capture

import "image"

// coefficients of the conversion from Y'CbCr to R'G'B', scaled by 65536. Y is taken less its offset, Cb and Cr less 128.
type coefficients struct {
	y, yOffset             int32
	crToR, cbToG, crToG, b int32 // b is Cb to B
}

// The conversions that occur. Kr and Kb are those of ITU-R BT.601 and BT.709.
var (
	// jfif is BT.601 in full range (ITU-T T.871), what JPEG and nearly all HEIC cameras write.
	jfif = newCoefficients(0.299, 0.114, true)
	// bt601Studio is BT.601 in the range 16..235, what WebP has by definition (RFC 6386).
	bt601Studio = newCoefficients(0.299, 0.114, false)
)

func newCoefficients(kr, kb float64, full bool) coefficients {
	kg := 1 - kr - kb
	luma, chroma, offset := 1.0, 1.0, int32(0)
	if !full {
		luma, chroma, offset = 255.0/219, 255.0/224, 16
	}
	scaled := func(v float64) int32 {
		if v < 0 {
			return int32(v*65536 - 0.5)
		}
		return int32(v*65536 + 0.5)
	}
	return coefficients{
		y: scaled(luma), yOffset: offset,
		crToR: scaled(chroma * 2 * (1 - kr)),
		cbToG: scaled(-chroma * 2 * (1 - kb) * kb / kg),
		crToG: scaled(-chroma * 2 * (1 - kr) * kr / kg),
		b:     scaled(chroma * 2 * (1 - kb)),
	}
}

// yccRows converts straight from the planes; a chroma sample serves all pixels it covers.
func yccRows(m *image.YCbCr, c coefficients) rowFunc {
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio440:
		return func(rgb []byte, y int) {
			at := m.COffset(m.Rect.Min.X, m.Rect.Min.Y+y)
			n := len(rgb) / 3
			luma := m.Y[y*m.YStride:][:n]
			cb, cr := m.Cb[at:][:n], m.Cr[at:][:n]
			for x := range luma {
				r, g, b := c.chroma(cb[x], cr[x])
				c.put(rgb[3*x:3*x+3:3*x+3], luma[x], r, g, b)
			}
		}
	case image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio422:
		return func(rgb []byte, y int) {
			at := m.COffset(m.Rect.Min.X, m.Rect.Min.Y+y)
			n := len(rgb) / 3
			luma := m.Y[y*m.YStride:][:n]
			cb, cr := m.Cb[at:][:(n+1)/2], m.Cr[at:][:(n+1)/2]
			for x := range n / 2 {
				r, g, b := c.chroma(cb[x], cr[x])
				two, out := luma[2*x:2*x+2:2*x+2], rgb[6*x:6*x+6:6*x+6]
				c.put(out[:3], two[0], r, g, b)
				c.put(out[3:], two[1], r, g, b)
			}
			if n%2 == 1 {
				r, g, b := c.chroma(cb[n/2], cr[n/2])
				c.put(rgb[3*n-3:], luma[n-1], r, g, b)
			}
		}
	}
	return func(rgb []byte, y int) { // 4:1:1 and 4:1:0
		for x := 0; 3*x+2 < len(rgb); x++ {
			at := m.COffset(m.Rect.Min.X+x, m.Rect.Min.Y+y)
			r, g, b := c.chroma(m.Cb[at], m.Cr[at])
			c.put(rgb[3*x:3*x+3], m.Y[y*m.YStride+x], r, g, b)
		}
	}
}

// chroma gives what a pair of chroma samples adds to R, G and B, half a step for rounding included.
func (c *coefficients) chroma(cb, cr byte) (r, g, b int32) {
	u, v := int32(cb)-128, int32(cr)-128
	return c.crToR*v + 1<<15, c.cbToG*u + c.crToG*v + 1<<15, c.b*u + 1<<15
}

func (c *coefficients) put(to []byte, luma byte, r, g, b int32) {
	l := (int32(luma) - c.yOffset) * c.y
	_ = to[2]
	to[0], to[1], to[2] = clamp(l+r), clamp(l+g), clamp(l+b)
}

// clamp takes a value scaled by 65536 to 0..255.
func clamp(v int32) byte {
	if uint32(v) < 256<<16 {
		return byte(v >> 16)
	}
	return byte(^(v >> 31))
}
