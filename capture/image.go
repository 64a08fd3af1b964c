package capture

import "image"

// Image is an upright picture in sRGB, without metadata.
type Image struct {
	// Width and Height in pixels, after the EXIF orientation was applied.
	Width, Height int
	// Pix holds R, G, B, one byte each (0..255), row by row from the top left: len(Pix) = 3·Width·Height.
	Pix []byte
	// Format is what the bytes were: "jpeg", "png", "webp" or "heic".
	Format string
	// SourceWidth and SourceHeight are the dimensions in the file, upright; larger than Width and Height when the
	// picture was decoded at a reduced scale.
	SourceWidth, SourceHeight int
	// JPEGQuality is the quality (1..100) estimated from a JPEG's luminance quantisation table after the formula
	// of the Independent JPEG Group; 0 where there is none.
	JPEGQuality int
}

// Std gives the image in the standard library's form, opaque. The pixels are copied.
func (m *Image) Std() *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, m.Width, m.Height))
	for i, j := 0, 0; i+2 < len(m.Pix); i, j = i+3, j+4 {
		out.Pix[j], out.Pix[j+1], out.Pix[j+2], out.Pix[j+3] = m.Pix[i], m.Pix[i+1], m.Pix[i+2], 0xff
	}
	return out
}
