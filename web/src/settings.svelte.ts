import type { Words } from './words/en';
import { dictionaries, preferredLanguage, type Language } from './words/language';

export type Theme = 'light' | 'dark';

/** Language and colours: the browser's choice until the person makes their own, which only this browser remembers. */
export class Settings {
	language = $state<Language>(recalled('language', ['en', 'zh-CN']) ?? preferredLanguage(navigator.languages));
	#dark = matchMedia('(prefers-color-scheme: dark)');
	#chosen = $state<Theme | undefined>(recalled('theme', ['light', 'dark']));
	#preferred = $state<Theme>('light');
	readonly theme = $derived<Theme>(this.#chosen ?? this.#preferred);
	readonly words = $derived<Words>(dictionaries[this.language]);

	constructor() {
		const follow = () => (this.#preferred = this.#dark.matches ? 'dark' : 'light');
		this.#dark.addEventListener('change', follow);
		follow();
	}

	speak(language: Language): void {
		this.language = language;
		remember('language', language);
	}

	paint(theme: Theme): void {
		this.#chosen = theme;
		remember('theme', theme);
	}
}

// Storage can be forbidden by the browser; the page then simply forgets.

function recalled<T extends string>(key: string, allowed: readonly T[]): T | undefined {
	try {
		const found = localStorage.getItem(`truename.${key}`);
		return allowed.find((a) => a === found);
	} catch {
		return undefined;
	}
}

function remember(key: string, value: string): void {
	try {
		localStorage.setItem(`truename.${key}`, value);
	} catch {
		// Forgotten on reload.
	}
}
