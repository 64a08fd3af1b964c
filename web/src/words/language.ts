import { en, type Words } from './en';
import { zhCN } from './zh-CN';

export const dictionaries = { en, 'zh-CN': zhCN } satisfies Record<string, Words>;
export type Language = keyof typeof dictionaries;

/** The first of the browser's languages that the page speaks, else English. */
export function preferredLanguage(languages: readonly string[]): Language {
	for (const language of languages) {
		const primary = language.toLowerCase().split('-')[0];
		if (primary === 'zh') return 'zh-CN';
		if (primary === 'en') return 'en';
	}
	return 'en';
}
