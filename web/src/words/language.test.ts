import { expect, test } from 'vitest';
import { preferredLanguage } from './language';

test.each([
	[['zh-CN', 'en'], 'zh-CN'],
	[['zh-Hant-TW'], 'zh-CN'],
	[['de-DE', 'zh'], 'zh-CN'],
	[['en-GB', 'zh'], 'en'],
	[['fr'], 'en'],
	[[], 'en'],
])('a browser that prefers %j gets %s', (languages, want) => {
	expect(preferredLanguage(languages)).toBe(want);
});
