import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { dictionaries } from '../words/language';
import { box, measure, pose, reason, result, sample } from './result';

const go = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** The JSON names of a Go struct's fields. */
function jsonNames(source: string, type: string): string[] {
	const body = new RegExp(`type ${type} struct \\{([\\s\\S]*?)\\n\\}`).exec(source)?.[1];
	if (body === undefined) throw new Error(`type ${type} was not found`);
	return [...body.matchAll(/`json:"([a-z0-9_]+)/g)].map((m) => m[1] ?? '');
}

/** The values of Go's string constants whose names begin with one of the prefixes. */
function constants(source: string, ...prefixes: string[]): string[] {
	const declared = new RegExp(`^\\s*(?:const )?(?:${prefixes.join('|')})[A-Z]\\w*\\s+[\\w.]+\\s*=\\s*"(\\w+)"`, 'gm');
	return [...source.matchAll(declared)].map((m) => m[1] ?? '');
}

describe('the Go types and the readers agree', () => {
	const source = go('verification/result.go');
	// Timings are for machines; the page does not show them.
	const unread = ['timings_ms'];
	test.each([
		['Result', result],
		['Reason', reason],
		['Sample', sample],
		['Box', box],
		['Pose', pose],
		['Measure', measure],
	])('%s', (type, reader) => {
		const names = jsonNames(source, type).filter((name) => !unread.includes(name));
		expect(names.length).toBeGreaterThan(0);
		expect([...reader.members].sort()).toEqual(names.sort());
	});
});

describe.each(Object.entries(dictionaries))('%s says', (_, words) => {
	const source = go('reason.go') + go('error.go') + go('httpapi/catalogue.go') + go('access/oidc.go') + go('notify/address.go');

	test('every code, and no other', () => {
		const codes = constants(source, 'Code', 'Reason');
		expect(codes.length).toBeGreaterThan(20);
		expect(Object.keys(words.code).sort()).toEqual(codes.sort());
		for (const code of codes) {
			expect(words.code[code]?.title, code).toMatch(/[.。]$/);
			expect(words.code[code]?.remedy, code).toMatch(/[.。]$/);
		}
	});

	test('every guidance, and no other', () => {
		const guidance = constants(source, 'Guide');
		expect(guidance.length).toBeGreaterThan(10);
		expect(Object.keys(words.guidance).sort()).toEqual(guidance.sort());
		for (const code of guidance) expect(words.guidance[code], code).toMatch(/[.。]$/);
	});

	test('every outcome', () => {
		const outcomes = constants(source, 'Outcome');
		expect(outcomes.length).toBe(3);
		expect(Object.keys(words.verdict).sort()).toEqual(outcomes.sort());
	});

	test('every measure, and no other', () => {
		const names = /Name\s+string\s+`json:"name" enum:"([a-z_,]+)"/.exec(go('verification/result.go'))?.[1]?.split(',') ?? [];
		expect(names.length).toBeGreaterThan(5);
		expect(Object.keys(words.measure).sort()).toEqual(names.sort());
	});
});

test('Chinese sentences are Chinese, and none is left over in English', () => {
	const { code, guidance, measure: measures } = dictionaries['zh-CN'];
	const said = [...Object.values(code).flatMap((c) => [c.title, c.remedy]), ...Object.values(guidance), ...Object.values(measures)];
	for (const sentence of said) expect(sentence).toMatch(/\p{Script=Han}/u);
});

describe('reading', () => {
	const empty = { width: 1, height: 1, faces: 0, dominance: 0, box: null, landmarks: null, pose: null, quality: null, guidance: null };
	const whole = {
		outcome: 'unusable',
		score: null,
		fmr: null,
		fmr_interval: null,
		threshold: 0.4,
		target_fmr: 1e-4,
		model: 'm',
		reasons: [],
		portrait: empty,
		live: empty,
	};

	test('a result without a face', () => {
		expect(result(whole, 'result').portrait).toEqual({ ...empty, landmarks: [], quality: [], guidance: [] });
	});

	test.each([
		['an outcome that nobody knows', { ...whole, outcome: 'approved' }],
		['a rate that is a string', { ...whole, fmr: '1e-4' }],
		['a missing sample', { ...whole, live: undefined }],
		['a half interval', { ...whole, fmr_interval: [1] }],
		['no object', []],
		['nothing', null],
	])('refuses %s', (_, value) => {
		expect(() => result(value, 'result')).toThrow(/^result/);
	});
});
