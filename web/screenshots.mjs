// Takes the README's pictures of the page, from the real program:
//
//     node screenshots.mjs PORTRAIT LIVE [FOLDER]
//
// PORTRAIT and LIVE are two pictures of one person that may be shown, for example a crop of the NASA portrait in
// Debian's python3-skimage and that portrait itself. Text is set in Inter and Noto Sans CJK (Debian: fonts-inter,
// fonts-noto-cjk), so that the pictures look the same wherever they are taken.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, startServer } from './browser/truename.mjs';

const [portrait, live, folder = '../docs/screenshots'] = process.argv.slice(2);
if (!portrait || !live) {
	console.error('usage: node screenshots.mjs PORTRAIT LIVE [FOLDER]');
	process.exit(2);
}

/** @type {{ name: string, width: number, height: number, theme: 'light' | 'dark', language: string, step: string }[]} */
const shots = [
	{ name: 'result-desktop-light-en', width: 1360, height: 900, theme: 'light', language: 'en', step: 'result' },
	{ name: 'result-desktop-dark-zh-CN', width: 1360, height: 900, theme: 'dark', language: 'zh-CN', step: 'result' },
	{ name: 'start-desktop-light-en', width: 1360, height: 900, theme: 'light', language: 'en', step: 'start' },
	{ name: 'comparing-desktop-dark-en', width: 1360, height: 900, theme: 'dark', language: 'en', step: 'comparing' },
	{ name: 'result-phone-dark-en', width: 390, height: 844, theme: 'dark', language: 'en', step: 'result' },
	{ name: 'result-phone-light-zh-CN', width: 390, height: 844, theme: 'light', language: 'zh-CN', step: 'result' },
	{ name: 'start-phone-light-zh-CN', width: 390, height: 844, theme: 'light', language: 'zh-CN', step: 'start' },
];

const work = mkdtempSync(join(tmpdir(), 'truename-screenshots-'));
const fonts = join(work, 'fonts.conf');
writeFileSync(
	fonts,
	`<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
	<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
	${['system-ui', 'sans-serif']
		.map(
			(family) =>
				`<match target="pattern"><test name="family"><string>${family}</string></test>
				<edit name="family" mode="prepend" binding="strong"><string>Inter</string><string>Noto Sans CJK SC</string></edit></match>`,
		)
		.join('')}
	</fontconfig>`,
);

mkdirSync(folder, { recursive: true });
const server = await startServer();
const browser = await launch([], { FONTCONFIG_FILE: fonts });
try {
	for (const shot of shots) {
		const page = await browser.newPage({
			viewport: { width: shot.width, height: shot.height },
			deviceScaleFactor: 1,
			colorScheme: shot.theme,
			locale: shot.language,
			reducedMotion: 'reduce',
			hasTouch: shot.width < 600,
		});
		if (shot.step === 'comparing') await page.route('**/v1/verifications', () => {}); // never answered
		await page.goto(server.url);
		if (shot.step !== 'start') {
			const inputs = page.locator('input[type=file]');
			await inputs.nth(0).setInputFiles(portrait);
			await inputs.nth(1).setInputFiles(live);
			await page.locator('button.primary').click();
			await page.locator(shot.step === 'result' ? '.verdict' : '[data-step=sending]').waitFor();
			await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
		}
		await page.screenshot({ path: join(folder, `${shot.name}.png`) });
		console.log(`${shot.name}.png`);
		await page.close();
	}
} finally {
	await browser.close();
	await server.stop();
	rmSync(work, { recursive: true });
}
