import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

/** Where `npm run dev` finds a running system; the built page is served by the edge itself. */
const EDGE = 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [vue()],
  build: {
    target: 'es2022',
    // The edge's content policy allows only files of its own: nothing is inlined as a data address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      '/v1': EDGE,
      '/connection': { target: EDGE, ws: true },
    },
  },
})
