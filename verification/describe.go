package verification

import (
	"math"

	"truename"
	"truename/capture"
	"truename/face"
)

// describe turns an analysis into its public form, in pixels of the file, also when that was decoded at a reduced
// scale. A picture that could not be read has no analysis.
func describe(img *capture.Image, a *face.Analysis) Sample {
	s := Sample{Landmarks: [][2]float64{}, Quality: []Measure{}, Guidance: []truename.Guidance{}}
	if a == nil {
		return s
	}
	s.Width, s.Height, s.Faces, s.Dominance = img.SourceWidth, img.SourceHeight, a.Faces, round(a.Dominance)
	if a.Faces == 0 {
		s.Guidance = append(s.Guidance, truename.GuideShowFace)
		return s
	}
	kx, ky := float64(img.SourceWidth)/float64(img.Width), float64(img.SourceHeight)/float64(img.Height)
	f := a.Face
	s.Box = &Box{round(kx * (f.Centre.X - f.Width/2)), round(ky * (f.Centre.Y - f.Height/2)), round(kx * f.Width), round(ky * f.Height), round(f.Angle)}
	for _, p := range a.Landmarks {
		s.Landmarks = append(s.Landmarks, [2]float64{round(kx * p.X), round(ky * p.Y)})
	}
	s.Pose = &Pose{round(a.Pose.Yaw), round(a.Pose.Pitch), round(a.Pose.Roll)}
	for _, m := range a.Quality {
		s.Quality = append(s.Quality, Measure{Name: m.Name, Value: round(m.Value), Limit: m.Limit, Advice: m.Advice,
			Unit: m.Unit, Status: string(m.Status), Guidance: m.Guidance})
	}
	s.Guidance = append(s.Guidance, a.Guidance()...)
	return s
}

// round keeps three decimals: more would be noise in an answer.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }

// reasons says in words why a sample is unusable; none for a picture that could not be read.
func reasons(a *face.Analysis) []Reason {
	var rs []Reason
	if a == nil {
		return nil
	}
	for _, p := range a.Problems() {
		text := sentences[p.Code]
		rs = append(rs, Reason{Sample: a.Use, Code: p.Code, Detail: text[0], Remedy: text[1]})
	}
	return rs
}

// sentences gives detail and remedy of each reason. User interfaces translate by code.
var sentences = map[truename.Code][2]string{
	truename.ReasonNoFace:       {"No face was found.", "Show one face, upright, well lit and not covered."},
	truename.ReasonSeveralFaces: {"There are several faces and none is clearly the main one.", "Take the picture with one person only, or crop it to that person."},
	truename.ReasonFaceTooSmall: {"The face is too small.", "Move closer, or photograph the document from nearer; a small original cannot be enlarged."},
	truename.ReasonBlurred:      {"The face is blurred.", "Hold still, clean the lens and let the camera focus."},
	truename.ReasonUnderexposed: {"The face is too dark.", "Turn towards a light."},
	truename.ReasonOverexposed:  {"The face is too bright.", "Move out of the direct light."},
	truename.ReasonUnevenLight:  {"One side of the face is much darker than the other.", "Face the light."},
	truename.ReasonTurnedAway:   {"The head is turned too far.", "Look straight at the camera, head upright."},
	truename.ReasonEyesClosed:   {"Both eyes appear closed.", "Open your eyes; where that is not possible, use the route without a face comparison."},
	truename.ReasonCropped:      {"Part of the face lies outside of the picture.", "Show the whole face."},
	truename.ReasonCompressed:   {"The picture is compressed so much that detail is lost.", "Use the original file."},
	truename.ReasonNotAFace:     {"What was found does not look like a human face.", "Show a real face."},
}
