// Package attacks makes presentation attacks out of test media, and geometric head turns of bona fide people, as
// recordings that package liveness can be measured with. Nothing in service uses it.
//
// What it makes is geometry and light worked out by hand: a surface seen by a camera, a printer's colours, a screen's
// stripes and glare, a sensor's noise. Each species says what it does not simulate, and no rate measured with it is a
// rate against people who attack: for that, attacks must be made of paper and glass, by a laboratory (ISO/IEC 30107-3).
//
// The media are given by the caller. Recordings show people and are personal data.
package attacks
