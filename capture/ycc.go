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

// yccRows converts straight from the planes.
func yccRows(m *image.YCbCr, c coefficients) rowFunc {
	convert := c.halfLine
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio440:
		convert = c.fullLine
	case image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410:
		convert = c.quarterLine
	}
	return func(rgb []byte, y int) {
		at := m.COffset(m.Rect.Min.X, m.Rect.Min.Y+y)
		convert(rgb, m.Y[y*m.YStride:][:len(rgb)/3], m.Cb[at:], m.Cr[at:])
	}
}

// halfLine converts a row that has chroma for every second pixel. Here most time goes, so it is written out: nothing
// is called, and a chroma sample is worked out once for its two pixels.
func (c coefficients) halfLine(rgb, luma, cb, cr []byte) {
	n := len(luma)
	cb, cr = cb[:(n+1)/2], cr[:(n+1)/2]
	for x := range n / 2 {
		u, v := int32(cb[x])-128, int32(cr[x])-128
		r, g, b := c.crToR*v+1<<15, c.cbToG*u+c.crToG*v+1<<15, c.b*u+1<<15
		pair, to := luma[2*x:2*x+2:2*x+2], rgb[6*x:6*x+6:6*x+6]
		l := (int32(pair[0]) - c.yOffset) * c.y
		to[0], to[1], to[2] = clamp(l+r), clamp(l+g), clamp(l+b)
		l = (int32(pair[1]) - c.yOffset) * c.y
		to[3], to[4], to[5] = clamp(l+r), clamp(l+g), clamp(l+b)
	}
	if n%2 == 1 {
		c.fullLine(rgb[3*n-3:], luma[n-1:], cb[n/2:], cr[n/2:])
	}
}

// fullLine converts a row that has chroma for every pixel.
func (c coefficients) fullLine(rgb, luma, cb, cr []byte) {
	cb, cr = cb[:len(luma)], cr[:len(luma)]
	for x := range luma {
		u, v := int32(cb[x])-128, int32(cr[x])-128
		l, to := (int32(luma[x])-c.yOffset)*c.y+1<<15, rgb[3*x:3*x+3:3*x+3]
		to[0], to[1], to[2] = clamp(l+c.crToR*v), clamp(l+c.cbToG*u+c.crToG*v), clamp(l+c.b*u)
	}
}

// quarterLine converts a row that has chroma for every fourth pixel.
func (c coefficients) quarterLine(rgb, luma, cb, cr []byte) {
	for x := range luma {
		c.fullLine(rgb[3*x:3*x+3], luma[x:x+1], cb[x/4:], cr[x/4:])
	}
}

// clamp takes a value scaled by 65536 to 0..255.
func clamp(v int32) byte {
	if uint32(v) < 256<<16 {
		return byte(v >> 16)
	}
	return byte(^(v >> 31))
}
