import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// During development (`npm run dev`) the API is answered by a running `truename serve`.
const server = process.env['TRUENAME_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
	plugins: [svelte()],
	build: {
		// Everything stays a file of our own: the content security policy allows no inline code, styles or fonts.
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
	},
	server: { proxy: { '/v1': server } },
});
