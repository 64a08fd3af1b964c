import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { film, photos } from './media';
import { launch } from './truename.mjs';
import { expectAccessible, visit } from './visit';

const url = inject('url');
const folder = mkdtempSync(join(tmpdir(), 'truename-film-'));
const still = join(folder, 'still.y4m');

beforeAll(async () => {
	const browser = await launch();
	await film(browser, photos.samePerson, still);
	await browser.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const allowed = '--use-fake-ui-for-media-stream';
const present = '--use-fake-device-for-media-stream';

test('a photo taken with the camera is compared', async () => {
	const browser = await launch([allowed, present, `--use-file-for-fake-video-capture=${still}`]);
	const v = await visit(browser, url);
	await v.page.locator('[data-use=portrait] input').setInputFiles(photos.portrait);
	await v.page.getByRole('button', { name: 'Use camera: live photo' }).click();
	const dialog = v.page.getByRole('dialog', { name: 'Take the live photo' });
	await dialog.getByRole('button', { name: 'Take photo' }).click();
	await dialog.waitFor({ state: 'detached' });
	// The focus returns to where the camera was opened.
	expect(await v.page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Use camera: live photo');
	expect(await v.page.locator('[data-use=live] img').getAttribute('alt')).toContain('photo from the camera');
	await v.compare();
	await v.verdict.waitFor();
	expect(await v.verdict.getAttribute('data-outcome')).toBe('match');
	await v.close();
	await browser.close();
});

test('of two cameras, one is chosen; closing the dialog turns it off', async () => {
	const browser = await launch([allowed, `${present}=device-count=2`]);
	const v = await visit(browser, url, { permissions: ['camera'] });
	await v.page.getByRole('button', { name: 'Use camera: document portrait' }).click();
	const choice = v.page.getByRole('combobox', { name: 'Camera' });
	await choice.waitFor();
	const live = () =>
		v.page.evaluate(() => {
			const stream = document.querySelector('video')?.srcObject as MediaStream | null;
			return stream?.getVideoTracks().map((t) => `${t.label} ${t.readyState}`)[0];
		});
	await choice.selectOption({ index: 1 });
	await expect.poll(live).toMatch(/^fake_device_1.* live$/);
	const track = await v.page.evaluateHandle(() => (document.querySelector('video')!.srcObject as MediaStream).getVideoTracks()[0]!);
	await expectAccessible(v.page);
	await v.page.keyboard.press('Escape');
	await expect.poll(() => track.evaluate((t) => t.readyState)).toBe('ended');
	expect(await v.page.getByRole('dialog').count()).toBe(0);
	await v.close();
	await browser.close();
});

test.each([
	['a camera that is not allowed', [present], 'The camera is not allowed.'],
	['no camera', [allowed], 'No camera was found.'],
])('%s: said so, and a file can be chosen instead', async (_, flags, title) => {
	const browser = await launch(flags);
	const v = await visit(browser, url);
	await v.page.getByRole('button', { name: 'Use camera: live photo' }).click();
	const alert = v.page.getByRole('alert');
	await alert.waitFor();
	expect(await alert.innerText()).toContain(title);
	expect(await alert.innerText()).toContain('choose a file instead');
	await expectAccessible(v.page);
	await v.page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
	await v.give(photos.portrait, photos.samePerson);
	await v.compare();
	await v.verdict.waitFor();
	await v.close();
	await browser.close();
});
