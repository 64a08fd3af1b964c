package attacks

import (
	"math"
	"math/rand/v2"

	"truename/capture"
	"truename/liveness"
)

// Species is one kind of presentation.
type Species struct {
	// Name is what its folder and its figures are called.
	Name string
	// BonaFide says that it is none of an attack.
	BonaFide bool
	// Beyond says that software without a trusted camera cannot tell it from a bona fide session in principle; it is
	// measured so that this is seen, and is no part of the goal.
	Beyond bool
	// What it is, and what of it is not simulated.
	What, NotSimulated string

	make func(c *cast) liveness.Recording
}

// cast is what a recording is made of.
type cast struct {
	random *rand.Rand
	trial  int
	film   *Source // the person's film
	still  *Source // a still, of whomever
	person *Source // either: the person the session is about
	other  *Source // somebody else
	second *Source // the same person as film at another time
	access liveness.Access
	fitted []liveness.Step // for a film as it is
}

// All gives the species, bona fide ones first.
func All() []Species {
	return []Species{
		{Name: "film", BonaFide: true, make: (*cast).filmed,
			What:         "Pieces of real films of two men who move as they like; the challenge is fitted to what they do.",
			NotSimulated: "Following a request. The films are small, compressed twice, and of two people only; pieces of one film overlap."},
		{Name: "turned_film", BonaFide: true, make: func(c *cast) liveness.Recording { return c.turned(c.film) },
			What:         "Real films, the head turned further through a surface laid over its mesh, following a drawn challenge.",
			NotSimulated: "Light that changes with the turn, what the turn uncovers, a moving background."},
		{Name: "turned_still", BonaFide: true, make: func(c *cast) liveness.Recording { return c.turned(c.still) },
			What:         "Published photos of several people, turned the same way, with a sensor's noise.",
			NotSimulated: "All of the above, and any life in the face: no blink, no lips, no expression. They are photos that were printed, edited or scanned before."},

		{Name: "still_photo", make: (*cast).heldPhoto,
			What:         "A print held before the camera by a hand that trembles; nothing follows.",
			NotSimulated: "Halftone dots, gloss, creases, fingers."},
		{Name: "moved_photo", make: func(c *cast) liveness.Recording { return c.photo(0, slideReach(c.random)) },
			What:         "A print pushed and turned in its plane toward what is asked for.",
			NotSimulated: "As still_photo."},
		{Name: "tilted_photo", make: func(c *cast) liveness.Recording { return c.photo(0, tiltReach(c.random)) },
			What:         "A print tilted by 30° to 50° toward what is asked for, and brought closer.",
			NotSimulated: "As still_photo; light that changes with the tilt."},
		{Name: "bent_photo", make: func(c *cast) liveness.Recording { return c.photo(50+50*c.random.Float64(), tiltReach(c.random)) },
			What:         "The same with the print bent about an upright axis by 50° to 100°.",
			NotSimulated: "As tilted_photo; bending that changes."},
		{Name: "cut_out_eyes", make: (*cast).cutOut,
			What:         "A print with its eyes cut out, tilted, before somebody else's live eyes.",
			NotSimulated: "As tilted_photo; the shadow of the edges."},
		{Name: "zoomed_photo", make: (*cast).zoomed,
			What:         "A photo that fills the frame, enlarged whatever is asked for; shown without print or screen.",
			NotSimulated: "The medium: this is the photo itself."},
		{Name: "replay_wrong_order", make: func(c *cast) liveness.Recording { return c.replay(false) },
			What:         "A screen that plays a recorded session of the person, made for another draw.",
			NotSimulated: "Flicker, rolling bars, viewing angle, the thickness of the glass."},
		{Name: "replay_right_order", make: func(c *cast) liveness.Recording { return c.replay(true) },
			What:         "The same by luck made for the same draw: for the facts other than the challenge alone.",
			NotSimulated: "As replay_wrong_order. That the pauses fit as well is granted."},
		{Name: "face_swap", make: (*cast).swapped,
			What:         "One person begins, another goes on from the middle; both follow.",
			NotSimulated: "People changing places: the change is between two frames."},
		{Name: "spliced", make: (*cast).spliced,
			What:         "Two films of one person in one room, cut together at a moment of looking ahead.",
			NotSimulated: "A morph across the cut."},
		{Name: "virtual_camera", make: func(c *cast) liveness.Recording { return c.injected(true) },
			What:         "A recorded session of the right order, enlarged and compressed again, played into the browser by a program that gives itself out as a camera under its own name.",
			NotSimulated: "The program: what it says of itself is written down."},
		{Name: "morph", make: (*cast).morphed,
			What:         "A face that changes into another person's across the session, turned in three dimensions.",
			NotSimulated: "Hair and outline change little; the product of a trained network."},

		{Name: "hidden_injection", Beyond: true, make: func(c *cast) liveness.Recording { return c.injected(false) },
			What:         "As virtual_camera, under a real camera's name, with its settings, uneven timing and no enlargement.",
			NotSimulated: "Nothing: for software that trusts no camera this is a bona fide session. Only the draw, one in 544, stands against it."},
	}
}

// camera gives the metadata of some honest camera.
func (c *cast) camera(width, height int) liveness.Camera {
	labels := []string{"Integrated Camera (04f2:b6dd)", "FaceTime HD Camera", "camera2 1, facing front", "Front Camera", "HD Pro Webcam C920"}
	return liveness.Camera{Label: labels[c.random.IntN(len(labels))], Width: width, Height: height, FrameRate: 30, Reported: true,
		Capabilities: []string{"aspectRatio", "facingMode", "frameRate", "height", "width", "exposureMode", "whiteBalanceMode"}}
}

// shoot makes a recording: the picture for each cue, with a sensor's noise, as a JPEG.
func (c *cast) shoot(challenge liveness.Challenge, cues []cue, noise float64, quality int, picture func(cue) *capture.Image) liveness.Recording {
	r := liveness.Recording{Access: challenge.Access, Steps: challenge.Steps}
	first := picture(cues[0])
	r.Camera = c.camera(first.Width, first.Height)
	// Frames are made when they are asked for, once: a session that is over early needs no more of them.
	r.Frames = func(yield func(liveness.RecordedFrame) bool) {
		arrived := int64(0)
		for _, q := range cues {
			arrived = max(arrived, q.captured-cues[0].captured+60+int64(90*c.random.ExpFloat64()))
			if !yield(liveness.RecordedFrame{Captured: q.captured, Arrived: arrived, JPEG: Sensor(picture(q), noise, quality, c.random)}) {
				return
			}
		}
	}
	return r
}

// draw draws a challenge.
func (c *cast) draw() liveness.Challenge {
	challenge, err := liveness.Draw(byteSource{c.random}, c.access)
	if err != nil {
		panic(err) // this source has no end
	}
	return challenge
}

// byteSource reads random numbers as bytes.
type byteSource struct{ random *rand.Rand }

func (b byteSource) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b.random.Uint32())
	}
	return len(p), nil
}

// filmed is a piece of the film as it is, with the challenge that it follows.
func (c *cast) filmed() liveness.Recording {
	r := liveness.Recording{Access: c.access, Steps: c.fitted}
	r.Camera = c.camera(c.film.shots[0].img.Width, c.film.shots[0].img.Height)
	r.Frames = func(yield func(liveness.RecordedFrame) bool) {
		at, arrived := 1000.0, int64(0)
		for _, s := range c.film.shots {
			captured := int64(at + 12*(c.random.Float64()-0.5))
			arrived = max(arrived, captured-1000+80+int64(60*c.random.ExpFloat64()))
			if !yield(liveness.RecordedFrame{Captured: captured, Arrived: arrived, JPEG: Sensor(s.img, 0, 92, c.random)}) {
				return
			}
			at += c.film.interval
		}
	}
	return r
}

// turned is a person who follows.
func (c *cast) turned(src *Source) liveness.Recording {
	challenge := c.draw()
	p := newPuppet(src, 1000*float64(c.trial))
	return c.shoot(challenge, script(challenge, c.random, headReach(c.access, c.random)), noiseOf(src), 90, p.show)
}

// noiseOf gives stills the noise that films have of their own.
func noiseOf(src *Source) float64 {
	if len(src.shots) == 1 {
		return 0.9
	}
	return 0.25
}

// photo is a print of the person, bent or not, handled as reach says.
func (c *cast) photo(bend float64, reach func(liveness.Action) View) liveness.Recording {
	challenge := c.draw()
	shown, sheet, room := c.printed(c.person)
	sheet.Bend = bend
	return c.shoot(challenge, script(challenge, c.random, reach), 0.9, 90, func(q cue) *capture.Image {
		return sheet.Show(shown, room, q.view)
	})
}

// printed gives a print of a source, how it is held, and the room behind it.
func (c *cast) printed(src *Source) (*capture.Image, Sheet, *capture.Image) {
	s := src.at(1000 * float64(c.trial))
	shown := Print(s.img)
	k := 0.85 + 0.2*c.random.Float64()
	tint := 110 + 70*c.random.Float64()
	room := Room(s.img.Width, s.img.Height, [3]float64{tint, tint * (0.92 + 0.1*c.random.Float64()), tint * (0.8 + 0.2*c.random.Float64())}, c.random.Uint64())
	return shown, Sheet{Width: k * float64(s.img.Width), Height: k * float64(s.img.Height), Camera: 6.5 * eyeDistance}, room
}

func (c *cast) heldPhoto() liveness.Recording { return c.photo(0, stillReach) }

func (c *cast) zoomed() liveness.Recording {
	challenge := c.draw()
	s := c.person.at(1000 * float64(c.trial))
	sheet := Sheet{Width: 1.02 * float64(s.img.Width), Height: 1.02 * float64(s.img.Height), Camera: 6.5 * eyeDistance}
	return c.shoot(challenge, script(challenge, c.random, zoomReach(c.random)), 0.9, 90, func(q cue) *capture.Image {
		return sheet.Show(s.img, s.img, q.view)
	})
}

// cutOut is a print with holes for the eyes; behind it the eyes of a film, moved to where the holes are.
func (c *cast) cutOut() liveness.Recording {
	challenge := c.draw()
	s := c.still.at(0)
	shown, sheet, _ := c.printed(c.still)
	l := s.seen.Landmarks
	hole := func(u, v float64) bool {
		// The print has a margin; the places of the eyes count within.
		x, y := (u*float64(shown.Width))-float64(shown.Width-s.img.Width)/2, (v*float64(shown.Height))-float64(shown.Height-s.img.Height)/2
		for _, corner := range [2][2]int{{36, 39}, {42, 45}} {
			a, b := l[corner[0]], l[corner[1]]
			dx, dy := (x-(a.X+b.X)/2)/(0.62*(b.X-a.X)), (y-(a.Y+b.Y)/2)/(0.36*(b.X-a.X))
			if dx*dx+dy*dy < 1 {
				return false
			}
		}
		return true
	}
	sheet.Opaque = hole
	behind := newPuppet(c.film, 1000*float64(c.trial))
	return c.shoot(challenge, script(challenge, c.random, tiltReach(c.random)), 0.9, 90, func(q cue) *capture.Image {
		f := c.film.at(behind.start + float64(q.captured))
		k := l.InterEyeDistance() * sheet.Width / float64(shown.Width) / f.seen.Landmarks.InterEyeDistance() * q.view.Closer
		room := blank(s.img.Width, s.img.Height)
		// Where the middle of the eyes is on the print, and in the film.
		ex, ey := (l[39].X+l[42].X)/2-float64(s.img.Width)/2, (l[39].Y+l[42].Y)/2-float64(s.img.Height)/2
		scale := sheet.Width / float64(shown.Width) * q.view.Closer
		cx, cy := float64(room.Width)/2+q.view.X+ex*scale, float64(room.Height)/2+q.view.Y+ey*scale
		fx, fy := (f.seen.Landmarks[39].X+f.seen.Landmarks[42].X)/2, (f.seen.Landmarks[39].Y+f.seen.Landmarks[42].Y)/2
		for y := range room.Height {
			for x := range room.Width {
				r, g, b := pixel(f.img, fx+(float64(x)-cx)/k, fy+(float64(y)-cy)/k)
				p := room.Pix[3*(y*room.Width+x):]
				p[0], p[1], p[2] = level(r), level(g), level(b)
			}
		}
		return sheet.Show(shown, room, q.view)
	})
}

// replay plays a session on a screen.
func (c *cast) replay(right bool) liveness.Recording {
	challenge := c.draw()
	recorded := challenge
	for !right {
		if recorded = c.draw(); !sameOrder(recorded, challenge) {
			break
		}
	}
	p := newPuppet(c.person, 1000*float64(c.trial))
	cues := script(recorded, c.random, headReach(c.access, c.random))
	first := p.show(cues[0])
	glass := Screen{
		Pitch: 0.7 + 1.3*c.random.Float64(), Stripes: 0.03 + 0.12*c.random.Float64(),
		Glare: 0.35 * c.random.Float64(), GlareX: c.random.Float64(), GlareY: c.random.Float64(),
		Black: 0.01 + 0.05*c.random.Float64(), Blue: c.random.Float64(),
	}
	roll := 3 * c.random.NormFloat64()
	k := 1.04
	if c.trial%2 == 0 { // in every second one the frame of the screen is in sight
		glass.Bezel, k = 0.03+0.04*c.random.Float64(), 0.9
	}
	sheet := Sheet{Width: k * float64(first.Width), Height: k * float64(first.Height), Camera: 6.5 * eyeDistance}
	hand := script(liveness.Challenge{Steps: make([]liveness.Step, len(cues))}, c.random, stillReach)
	room := Room(first.Width, first.Height, [3]float64{90, 88, 84}, c.random.Uint64())
	i := -1
	return c.shoot(challenge, cues, 0.9, 90, func(q cue) *capture.Image {
		i++
		shown := glass.Display(p.show(q), first.Width, first.Height, roll)
		v := hand[i%len(hand)].view
		v.Yaw, v.Pitch = 4*v.Yaw/3, 4*v.Pitch/3
		return sheet.Show(glass.Framed(shown), room, v)
	})
}

func sameOrder(a, b liveness.Challenge) bool {
	for i := range a.Steps {
		if a.Steps[i].Action != b.Steps[i].Action {
			return false
		}
	}
	return true
}

// swapped changes the person in the middle.
func (c *cast) swapped() liveness.Recording {
	challenge := c.draw()
	a, b := newPuppet(c.person, 1000*float64(c.trial)), newPuppet(c.other, 2000*float64(c.trial))
	half := len(challenge.Steps) / 2
	size := c.person.shots[0].img
	return c.shoot(challenge, script(challenge, c.random, headReach(c.access, c.random)), 0.5, 90, func(q cue) *capture.Image {
		if q.over(half) {
			return onto(b.show(q), size.Width, size.Height)
		}
		return a.show(q)
	})
}

// spliced cuts two times of one film together.
func (c *cast) spliced() liveness.Recording {
	challenge := c.draw()
	a, b := newPuppet(c.film, 1000*float64(c.trial)), newPuppet(c.second, 1700*float64(c.trial))
	half := len(challenge.Steps) / 2
	size := c.film.shots[0].img
	return c.shoot(challenge, script(challenge, c.random, headReach(c.access, c.random)), 0.25, 90, func(q cue) *capture.Image {
		if q.over(half) {
			return onto(b.show(q), size.Width, size.Height)
		}
		return a.show(q)
	})
}

// injected is a session that no camera took.
func (c *cast) injected(plain bool) liveness.Recording {
	challenge := c.draw()
	p := newPuppet(c.film, 1000*float64(c.trial))
	cues := script(challenge, c.random, headReach(c.access, c.random))
	if !plain {
		return c.shoot(challenge, cues, 0.25, 90, p.show)
	}
	for i := range cues {
		cues[i].captured = 1000 + interval*int64(i)
	}
	r := c.shoot(challenge, cues, 0, 90, func(q cue) *capture.Image {
		img := p.show(q)
		return resized(resized(img, img.Width*6/10, img.Height*6/10), img.Width, img.Height)
	})
	names := []string{"OBS Virtual Camera", "ManyCam Virtual Webcam", "Dummy video device (0x0000)", "XSplit VCam", "Snap Camera"}
	r.Camera = liveness.Camera{Label: names[c.random.IntN(len(names))], Width: 1280, Height: 720, FrameRate: 30, Reported: true}
	return r
}

// morphed changes one face into another as the session goes on.
func (c *cast) morphed() liveness.Recording {
	challenge := c.draw()
	cues := script(challenge, c.random, headReach(c.access, c.random))
	a, b := c.person.at(1000*float64(c.trial)), c.other.at(1000*float64(c.trial))
	swapped := worn(a, b)
	last := float64(cues[len(cues)-1].captured)
	head := Model(a.img, a.seen)
	return c.shoot(challenge, cues, 0.9, 90, func(q cue) *capture.Image {
		share := math.Min(1, 1.15*float64(q.captured-1000)/(last-1000))
		return head.wearing(blend(a.img, swapped, share)).Show(q.view)
	})
}
