package capture

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
