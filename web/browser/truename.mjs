// The real program and the real browser that the browser tests and the screenshots use.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const binary = fileURLToPath(new URL('../../bin/truename', import.meta.url));

/**
 * The server at TRUENAME_URL, or else bin/truename started on a free port.
 *
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function startServer() {
	const given = process.env.TRUENAME_URL;
	if (given) return { url: given.replace(/\/$/, ''), stop: async () => {} };
	if (!existsSync(binary)) throw new Error('bin/truename is missing: run `make build` first, or set TRUENAME_URL');
	const child = spawn(binary, ['serve', '--listen', '127.0.0.1:0'], {
		cwd: fileURLToPath(new URL('../..', import.meta.url)),
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const exited = new Promise((resolve) => child.once('exit', resolve));
	const url = await new Promise((resolve, reject) => {
		let said = '';
		/** @param {Buffer} chunk */
		const listen = (chunk) => {
			said += chunk.toString();
			const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
			if (address) resolve(address[0]);
		};
		child.stdout.on('data', listen);
		child.stderr.on('data', listen);
		child.once('error', reject);
		void exited.then((code) => reject(new Error(`truename serve ended with ${code} before it named its address:\n${said}`)));
	});
	return {
		url,
		stop: async () => {
			child.kill('SIGTERM');
			await exited;
		},
	};
}

/**
 * Debian's Chromium, or the one at CHROMIUM. It makes no request of its own.
 *
 * @param {string[]} flags
 * @param {Record<string, string>} environment
 */
export function launch(flags = [], environment = {}) {
	return chromium.launch({
		executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
		env: { ...process.env, ...environment },
		args: [
			'--no-sandbox',
			'--disable-gpu',
			'--disable-quic',
			'--no-first-run',
			'--disable-background-networking',
			'--disable-component-update',
			'--disable-sync',
			...flags,
		],
	});
}
