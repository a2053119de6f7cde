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

/** Headers of one file of the page. Vite names files under `assets` by their content: those never change. */
export const pageHeaders = (path: string): Readonly<Record<string, string>> => ({
  'cache-control': path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  'content-security-policy': POLICY,
})

interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: { readonly accept?: string | undefined }
}

/** Addresses inside the page are the page; those of the API, and files that are not there, are errors. */
export const isPageAddress = ({ method, url, headers }: Asked): boolean => {
  const [path = ''] = url.split('?')
  const isRead = method === 'GET' || method === 'HEAD'
  const isFile = /\.[a-z0-9]+$/i.test(path)
  return isRead && !path.startsWith('/v1/') && !isFile && (headers.accept ?? '').includes('text/html')
}
