import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import fastifyStatic from '@fastify/static'
import { refuse } from '@switchboard/contracts/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sendRefusal } from './api-errors.ts'

/** The page loads nothing from elsewhere, runs no inline script, and nobody may frame it. */
const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob: https:",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** Vite names files under `assets` by their content: those never change. */
const cacheControl = (path: string): string =>
  path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'

/** Addresses inside the page are the page; those of the API and files that are not there are errors. */
const isPageAddress = ({ method, url, headers }: FastifyRequest): boolean => {
  const [path = ''] = url.split('?')
  const isRead = method === 'GET' || method === 'HEAD'
  return (
    isRead && !path.startsWith('/v1/') && !/\.[a-z0-9]+$/i.test(path) && (headers.accept ?? '').includes('text/html')
  )
}

/** The single-page application, if there is one. */
export async function webPage(app: FastifyInstance, dir: string): Promise<void> {
  const root = resolve(dir)
  const hasPage = dir !== '' && (await stat(join(root, 'index.html')).catch(() => null)) !== null
  if (hasPage) {
    await app.register(fastifyStatic, {
      root,
      cacheControl: false,
      setHeaders: (reply, path) => {
        reply.header('cache-control', cacheControl(path))
        reply.header('content-security-policy', POLICY)
      },
    })
  }
  app.setNotFoundHandler((request, reply) => {
    if (hasPage && isPageAddress(request)) return reply.sendFile('index.html')
    return sendRefusal(reply, refuse('not_found', { message: 'There is nothing at this address.' }))
  })
}
