package liveness

import (
	"math"
	"time"

	"truename/face"
)

// Camera is what the device says about itself. Nothing of it can be trusted; what it contradicts itself in is a sign, see
// [Signs].
type Camera struct {
	// Label is the camera's name, Width, Height and FrameRate what it delivers.
	Label     string  `json:"label,omitempty"`
	Width     int     `json:"width,omitempty"`
	Height    int     `json:"height,omitempty"`
	FrameRate float64 `json:"frame_rate,omitempty"`
	// Capabilities are the names of the settings that the camera can change (MediaStreamTrack.getCapabilities).
	Capabilities []string `json:"capabilities,omitempty"`
	// Reported says whether the device gave any of this: some browsers do not, which is no sign of anything.
	Reported bool `json:"reported,omitempty"`
}

// Evidence is what was measured on the frames of one session. It holds personal data: landmarks and templates. It
// stays in memory, below [EvidenceBytes] for each session, and is gone when the session is judged.
type Evidence struct {
	Camera Camera
	frames []seen
	// failures counts frames on which an inference failed.
	failures int
	spent    Spending
	// step is the newest frame's.
	step     int
	spectrum spectrum
}

// EvidenceBytes bounds the memory of one session's evidence: 140 frames with at most a signature of 1.2 kB, 68 landmarks
// and 468 mesh points, and the templates.
const EvidenceBytes = 2 << 20

// Spending counts the runs of costly networks in one session, against the budget.
type Spending struct{ Frames, Mesh, Presentation, Template int }

// Budget is what a session may cost the server at most. One verification runs the detector, landmarks and pose twice,
// the mesh six times and the recogniser four times; what this comes to in terms of it is in docs/liveness.md.
var Budget = Spending{Frames: MaxFrames, Mesh: 56, Presentation: 24, Template: 8}

// seen is what is kept of one frame.
type seen struct {
	Moment
	// arrived counts on the server's clock from the first frame's arrival.
	arrived       time.Duration
	width, height int
	faces         int
	dominance     float64
	roll          float64
	box           face.Detection
	landmarks     *face.Landmarks
	mesh          []face.Point
	live          float64 // NaN where not measured
	template      face.Template
	part          int     // see [Evidence.partOf]
	quality       float64 // of the sample for recognition, 0..1
	sharpness     float64
	ahead         bool // looked straight ahead, near enough
	signature     signature
	detail        float64
}

// Frames is how many frames were measured.
func (e *Evidence) Frames() int { return len(e.frames) }

// Spent is what the session has cost so far.
func (e *Evidence) Spent() Spending { return e.spent }

// lives gives the presentation network's probabilities.
func (e *Evidence) lives() []float64 {
	var all []float64
	for _, f := range e.frames {
		if f.Found && !math.IsNaN(f.live) {
			all = append(all, f.live)
		}
	}
	return all
}
