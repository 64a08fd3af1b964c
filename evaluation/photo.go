package evaluation

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"image"
	"image/jpeg"
	_ "image/png" // the layout allows PNG beside JPEG
	"io"
	"io/fs"

	"golang.org/x/image/draw"
)

// Limits and size of the pictures in a report.
const (
	maxPhotoBytes  = 20 << 20
	maxPhotoPixels = 50_000_000
	thumbnailSide  = 168
)

// thumbnail gives the central square of a sample's picture as a data URI; empty when it cannot be decoded (the report
// then says so). Metadata do not survive.
func thumbnail(photos fs.FS, sample Sample) template.URL {
	file, err := photos.Open(string(sample))
	if err != nil {
		return ""
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxPhotoBytes+1))
	if err != nil || len(data) > maxPhotoBytes {
		return ""
	}
	header, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || header.Width < 1 || header.Height < 1 || header.Width > maxPhotoPixels/header.Height {
		return ""
	}
	photo, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return ""
	}
	bounds := photo.Bounds()
	side := min(bounds.Dx(), bounds.Dy())
	corner := bounds.Min.Add(image.Pt((bounds.Dx()-side)/2, (bounds.Dy()-side)/2))
	small := image.NewRGBA(image.Rect(0, 0, thumbnailSide, thumbnailSide))
	draw.CatmullRom.Scale(small, small.Bounds(), photo, image.Rectangle{corner, corner.Add(image.Pt(side, side))}, draw.Src, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: 82}); err != nil {
		return ""
	}
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(out.Bytes()))
}
