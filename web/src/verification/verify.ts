import { problem, type Problem } from './problem';
import { result, type Result } from './result';

/** Why there is no result. It never says anything about the person. */
export type Failure =
	| { kind: 'problem'; status: number; problem: Problem }
	/** No answer at all: the network, the server, or a connection cut because the pictures were too large. */
	| { kind: 'network' }
	/** No answer within the time limit. */
	| { kind: 'timeout' }
	/** An answer that is neither a result nor a problem document. */
	| { kind: 'unexpected'; status: number };

export class VerificationError extends Error {
	constructor(readonly failure: Failure) {
		super(failure.kind);
	}
}

export type Options = {
	/** Aborting it makes verify reject with the signal's reason. */
	signal: AbortSignal;
	/** Called once per second while waiting for a busy server, with the seconds that are left. */
	onwaiting?: (seconds: number) => void;
	/** Called when the pictures are sent, and sent again after waiting. */
	onsending?: () => void;
	/** Milliseconds for one request, sending included. */
	timeLimit?: number;
	endpoint?: string;
};

/** The longest wait that the page takes upon itself; a server that asks for more is reported as busy at once. */
const longestWait = 60;

/** Sends two pictures and gives the result. A busy server is asked once more, after the time it names. */
export async function verify(portrait: Blob, live: Blob, options: Options): Promise<Result> {
	const first = await send(portrait, live, options);
	const seconds = first.status === 503 ? retryAfter(first.headers.get('Retry-After'), Date.now()) : null;
	if (seconds === null || seconds > longestWait) return read(first);
	await first.body?.cancel();
	await wait(seconds, options);
	return read(await send(portrait, live, options));
}

async function send(portrait: Blob, live: Blob, options: Options): Promise<Response> {
	options.onsending?.();
	const body = new FormData();
	// A file's own name may be the person's name; the server has no use for it.
	body.append('portrait', portrait, 'portrait');
	body.append('live', live, 'live');
	const limit = AbortSignal.timeout(options.timeLimit ?? 90_000);
	try {
		return await fetch(options.endpoint ?? '/v1/verifications', {
			method: 'POST',
			body,
			headers: { Accept: 'application/json, application/problem+json' },
			signal: AbortSignal.any([options.signal, limit]),
		});
	} catch {
		options.signal.throwIfAborted();
		throw new VerificationError({ kind: limit.aborted ? 'timeout' : 'network' });
	}
}

async function read(response: Response): Promise<Result> {
	const type = (response.headers.get('Content-Type') ?? '').split(';')[0]?.trim();
	try {
		const body: unknown = await response.json();
		if (response.ok && type === 'application/json') return result(body, 'result');
		if (!response.ok && type === 'application/problem+json') {
			throw new VerificationError({ kind: 'problem', status: response.status, problem: problem(body, 'problem') });
		}
	} catch (error) {
		if (error instanceof VerificationError || (error instanceof DOMException && error.name === 'AbortError')) throw error;
	}
	throw new VerificationError({ kind: 'unexpected', status: response.status });
}

async function wait(seconds: number, options: Options): Promise<void> {
	for (let left = seconds; left > 0; left--) {
		options.onwaiting?.(left);
		await pause(1000, options.signal);
	}
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		const abort = () => {
			clearTimeout(timer);
			reject(signal.reason as Error);
		};
		const timer = setTimeout(() => {
			signal.removeEventListener('abort', abort);
			resolve();
		}, milliseconds);
		signal.addEventListener('abort', abort, { once: true });
		if (signal.aborted) abort();
	});
}

/** Seconds that a Retry-After field (RFC 9110, 10.2.3) asks for: a number of seconds or a date. Null when unreadable. */
export function retryAfter(field: string | null, now: number): number | null {
	if (field === null) return null;
	if (/^\d+$/.test(field.trim())) return Number(field);
	const date = Date.parse(field);
	return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - now) / 1000));
}
