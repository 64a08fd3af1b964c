import type { Box } from '../verification/result';

/** Width over height of the frames that the pictures are shown in. */
export const frameAspect = 4 / 5;

/** Where a picture lies in its frame: all four in fractions of the frame's width or height. */
export type Placement = { left: number; top: number; width: number; height: number };

/** How much of the frame's height a face takes when it is brought to the front. */
const faceShare = 0.58;

/** The whole picture, centred, nothing cut off. */
export function whole(width: number, height: number): Placement {
	return place(width, height, fit(width, height), width / 2, height / 2);
}

/** The face in the middle at one size for both pictures, without showing more empty frame than needed. */
export function closeUp(width: number, height: number, face: Box): Placement {
	const side = Math.max(face.height, face.width / frameAspect);
	const scale = Math.max(faceShare / frameAspect / side, fit(width, height));
	return place(width, height, scale, face.x + face.width / 2, face.y + face.height / 2);
}

// Lengths here are in units of the frame's width, so that the frame is 1 wide and 1/frameAspect high.

function fit(width: number, height: number): number {
	return Math.min(1 / width, 1 / frameAspect / height);
}

function place(width: number, height: number, scale: number, x: number, y: number): Placement {
	const frameHeight = 1 / frameAspect;
	return {
		left: along(1, width * scale, x * scale),
		top: along(frameHeight, height * scale, y * scale) / frameHeight,
		width: width * scale,
		height: (height * scale) / frameHeight,
	};
}

/** Offset of a picture of one size in a frame of another so that centre is in the middle, but no edge comes inside. */
function along(frame: number, size: number, centre: number): number {
	if (size <= frame) return (frame - size) / 2;
	return Math.min(0, Math.max(frame - size, frame / 2 - centre));
}
