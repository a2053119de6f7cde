import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { build, defineConfig, type Plugin } from 'vite'

/** Where `npm run dev` finds a running system; the built page is served by the edge itself. */
const EDGE = 'http://127.0.0.1:8080'
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The script that sites put on their pages: one classic file under a name that stays, beside the pages. */
const widgetScript: Plugin = {
  name: 'widget-script',
  apply: 'build',
  async closeBundle() {
    await build({
      configFile: false,
      logLevel: 'warn',
      publicDir: false,
      root: here('.'),
      build: {
        target: 'es2022',
        emptyOutDir: false,
        lib: { entry: here('widget/loader.ts'), formats: ['iife'], name: 'switchboard', fileName: () => 'widget.js' },
      },
    })
  },
}

export default defineConfig({
  plugins: [vue(), widgetScript],
  build: {
    target: 'es2022',
    // The edge's content policy allows only files of its own: nothing is inlined as a data address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ['index.html', 'widget.html', 'console.html'].map(here).filter((page) => existsSync(page)),
    },
  },
  server: {
    proxy: {
      '/v1': EDGE,
      '/connection': { target: EDGE, ws: true },
    },
  },
})
