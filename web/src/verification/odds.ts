/** The scale on which a false-match rate is shown: logarithmic, from 1 in 10 to 1 in 1,000,000. */
export const leastOdds = 10;
export const mostOdds = 1_000_000;

/** Where a rate lies on the scale: 0 at 1 in 10 or more often, 1 at 1 in 1,000,000 or less often. */
export function position(rate: number): number {
	if (!(rate > 0)) return 1;
	const span = Math.log10(mostOdds) - Math.log10(leastOdds);
	return Math.min(1, Math.max(0, (-Math.log10(rate) - Math.log10(leastOdds)) / span));
}

/** The n of "1 in n", to two significant digits: more would claim a precision that the calibration does not have. */
export function oneIn(rate: number): number {
	return Number((1 / rate).toPrecision(2));
}

/** Rates above this read better as a share than as "1 in n". */
export const shareAbove = 1 / leastOdds;
