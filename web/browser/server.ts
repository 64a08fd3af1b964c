import type { TestProject } from 'vitest/node';
import { startServer } from './truename.mjs';

declare module 'vitest' {
	interface ProvidedContext {
		url: string;
	}
}

/** One real server for all browser tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
	const server = await startServer();
	project.provide('url', server.url);
	return server.stop;
}
