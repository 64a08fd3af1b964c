package attacks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"truename"
	"truename/liveness"
)

// A recording on disk is a folder of JPEGs, each named after its capture time in milliseconds (000001250.jpg), and
// beside them, where more is known, session.json.
const sessionFile = "session.json"

// sessionForm is session.json. Without steps the challenge is fitted to what the frames show.
type sessionForm struct {
	Access liveness.Access `json:"access"`
	Steps  []stepForm      `json:"steps,omitempty"`
	Camera liveness.Camera `json:"camera"`
	// ArrivedMS is when each frame arrived, in order, in milliseconds from the first one's capture.
	ArrivedMS []int64 `json:"arrived_ms,omitempty"`
}

type stepForm struct {
	Action  liveness.Action `json:"action"`
	PauseMS int64           `json:"pause_ms"`
}

// Write keeps a recording in a folder, which is made. It shows people: treat it as personal data.
func Write(dir string, r liveness.Recording) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	form := sessionForm{Access: r.Access, Camera: r.Camera}
	for _, s := range r.Steps {
		form.Steps = append(form.Steps, stepForm{s.Action, s.Pause.Milliseconds()})
	}
	for f := range r.Frames {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%09d.jpg", f.Captured)), f.JPEG, 0o600); err != nil {
			return err
		}
		form.ArrivedMS = append(form.ArrivedMS, f.Arrived)
	}
	data, err := json.MarshalIndent(form, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, sessionFile), append(data, '\n'), 0o600)
}

// Read reads a recording's folder. Frames are read when they are asked for.
func Read(folder fs.FS, dir string) (liveness.Recording, error) {
	var r liveness.Recording
	entries, err := fs.ReadDir(folder, dir)
	if err != nil {
		return r, err
	}
	type file struct {
		name     string
		captured int64
	}
	var files []file
	for _, e := range entries {
		name, isJPEG := strings.CutSuffix(e.Name(), ".jpg")
		if !isJPEG {
			continue
		}
		captured, err := strconv.ParseInt(name, 10, 64)
		if err != nil || captured < 0 {
			return r, unreadable(dir, fmt.Errorf("%s is not named after a time in milliseconds", e.Name()))
		}
		files = append(files, file{path.Join(dir, e.Name()), captured})
	}
	slices.SortFunc(files, func(a, b file) int { return int(max(-1, min(1, a.captured-b.captured))) })
	if len(files) == 0 {
		return r, unreadable(dir, errors.New("it has no frames"))
	}
	var form sessionForm
	if data, err := fs.ReadFile(folder, path.Join(dir, sessionFile)); err == nil {
		if form, err = parseSession(data); err != nil {
			return r, unreadable(dir, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	r.Access, r.Camera = form.Access, form.Camera
	for _, s := range form.Steps {
		r.Steps = append(r.Steps, liveness.Step{Action: s.Action, Pause: time.Duration(s.PauseMS) * time.Millisecond})
	}
	r.Frames = func(yield func(liveness.RecordedFrame) bool) {
		for i, f := range files {
			data, err := fs.ReadFile(folder, f.name)
			if err != nil {
				data = nil // a frame that cannot be read is one that is no picture
			}
			arrived := f.captured - files[0].captured + 80
			if i < len(form.ArrivedMS) {
				arrived = form.ArrivedMS[i]
			}
			if !yield(liveness.RecordedFrame{Captured: f.captured, Arrived: arrived, JPEG: data}) {
				return
			}
		}
	}
	return r, nil
}

// parseSession reads session.json; what it does not know is an error.
func parseSession(data []byte) (sessionForm, error) {
	var form sessionForm
	if len(data) > 1<<16 {
		return form, errors.New("session.json is larger than 64 KiB")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&form); err != nil {
		return form, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return form, errors.New("session.json goes on after its end")
	}
	if len(form.Steps) > 16 {
		return form, errors.New("session.json has more than 16 steps")
	}
	for _, s := range form.Steps {
		if s.PauseMS < 0 || s.PauseMS > 60_000 {
			return form, fmt.Errorf("a pause of %d ms is out of range", s.PauseMS)
		}
	}
	return form, nil
}

func unreadable(dir string, cause error) *truename.Error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
		Detail: "The recording " + path.Base(dir) + " cannot be read.", Remedy: "See docs/liveness.md for the form of a recording.", Cause: cause}
}
