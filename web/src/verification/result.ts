/** The answer of POST /v1/verifications, as the Go package verification defines it. */
import { list, nullable, number, object, oneOf, pair, text } from './read';

export const use = oneOf('portrait', 'live');
export type Use = ReturnType<typeof use>;

export const box = object({ x: number, y: number, width: number, height: number, angle: number });
export type Box = ReturnType<typeof box>;

export const pose = object({ yaw: number, pitch: number, roll: number });

export const measure = object({
	name: text,
	value: number,
	limit: number,
	advice: number,
	unit: text,
	status: oneOf('good', 'poor', 'unusable'),
	guidance: nullable(text),
});
export type Measure = ReturnType<typeof measure>;

export const sample = object({
	width: number,
	height: number,
	faces: number,
	dominance: number,
	box: nullable(box),
	landmarks: list(pair),
	pose: nullable(pose),
	quality: list(measure),
	guidance: list(text),
});
export type Sample = ReturnType<typeof sample>;

export const reason = object({ sample: use, code: text, detail: text, remedy: text });
export type Reason = ReturnType<typeof reason>;

export const result = object({
	outcome: oneOf('match', 'no_match', 'unusable'),
	score: nullable(number),
	fmr: nullable(number),
	fmr_interval: nullable(pair),
	threshold: number,
	target_fmr: number,
	model: text,
	reasons: list(reason),
	portrait: sample,
	live: sample,
});
export type Result = ReturnType<typeof result>;
export type Outcome = Result['outcome'];
