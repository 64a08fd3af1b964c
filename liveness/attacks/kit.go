package attacks

import (
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
		// The films' own movements are small; the pieces begin so far apart that they cover the films.
		c.access = liveness.Access{SmallTurn: true}
		c.film = piece(film, (trial/len(m.Films))*37%max(1, film.Shots()-liveness.MaxFrames/2))
	}
	return s.make(c)
}

// piece gives a session's length of a film.
func piece(film *Source, from int) *Source {
	p := film.from(from)
	p.shots = p.shots[:min(len(p.shots), liveness.MaxFrames)]
	return p
}

// hash is FNV-1a (G. Fowler, L. C. Noll, P. Vo).
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range []byte(s) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}
