import { defineConfig } from 'vitest/config';

// One Chromium at a time: the machine's cores belong to the server under test.
export default defineConfig({
	test: {
		include: ['browser/**/*.test.ts'],
		environment: 'node',
		globalSetup: ['browser/server.ts'],
		fileParallelism: false,
		testTimeout: 60_000,
		hookTimeout: 60_000,
	},
});
