/** Fine interlaced lines, as security printing draws them: the page's own ornament. All are SVG path data. */

/** An oval ring of two braids, a wide one and a narrow one around it, in a box of 400 × 500. */
export function rosette(): string[] {
	return [...ring(14, 11, 0.085, 1), ...ring(4, 66, 0.008, 1.16)];
}

/** A band of braid, in a box of 1000 × 100, that repeats every 125 so that it can be moved along. */
export function band(): string[] {
	return strands(14).map((phase) =>
		curve(9 * 32, (t) => [1125 * t, 50 + 40 * braid(2 * Math.PI * 9 * t, phase)]),
	);
}

function ring(count: number, waves: number, depth: number, radius: number): string[] {
	return strands(count).map((phase) =>
		curve(waves * 22, (t) => {
			const angle = 2 * Math.PI * t;
			const r = radius * (1 + depth * braid(waves * angle, phase));
			return [200 + 126 * r * Math.cos(angle), 250 + 164 * r * Math.sin(angle)];
		}),
	);
}

function strands(count: number): number[] {
	return Array.from({ length: count }, (_, i) => (2 * Math.PI * i) / count);
}

/** One strand's distance from the middle: a wave, and a finer one that runs against it. */
function braid(angle: number, phase: number): number {
	return Math.sin(angle + phase) + 0.24 * Math.sin(3 * angle - phase);
}

function curve(steps: number, at: (t: number) => [number, number]): string {
	return Array.from({ length: steps + 1 }, (_, i) => {
		const [x, y] = at(i / steps);
		return `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
	}).join('');
}
