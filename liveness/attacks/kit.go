package attacks

import (
	"time"

	"truename/liveness"
)

// Media are the sources that recordings are made of. Films come as pieces of one person; a person has a film or stills.
type Media struct {
	// Films are whole films; Stills are single pictures.
	Films, Stills []*Source
}

// Make gives the given trial of a species: the same one each time for the same media. Which people, which draw and which
// way of taking part it has follows from the trial's number.
func (m Media) Make(s Species, trial int) liveness.Recording {
	random := generator(uint64(trial)*1_000_003 + hash(s.Name))
	c := &cast{random: random, trial: trial}
	film := m.Films[trial%len(m.Films)]
	c.film = piece(film, random.IntN(1+max(0, film.Shots()-liveness.MaxFrames)))
	c.second = piece(film, random.IntN(1+max(0, film.Shots()-liveness.MaxFrames)))
	c.still = m.Stills[trial%len(m.Stills)]
	c.person = c.still
	if trial%3 == 0 {
		c.person = c.film
	}
	for c.other = m.Stills[random.IntN(len(m.Stills))]; c.other.Person == c.person.Person; {
		c.other = m.Stills[random.IntN(len(m.Stills))]
	}
	// A quarter of all sessions are taken in another way, bona fide or not.
	switch trial % 8 {
	case 3:
		c.access = liveness.Access{SmallTurn: true}
	case 7:
		c.access = liveness.Access{NoVertical: true, Slower: true}
	}
	if s.Name == "film" {
		c.access = filmAccess
		p := m.pieces()
		c.film, c.fitted = p[trial%len(p)].film, p[trial%len(p)].steps
	}
	return s.make(c)
}

// piece gives a session's length of a film.
func piece(film *Source, from int) *Source {
	p := film.from(from)
	p.shots = p.shots[:min(len(p.shots), liveness.MaxFrames)]
	return p
}

// filmAccess: people who were asked for nothing move little and late.
var filmAccess = liveness.Access{SmallTurn: true, Slower: true}

// Pieces is how many pieces of the films there are in which somebody moves as a challenge would have it.
func (m Media) Pieces() int { return len(m.pieces()) }

type filmPiece struct {
	film  *Source
	steps []liveness.Step
}

// pieces finds where the films' people make at least two movements, one of them to a side, one after the other. Pieces
// begin two seconds apart or more and overlap.
func (m Media) pieces() []filmPiece {
	var all []filmPiece
	for _, film := range m.Films {
		const every, most, least = 16, 4, 2
		for from := 0; from+every < len(film.shots); from += every {
			p := piece(film, from)
			var moments []liveness.Moment
			for i, s := range p.shots {
				moments = append(moments, liveness.Moment{At: time.Duration(float64(i)*p.interval) * time.Millisecond, Found: true,
					Yaw: s.seen.Pose.Yaw, Pitch: s.seen.Pose.Pitch, Size: s.seen.Landmarks.InterEyeDistance()})
			}
			steps := liveness.Fit(moments, filmAccess, most).Steps
			sideways := false
			for _, s := range steps {
				sideways = sideways || s.Action == liveness.TurnLeft || s.Action == liveness.TurnRight
			}
			if len(steps) >= least && sideways {
				all = append(all, filmPiece{p, steps})
			}
		}
	}
	return all
}

// hash is FNV-1a (G. Fowler, L. C. Noll, P. Vo).
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range []byte(s) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}
