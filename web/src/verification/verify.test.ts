import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { retryAfter, verify, VerificationError, type Failure } from './verify';

const sample = { width: 4, height: 5, faces: 1, dominance: 1, box: null, landmarks: [], pose: null, quality: [], guidance: [] };
const match = JSON.stringify({
	outcome: 'match',
	score: 0.6,
	fmr: 1e-6,
	fmr_interval: [1e-7, 1e-5],
	threshold: 0.4,
	target_fmr: 1e-4,
	model: 'm',
	reasons: [],
	portrait: sample,
	live: sample,
	timings_ms: {},
});

let server: Server | undefined;

/** Starts an HTTP server for one test and gives its address. */
async function serve(listener: RequestListener): Promise<string> {
	const started = (server = createServer(listener));
	await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
	return `http://127.0.0.1:${(started.address() as AddressInfo).port}/v1/verifications`;
}

afterEach(() => {
	server?.closeAllConnections();
	server?.close();
	server = undefined;
});

const picture = new Blob(['pixels']);
const never = new AbortController().signal;

async function failure(endpoint: string, more = {}): Promise<Failure> {
	try {
		await verify(picture, picture, { endpoint, signal: never, ...more });
	} catch (error) {
		if (error instanceof VerificationError) return error.failure;
		throw error;
	}
	throw new Error('verify did not reject');
}

test('sends both pictures without their names and reads the result', async () => {
	let body = '';
	const endpoint = await serve((request, response) => {
		request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
		request.on('end', () => response.setHeader('Content-Type', 'application/json').end(match));
	});
	const file = new File(['pixels'], 'Wang Xiaoming.jpg', { type: 'image/jpeg' });
	const result = await verify(file, file, { endpoint, signal: never });
	expect(result.outcome).toBe('match');
	expect(body).toContain('name="portrait"');
	expect(body).toContain('name="live"');
	expect(body).not.toContain('Xiaoming');
});

describe('a busy server', () => {
	const busy = (times: number): RequestListener => {
		let left = times;
		return (request, response) => {
			request.resume().on('end', () => {
				if (left-- > 0) {
					response.writeHead(503, { 'Retry-After': '1', 'Content-Type': 'application/problem+json' });
					response.end('{"code":"busy","status":503}');
				} else {
					response.setHeader('Content-Type', 'application/json').end(match);
				}
			});
		};
	};

	test('is asked once more after the time it names', async () => {
		const told: (number | string)[] = [];
		const result = await verify(picture, picture, {
			endpoint: await serve(busy(1)),
			signal: never,
			onsending: () => told.push('sending'),
			onwaiting: (seconds) => told.push(seconds),
		});
		expect(result.outcome).toBe('match');
		expect(told).toEqual(['sending', 1, 'sending']);
	});

	test('is not asked a third time', async () => {
		expect(await failure(await serve(busy(2)))).toMatchObject({ kind: 'problem', status: 503, problem: { code: 'busy' } });
	});

	test('is not asked again once the person has cancelled', async () => {
		let requests = 0;
		const answer = busy(1);
		const endpoint = await serve((request, response) => {
			requests++;
			answer(request, response);
		});
		const abort = new AbortController();
		const done = verify(picture, picture, { endpoint, signal: abort.signal, onwaiting: () => abort.abort() });
		await expect(done).rejects.toThrow('aborted');
		expect(requests).toBe(1);
	});
});

test.each<[string, number, string, string, Partial<Failure>]>([
	['a problem', 415, 'application/problem+json', '{"code":"corrupt","sample":"live","type":"about:blank"}', { kind: 'problem', status: 415 }],
	['a problem with a charset', 422, 'application/problem+json; charset=utf-8', '{}', { kind: 'problem', status: 422 }],
	['a proxy’s own page', 502, 'text/html', '<h1>Bad gateway</h1>', { kind: 'unexpected', status: 502 }],
	['a page in place of a result', 200, 'text/html', match, { kind: 'unexpected', status: 200 }],
	['half a result', 200, 'application/json', match.slice(0, 40), { kind: 'unexpected', status: 200 }],
	['an outcome that nobody knows', 200, 'application/json', match.replace('match', 'approved'), { kind: 'unexpected', status: 200 }],
	['a problem with status 200', 200, 'application/problem+json', match, { kind: 'unexpected', status: 200 }],
])('%s', async (_, status, type, body, want) => {
	const endpoint = await serve((request, response) => {
		request.resume().on('end', () => response.writeHead(status, { 'Content-Type': type }).end(body));
	});
	expect(await failure(endpoint)).toMatchObject(want);
});

test('a connection that breaks', async () => {
	expect(await failure(await serve((request) => request.socket.destroy()))).toEqual({ kind: 'network' });
});

test('an answer that does not come', async () => {
	expect(await failure(await serve(() => {}), { timeLimit: 200 })).toEqual({ kind: 'timeout' });
});

test('cancelling while the server works', async () => {
	const abort = new AbortController();
	const endpoint = await serve(() => abort.abort());
	await expect(verify(picture, picture, { endpoint, signal: abort.signal })).rejects.toThrow('aborted');
});

const now = Date.parse('Tue, 24 Nov 2026 10:00:00 GMT');
test.each([
	['5', 5],
	[' 0 ', 0],
	['Tue, 24 Nov 2026 10:00:30 GMT', 30],
	['Tue, 24 Nov 2026 09:00:00 GMT', 0],
	['soon', null],
	['', null],
	[null, null],
])('Retry-After %j is %j seconds', (field, seconds) => {
	expect(retryAfter(field, now)).toBe(seconds);
});
