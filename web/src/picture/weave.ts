/** Fine interlaced lines, as security printing draws them: the page's own ornament. All are SVG path data. */

/** A ring woven of `strands` waves around an oval, in a box of 400 × 500. */
export function rosette(strands = 14, waves = 11): string[] {
	return Array.from({ length: strands }, (_, strand) => {
		const phase = (2 * Math.PI * strand) / strands;
		return curve(240, (t) => {
			const angle = 2 * Math.PI * t;
			const r = 1 + 0.085 * Math.sin(waves * angle + phase) + 0.02 * Math.sin(3 * waves * angle - phase);
			return [200 + 138 * r * Math.cos(angle), 250 + 178 * r * Math.sin(angle)];
		});
	});
}

/** A band woven of `strands` waves, in a box of 1000 × 100, that repeats every 250 so that it can be moved along. */
export function band(strands = 9): string[] {
	return Array.from({ length: strands }, (_, strand) => {
		const phase = (2 * Math.PI * strand) / strands;
		return curve(200, (t) => {
			const angle = 2 * Math.PI * 5 * t;
			const y = 34 * Math.sin(angle + phase) * (0.55 + 0.45 * Math.cos(2 * angle + phase));
			return [1250 * t, 50 + y];
		});
	});
}

function curve(steps: number, at: (t: number) => [number, number]): string {
	return Array.from({ length: steps + 1 }, (_, i) => {
		const [x, y] = at(i / steps);
		return `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
	}).join('');
}
