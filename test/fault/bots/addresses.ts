import type { Dice } from './dice.ts'

/**
 * From now on each request of this process comes from an address of its own, as a proxy before the edges would say: an edge lets
 * only a few people a second in who come from one place, and thousands of visitors of a desk do not.
 */
export function comeFromEverywhere(dice: Dice): void {
  const send = globalThis.fetch
  globalThis.fetch = (input, init = {}) => {
    const headers = new Headers(init.headers)
    headers.set('x-forwarded-for', Array.from({ length: 4 }, () => dice.between(1, 254)).join('.'))
    return send(input, { ...init, headers })
  }
}
