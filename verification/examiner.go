package verification

import (
	"truename/capture"
	"truename/liveness"
)

// Examiner gives what examines the frames of capture sessions, on the same networks.
func (e *Engine) Examiner() *liveness.Examiner {
	return liveness.NewExaminer(capture.NewDecoder(liveness.FrameLimits()), e.faces)
}
