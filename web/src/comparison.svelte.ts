import type { Result, Use } from './verification/result';
import { verify, VerificationError, type Failure } from './verification/verify';

/** A picture that the person gave. Its name is shown on the page and never sent. */
export type Picture = { blob: Blob; url: string; name: string | null; source: 'file' | 'camera' | 'clipboard' };

export type Progress =
	| { step: 'idle' }
	| { step: 'sending' }
	| { step: 'waiting'; seconds: number }
	| { step: 'cancelled' }
	| { step: 'done'; result: Result }
	| { step: 'failed'; failure: Failure };

/** Two pictures and what became of comparing them. Everything here is gone when the page is closed. */
export class Comparison {
	readonly pictures = $state<Record<Use, Picture | null>>({ portrait: null, live: null });
	progress = $state.raw<Progress>({ step: 'idle' });
	readonly running = $derived(this.progress.step === 'sending' || this.progress.step === 'waiting');
	readonly result = $derived(this.progress.step === 'done' ? this.progress.result : null);
	readonly missing = $derived.by<Use | 'both' | null>(() => {
		const { portrait, live } = this.pictures;
		if (!portrait && !live) return 'both';
		return !portrait ? 'portrait' : !live ? 'live' : null;
	});
	#abort = new AbortController();

	/** Puts a picture in its place, or takes it away. What was said about the former one no longer holds. */
	put(use: Use, picture: Omit<Picture, 'url'> | null): void {
		this.#abort.abort();
		const former = this.pictures[use];
		if (former) URL.revokeObjectURL(former.url);
		this.pictures[use] = picture && { ...picture, url: URL.createObjectURL(picture.blob) };
		this.progress = { step: 'idle' };
	}

	async run(): Promise<void> {
		const { portrait, live } = this.pictures;
		if (!portrait || !live || this.running) return;
		const abort = (this.#abort = new AbortController());
		const report = (progress: Progress) => {
			if (!abort.signal.aborted) this.progress = progress;
		};
		try {
			const result = await verify(portrait.blob, live.blob, {
				signal: abort.signal,
				onsending: () => report({ step: 'sending' }),
				onwaiting: (seconds) => report({ step: 'waiting', seconds }),
			});
			report({ step: 'done', result });
		} catch (error) {
			report({
				step: 'failed',
				failure: error instanceof VerificationError ? error.failure : { kind: 'unexpected', status: 0 },
			});
		}
	}

	cancel(): void {
		if (!this.running) return;
		this.#abort.abort();
		this.progress = { step: 'cancelled' };
	}

	restart(): void {
		this.put('portrait', null);
		this.put('live', null);
	}
}
