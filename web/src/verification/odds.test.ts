import { expect, test } from 'vitest';
import { dictionaries } from '../words/language';
import { oneIn, position } from './odds';

test.each([
	[1, 0],
	[0.5, 0],
	[0.1, 0],
	[0.01, 0.2],
	[1e-4, 0.6],
	[1e-6, 1],
	[1e-9, 1],
	[0, 1],
])('a rate of %f lies at %f of the scale', (rate, at) => {
	expect(position(rate)).toBeCloseTo(at, 9);
});

test.each([
	[1e-4, 10_000],
	[1.4e-6, 710_000],
	[1 / 8349, 8300],
	[1 / 3.4, 3.4],
])('a rate of %f is 1 in %d', (rate, n) => {
	expect(oneIn(rate)).toBe(n);
});

/** Without the characters that only keep a line from breaking. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ').replaceAll('\u2060', '');

test.each([
	[1e-4, 'Two strangers look this alike in about 1 in 10,000 comparisons.', '两个陌生人像到这种程度的概率约为万分之一。'],
	[1 / 236_000, 'Two strangers look this alike in about 1 in 240,000 comparisons.', '两个陌生人像到这种程度的概率约为 24 万分之一。'],
	[1 / 8349, 'Two strangers look this alike in about 1 in 8,300 comparisons.', '两个陌生人像到这种程度的概率约为 8300 分之一。'],
	[0.84, 'Two strangers look at least this alike in 84% of comparisons.', '两个陌生人之间，约 84% 的比对至少有这么像。'],
])('a rate of %f in words', (rate, en, zh) => {
	expect(plain(dictionaries.en.rate(rate))).toBe(en);
	expect(plain(dictionaries['zh-CN'].rate(rate))).toBe(zh);
});

test('an interval that reaches zero has an upper end only', () => {
	expect(plain(dictionaries.en.interval(0, 1e-5))).toBe('95 % confidence: at most 1 in 100,000');
	expect(plain(dictionaries.en.interval(1e-6, 1e-5))).toBe('95 % confidence: 1 in 100,000 to 1 in 1,000,000');
});
