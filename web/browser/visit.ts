import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The page in a fresh browser context, by the words and roles that a person finds things by. */
export type Visit = {
	page: Page;
	give: (portrait: Given, live: Given) => Promise<void>;
	compare: () => Promise<void>;
	verdict: Locator;
	failure: Locator;
	close: () => Promise<void>;
};

export type Given = string | { name: string; mimeType: string; buffer: Buffer };

export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
	const context = await browser.newContext({
		viewport: { width: 1280, height: 900 },
		locale: 'en-GB',
		reducedMotion: 'reduce',
		...options,
	});
	const page = await context.newPage();
	const faults: string[] = [];
	page.on('pageerror', (error) => faults.push(String(error)));
	page.on('console', (message) => {
		// A refused request is logged by the browser itself and is part of what is tested.
		if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text());
	});
	await page.goto(url);
	return {
		page,
		give: async (portrait, live) => {
			await page.locator('[data-use=portrait] input').setInputFiles(portrait);
			await page.locator('[data-use=live] input').setInputFiles(live);
		},
		compare: () => page.locator('button.primary').click(),
		verdict: page.locator('.verdict'),
		failure: page.locator('.failure'),
		// Errors include every violation of the content security policy.
		close: async () => {
			await context.close();
			expect(faults).toEqual([]);
		},
	};
}

/** Fails on every violation of WCAG 2.2 A and AA and of axe's best practices. */
export async function expectAccessible(page: Page): Promise<void> {
	await page.evaluate(axe);
	const { checks, violations } = await page.evaluate(async () => {
		const { passes, violations } = await (window as unknown as { axe: typeof import('axe-core') }).axe.run(document, {
			runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
		});
		const told = violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.html} ${n.failureSummary ?? ''}`).join(' | ')}`);
		return { checks: passes.length, violations: told };
	});
	expect(checks).toBeGreaterThan(15);
	expect(violations).toEqual([]);
}
