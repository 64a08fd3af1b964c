import { expect, test } from 'vitest';
import { closeUp, frameAspect, whole, type Placement } from './frame';

const face = (x: number, y: number, side: number) => ({ x, y, width: side, height: side, angle: 0 });

/** A picture that is larger than its frame in one direction covers the frame there; a smaller one lies inside. */
function expectSound(p: Placement): void {
	for (const [offset, size] of [
		[p.left, p.width],
		[p.top, p.height],
	] as const) {
		if (size >= 1) {
			expect(offset).toBeLessThanOrEqual(1e-9);
			expect(offset + size).toBeGreaterThanOrEqual(1 - 1e-9);
		} else {
			expect(offset).toBeCloseTo((1 - size) / 2, 9);
		}
	}
}

test.each([
	[4000, 3000],
	[3000, 4000],
	[240, 300],
	[10, 5000],
])('the whole of %d × %d is inside the frame and keeps its shape', (width, height) => {
	const p = whole(width, height);
	expectSound(p);
	expect(Math.max(p.width, p.height)).toBeCloseTo(1, 9);
	expect((p.width / p.height) * frameAspect).toBeCloseTo(width / height, 9);
});

test.each([
	['in the middle', 1000, 1000, face(400, 400, 200)],
	['in a corner', 4000, 3000, face(0, 0, 300)],
	['partly outside', 4000, 3000, face(3900, 2900, 300)],
	['filling the picture', 300, 300, face(-20, -20, 340)],
])('a face %s is brought close without empty edges', (_, width, height, box) => {
	expectSound(closeUp(width, height, box));
});

test('two faces of different size are shown at one size, in the middle', () => {
	for (const p of [closeUp(1000, 1000, face(400, 400, 200)), closeUp(4000, 3000, face(1500, 1000, 800))]) {
		expect(p.left).toBeLessThan(0);
	}
	const small = closeUp(1000, 1000, face(400, 400, 200));
	const large = closeUp(4000, 3000, face(1500, 1000, 800));
	expect((small.height * 200) / 1000).toBeCloseTo((large.height * 800) / 3000, 9);
	expect(small.left + small.width * 0.5).toBeCloseTo(0.5, 9);
	expect(small.top + small.height * 0.5).toBeCloseTo(0.5, 9);
});
