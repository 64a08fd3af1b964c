import type { Browser, FileChooser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { landscape, photos } from './media';
import { launch } from './truename.mjs';
import { expectAccessible, visit, type Given, type Visit } from './visit';

const url = inject('url');
const text: Given = { name: 'face.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('This is no picture.') };
let browser: Browser;
let nobody: Given;

beforeAll(async () => {
	browser = await launch();
	nobody = { name: 'landscape.png', mimeType: 'image/png', buffer: await landscape(browser) };
});
afterAll(() => browser.close());

/** Pictures that lead to each state of the page, and how to know that it is reached. */
const states: Record<string, { live: () => Given; reached: (v: Visit) => Promise<void> }> = {
	match: {
		live: () => photos.samePerson,
		reached: async (v) => {
			await v.verdict.waitFor();
			expect(await v.verdict.getAttribute('data-outcome')).toBe('match');
		},
	},
	'no match': {
		live: () => photos.otherPerson,
		reached: async (v) => {
			await v.verdict.waitFor();
			expect(await v.verdict.getAttribute('data-outcome')).toBe('no_match');
		},
	},
	unusable: {
		live: () => nobody,
		reached: async (v) => {
			await v.verdict.waitFor();
			expect(await v.verdict.getAttribute('data-outcome')).toBe('unusable');
		},
	},
	error: { live: () => text, reached: (v) => v.failure.waitFor() },
};

async function bring(v: Visit, state: string): Promise<void> {
	const { live, reached } = states[state]!;
	await v.give(photos.portrait, live());
	await v.compare();
	await reached(v);
}

test('the same person: yes, with a rate, both faces outlined', async () => {
	const v = await visit(browser, url);
	expect(await v.page.title()).toBe('Is this the same person? · truename');
	await bring(v, 'match');
	expect(await v.verdict.innerText()).toContain('The two faces match.');
	expect(await v.page.locator('figure').innerText()).toMatch(/Two strangers look this alike in (about|fewer than) 1.in.[\d,]+ comparisons/);
	expect(await v.page.locator('figure').innerText()).toContain('Operator’s limit: 1\u00a0in\u00a010,000');
	for (const use of ['portrait', 'live']) {
		const slot = v.page.locator(`.slot[data-use=${use}]`);
		// The outline lies on the picture, and the picture fills its frame around the face.
		const frame = (await slot.locator('.frame').boundingBox())!;
		const corners = (await slot.locator('.corner').boundingBox())!;
		expect(corners.x).toBeGreaterThan(frame.x);
		expect(corners.x + corners.width).toBeLessThan(frame.x + frame.width);
		expect(corners.height).toBeGreaterThan(frame.height * 0.3);
		expect(await slot.locator('.dot').getAttribute('d')).toMatch(/^(M[\d.-]+ [\d.-]+h0){68}$/);
	}
	expect(await v.page.locator('[role=status]').innerText()).toContain('Yes. The two faces match.');
	await v.close();
});

test('different people: no, with the limit that was missed', async () => {
	const v = await visit(browser, url);
	await bring(v, 'no match');
	expect(await v.verdict.innerText()).toContain('The two faces do not match.');
	expect(await v.page.locator('[role=status]').innerText()).toContain('No. The two faces do not match.');
	await v.close();
});

test('a picture without a face: can’t say, and what to do', async () => {
	const v = await visit(browser, url);
	await bring(v, 'unusable');
	const live = v.page.locator('section[data-use=live]');
	expect(await live.locator('[data-code=no_face]').innerText()).toContain('There is no face in this picture.');
	expect(await live.innerText()).toContain('Use a picture that shows the whole face from the front.');
	expect(await v.page.locator('section[data-use=portrait] [data-code]').count()).toBe(0);
	expect(await v.page.locator('figure').count()).toBe(0);
	await v.close();
});

test('a group photo: can’t say which face', async () => {
	const v = await visit(browser, url);
	await v.give(photos.portrait, photos.group);
	await v.compare();
	await v.verdict.waitFor();
	expect(await v.verdict.getAttribute('data-outcome')).toBe('unusable');
	expect(await v.page.locator('section[data-use=live] [data-code=several_faces]').innerText()).toContain('one person only');
	await v.close();
});

test('a text file renamed .jpg: an error that names the picture, and is no verdict', async () => {
	const v = await visit(browser, url);
	await bring(v, 'error');
	const said = await v.failure.innerText();
	expect(said).toContain('This file is not a picture that can be read.');
	expect(said).toContain('This is about the live photo.');
	expect(said).toContain('Use a JPEG, PNG, WebP or HEIC file.');
	expect(said).toContain('unsupported_type');
	expect(await v.verdict.count()).toBe(0);
	expect(await v.page.locator('.slot[data-use=live]').innerText()).toContain('This browser cannot show this file.');
	await v.close();
});

test('another picture takes the result away, and a new comparison works', async () => {
	const v = await visit(browser, url);
	await bring(v, 'no match');
	await v.page.locator('[data-use=live] input').setInputFiles(photos.samePerson);
	expect(await v.verdict.count()).toBe(0);
	await v.compare();
	await v.verdict.waitFor();
	expect(await v.verdict.getAttribute('data-outcome')).toBe('match');
	await v.page.getByRole('button', { name: 'Compare other pictures' }).click();
	expect(await v.page.locator('.frame img').count()).toBe(0);
	await v.close();
});

test('two files dropped together fill both sides', async () => {
	const v = await visit(browser, url);
	await v.page.locator('.slot[data-use=portrait]').evaluate((slot) => {
		const data = new DataTransfer();
		data.items.add(new File(['a'], 'first.jpg', { type: 'image/jpeg' }));
		data.items.add(new File(['b'], 'second.jpg', { type: 'image/jpeg' }));
		slot.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
	});
	await v.page.locator('.slot[data-use=portrait]').getByText('first.jpg').waitFor();
	await v.page.locator('.slot[data-use=live]').getByText('second.jpg').waitFor();
	await v.close();
});

test('pasted pictures go to the first empty side, then to the live photo', async () => {
	const v = await visit(browser, url);
	const paste = () =>
		v.page.evaluate(() => {
			const data = new DataTransfer();
			data.items.add(new File(['a'], 'image.png', { type: 'image/png' }));
			window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, cancelable: true }));
		});
	await paste();
	expect(await v.page.locator('.frame.filled').count()).toBe(1);
	expect(await v.page.locator('.slot[data-use=portrait] .frame.filled').count()).toBe(1);
	await paste();
	expect(await v.page.locator('.frame.filled').count()).toBe(2);
	await v.close();
});

test('cancelling ends the request and concludes nothing', async () => {
	const v = await visit(browser, url);
	// The request is held, so that there is something to cancel; the server never sees it.
	await v.page.route('**/v1/verifications', () => {});
	await v.give(photos.portrait, photos.samePerson);
	const failed = v.page.waitForEvent('requestfailed');
	await v.compare();
	await v.page.getByRole('button', { name: 'Cancel' }).click();
	expect((await failed).failure()?.errorText).toBe('net::ERR_ABORTED');
	await v.page.locator('#state').getByText('Cancelled. Nothing was concluded.').waitFor();
	expect(await v.verdict.count()).toBe(0);
	// And the same pictures can be compared after all.
	await v.page.unroute('**/v1/verifications');
	await v.compare();
	await v.verdict.waitFor();
	await v.close();
});

test('no network: said so, and trying again works', async () => {
	const v = await visit(browser, url);
	await v.give(photos.portrait, photos.samePerson);
	await v.page.context().setOffline(true);
	await v.compare();
	await v.failure.waitFor();
	expect(await v.failure.innerText()).toContain('The server cannot be reached.');
	await v.page.context().setOffline(false);
	await v.page.getByRole('button', { name: 'Try again' }).click();
	await v.verdict.waitFor();
	await v.close();
});

test('a busy server: waits, says so, tries again by itself', async () => {
	const v = await visit(browser, url);
	let requests = 0;
	await v.page.route('**/v1/verifications', async (route) => {
		if (requests++ > 0) return route.continue();
		return route.fulfill({
			status: 503,
			contentType: 'application/problem+json',
			headers: { 'Retry-After': '2' },
			body: '{"type":"about:blank","title":"Service Unavailable","status":503,"code":"busy"}',
		});
	});
	await v.give(photos.portrait, photos.samePerson);
	await v.compare();
	await v.page.locator('#state').getByText('The server is busy. Trying again in 2 s.').waitFor();
	await v.verdict.waitFor();
	expect(requests).toBe(2);
	await v.close();
});

test('Chinese by the browser’s language, English by the switch, remembered', async () => {
	const v = await visit(browser, url, { locale: 'zh-CN' });
	const lang = () => v.page.locator('html').getAttribute('lang');
	expect(await lang()).toBe('zh-CN');
	expect(await v.page.title()).toBe('是同一个人吗？ · truename');
	await bring(v, 'match');
	expect(await v.verdict.innerText()).toContain('两张人脸匹配。');
	await v.page.getByRole('button', { name: 'English' }).click();
	expect(await v.verdict.innerText()).toContain('The two faces match.');
	expect(await lang()).toBe('en');
	await v.page.reload();
	expect(await lang()).toBe('en');
	await v.page.getByRole('button', { name: '中文' }).click();
	await bring(v, 'error');
	expect(await v.failure.innerText()).toContain('此文件不是可读取的图片。');
	await v.close();
});

test('by keyboard alone', async () => {
	const v = await visit(browser, url);
	const { keyboard } = v.page;
	const focused = () =>
		v.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim());
	const walk: (string | null | undefined)[] = [];
	for (let i = 0; i < 8; i++) {
		await keyboard.press('Tab');
		walk.push(await focused());
	}
	expect(walk).toEqual([
		'Skip to the pictures',
		'中文',
		'Switch to dark colours',
		'Choose file: document portrait',
		'Use camera: document portrait',
		'Choose file: live photo',
		'Use camera: live photo',
		'Compare the faces',
	]);
	// One listener for both files. With waitForEvent each, Playwright stops and starts catching the browser's dialogs
	// in between; a dialog that opens before it has started anew is dismissed unseen.
	const choosers: FileChooser[] = [];
	v.page.on('filechooser', (chooser) => choosers.push(chooser));
	const choose = async (back: number, name: string, photo: string) => {
		for (let i = 0; i < back; i++) await keyboard.press('Shift+Tab');
		expect(await focused()).toBe(name);
		await keyboard.press('Space');
		await expect.poll(() => choosers.length, { timeout: 10_000 }).toBe(1);
		await choosers.pop()!.setFiles(photo);
	};
	await choose(2, 'Choose file: live photo', photos.samePerson);
	await choose(2, 'Choose file: document portrait', photos.portrait);
	for (let i = 0; i < 4; i++) await keyboard.press('Tab');
	expect(await focused()).toBe('Compare the faces');
	// The focus can be seen.
	expect(await v.page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)).toBe('solid');
	await keyboard.press('Enter');
	await v.verdict.waitFor();
	for (let i = 0; i < 12 && (await focused()) !== 'Compare other pictures'; i++) await keyboard.press('Tab');
	await keyboard.press('Enter');
	expect(await focused()).toBe('Choose file: document portrait');
	await v.close();
});

test('dark by the system’s choice, light by the switch, remembered', async () => {
	const v = await visit(browser, url, { colorScheme: 'dark' });
	const paper = () => v.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
	expect(await paper()).toBe('rgb(11, 19, 18)');
	await v.page.getByRole('button', { name: 'Switch to light colours' }).click();
	expect(await paper()).toBe('rgb(238, 242, 239)');
	await v.page.reload();
	expect(await paper()).toBe('rgb(238, 242, 239)');
	await v.close();
});

describe('on a phone of 360 × 740', () => {
	test.each(['en-GB', 'zh-CN'])('%s: nothing scrolls sideways, everything can be touched', async (locale) => {
		const v = await visit(browser, url, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, locale });
		const sound = async () => {
			expect(await v.page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
			const small = await v.page.locator('button:visible, label.button:visible, summary:visible').evaluateAll((controls) =>
				controls.filter((c) => c.getBoundingClientRect().height < 44).map((c) => c.textContent),
			);
			expect(small).toEqual([]);
		};
		await sound();
		for (const state of Object.keys(states)) {
			await bring(v, state);
			for (const summary of await v.page.locator('summary').all()) await summary.click();
			await sound();
		}
		// The pictures and the verdict are seen together.
		await bring(v, 'match');
		const verdict = (await v.verdict.boundingBox())!;
		const frame = (await v.page.locator('.frame').first().boundingBox())!;
		expect(frame.y).toBeGreaterThanOrEqual(0);
		expect(verdict.y + verdict.height).toBeLessThanOrEqual(740);
		await v.close();
	});
});

describe.each(['light', 'dark'] as const)('axe finds nothing, %s', (colorScheme) => {
	test.each(['en-GB', 'zh-CN'])('%s', async (locale) => {
		const v = await visit(browser, url, { colorScheme, locale });
		await expectAccessible(v.page);
		for (const state of Object.keys(states)) {
			await bring(v, state);
			for (const summary of await v.page.locator('summary').all()) await summary.click();
			await expectAccessible(v.page);
		}
		await v.close();
	});
});
