/** The page loads nothing from elsewhere, and runs no inline script. */
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
].join('; ')

/** Who may show a page in a frame: nobody, but for the widget this host and the sites that the operator names. */
const policyFor = (ancestors: string): string => `${POLICY}; frame-ancestors ${ancestors}`

/** The page of the widget's frame, and the script that sites put on theirs. */
const FRAME = '/widget.html'
const SCRIPT = '/widget.js'
const SITE = /^(\*|https?:\/\/(\*\.)?[A-Za-z0-9.-]+(:\d+)?)$/

/** As one source list of the policy. Throws when an entry is none, so that none can add to the policy. */
export function framingSites(sites: readonly string[]): string {
  const wrong = sites.find((site) => !SITE.test(site))
  if (wrong !== undefined) throw new Error(`WIDGET_SITES has ${JSON.stringify(wrong)}, which is no origin`)
  return ["'self'", ...sites].join(' ')
}

/**
 * Headers of one file of the page. Vite names files under `assets` by their content: those never change. The widget's script keeps its
 * name, is asked for by every page of a site, and may be used by pages that ask for CORS or isolate themselves.
 */
export function pageHeaders(path: string, framing: string): Readonly<Record<string, string>> {
  if (path.endsWith(SCRIPT))
    return {
      'cache-control': 'public, max-age=300, stale-while-revalidate=86400',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    }
  return {
    'cache-control': path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    'content-security-policy': policyFor(path.endsWith(FRAME) ? framing : "'none'"),
    ...(path.endsWith(FRAME) ? { 'cross-origin-resource-policy': 'cross-origin' } : {}),
  }
}

interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: { readonly accept?: string | undefined }
}

const pathOf = (url: string): string => url.split('?')[0] ?? ''

/** Addresses inside the page are the page; those of the API, and files that are not there, are errors. */
export const isPageAddress = ({ method, url, headers }: Asked): boolean => {
  const path = pathOf(url)
  const isRead = method === 'GET' || method === 'HEAD'
  const isFile = /\.[a-z0-9]+$/i.test(path)
  return isRead && !path.startsWith('/v1/') && !isFile && (headers.accept ?? '').includes('text/html')
}

/** `/console` and what lies below it is `console.html`, where there is one; everything else is the chat. */
export function pageOf(url: string, pages: ReadonlySet<string>): string {
  const [, first = ''] = pathOf(url).split('/')
  return pages.has(`${first}.html`) ? `${first}.html` : 'index.html'
}
