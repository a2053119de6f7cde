/**
 * Whether a page of this origin may connect. Without an origin it is no browser, and its token decides. An exact list where one is
 * set, else only pages of this very host.
 */
export function isAllowedOrigin(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined) return true
  if (allowed.length > 0) return allowed.includes(origin)
  return URL.canParse(origin) && new URL(origin).host === host
}
