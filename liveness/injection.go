package liveness

import (
	"math"
	"strings"

	"truename"
)

// Sign is one hint that frames were not taken by a camera. Its weight says how much of a pass it takes away; all of
// them together can make a session undecided, never an attack: each has honest causes.
type Sign struct {
	Name   truename.Code `json:"name"`
	Weight float64       `json:"weight"`
}

// Weights of the signs. A sum of 0.5 or more does not pass.
const (
	weightVirtual      = 0.6  // the name of a virtual camera; honest: effects, or a phone used as a camera
	weightTiming       = 0.5  // frames exactly as far apart as no camera and no browser deliver them; honest: a coarse clock
	weightCapabilities = 0.25 // a camera that can change nothing; honest: old ones
	weightFormat       = 0.25 // frames of another size than the camera says it delivers; honest: a rotated phone
	weightNoise        = 0.5  // the same noise again; honest: strong noise reduction in good light
	weightEnlarged     = 0.3  // no detail at the finest scale; honest: a soft lens, a low bit rate
)

// virtualCameras are parts of the names that programs give to cameras that are none, in lower case.
var virtualCameras = []string{"obs", "virtual", "manycam", "xsplit", "snap camera", "v4l2loopback", "dummy video", "fake", "akvcam",
	"splitcam", "webcamoid", "e2esoft", "vcam", "mmhmm", "camtwist", "youcam", "avatarify", "deepfacelive", "sparkocam", "ivcam", "droidcam", "screen capture"}

// Signs gives the hints of injection there are.
func (e *Evidence) Signs() []Sign {
	var signs []Sign
	add := func(is bool, name truename.Code, weight float64) {
		if is {
			signs = append(signs, Sign{name, weight})
		}
	}
	label := strings.ToLower(e.Camera.Label)
	virtual := false
	for _, v := range virtualCameras {
		virtual = virtual || strings.Contains(label, v)
	}
	add(virtual, "virtual_camera", weightVirtual)
	add(e.Camera.Reported && len(e.Camera.Capabilities) == 0, "no_capabilities", weightCapabilities)
	add(e.timingTooEven(), "even_timing", weightTiming)
	add(e.otherFormat(), "other_format", weightFormat)
	_, nearest := e.repeats()
	add(len(e.frames) > 8 && nearest < sameNoise, "same_noise", weightNoise)
	if d := e.fineDetail(); !math.IsNaN(d) {
		add(d < enlarged, "enlarged", weightEnlarged)
	}
	return signs
}

// sameNoise is the difference of signatures below which two frames share their noise; enlarged the detail below which
// a picture was probably made larger than it was taken.
const (
	sameNoise = 0.35
	enlarged  = 0.12
)

func (e *Evidence) measureInjection() Fact {
	f := Fact{Name: FactInjection, Measures: map[string]float64{}}
	sum := 0.0
	for _, s := range e.Signs() {
		sum += s.Weight
		f.Reasons = append(f.Reasons, s.Name)
	}
	f.Measures["injection_weight"] = sum
	if d := e.fineDetail(); !math.IsNaN(d) {
		f.Measures["detail"] = d
	}
	// Never proof alone: the margin ends before it fails.
	f.Margin = math.Max(-0.9, limit{0.49, 1.5}.margin(sum))
	return f
}

// timingTooEven says whether the frames are spaced as by a rule: real cameras under a browser's timers jitter.
func (e *Evidence) timingTooEven() bool {
	if len(e.frames) < 20 {
		return false
	}
	gaps := map[int64]int{}
	most := 0
	for i := 1; i < len(e.frames); i++ {
		g := (e.frames[i].At - e.frames[i-1].At).Milliseconds()
		gaps[g]++
		most = max(most, gaps[g])
	}
	return most == len(e.frames)-1
}

// otherFormat says whether frames have another shape than the camera says it delivers, on their side or not.
func (e *Evidence) otherFormat() bool {
	if e.Camera.Width <= 0 || e.Camera.Height <= 0 || len(e.frames) == 0 {
		return false
	}
	said := math.Abs(math.Log(float64(e.Camera.Width) / float64(e.Camera.Height)))
	is := math.Abs(math.Log(float64(e.frames[0].width) / float64(e.frames[0].height)))
	return math.Abs(said-is) > 0.1
}

// fineDetail is the median of the frames' detail.
func (e *Evidence) fineDetail() float64 {
	var all []float64
	for _, f := range e.frames {
		if f.Found && f.ahead {
			all = append(all, f.detail)
		}
	}
	return median(all)
}
