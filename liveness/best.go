package liveness

import (
	"truename"
)

// Best gives the index, among the frames measured, of the one that serves best as a single sample for recognition. It is one of
// those whose template was made, so it shows the person whom the continuity of the session was measured on. False: there is none.
func (e *Evidence) Best() (frame int, ok bool) {
	quality := -1.0
	for i, f := range e.frames {
		if f.template.Vector != nil && f.quality > quality {
			frame, quality = i, f.quality
		}
	}
	return frame, quality >= 0
}

// leastEyes is the distance between the eyes, in pixels, below which a person is asked to come closer.
const leastEyes = 36

// Guide gives what the person can do about the newest frame; empty when it is as it should be, or nothing was measured yet.
func (e *Evidence) Guide(phase Phase) truename.Guidance {
	if len(e.frames) == 0 {
		return ""
	}
	switch f := e.frames[len(e.frames)-1]; {
	case !f.Found:
		return truename.GuideShowFace
	case f.faces > 1 && f.dominance < 0.5:
		return truename.GuideOnePerson
	case f.Size < leastEyes:
		return truename.GuideMoveCloser
	case phase == PhaseSettle && !f.ahead:
		return truename.GuideLookAhead
	}
	return ""
}
