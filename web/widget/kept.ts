/** As a function, as even naming a store that is forbidden throws. */
type Store = () => Pick<Storage, 'getItem' | 'setItem'>

/**
 * What outlives a page: who the visitor is and whether they talk with somebody, and for this tab whether the panel is open. Kept by
 * the host page, as browsers forget what frames of other sites keep. A browser that keeps nothing is a new visitor each time.
 */
export function keptIn({ lasting, tab }: { lasting: Store; tab: Store }, place: string) {
  const key = (what: string) => `switchboard ${place} ${what}`
  const get = (store: Store, what: string): string | undefined => {
    try {
      return store().getItem(key(what)) ?? undefined
    } catch {
      return undefined
    }
  }
  const put = (store: Store, what: string, value: string) => {
    try {
      store().setItem(key(what), value)
    } catch {
      // Full, or forbidden.
    }
  }
  return {
    identity: () => get(lasting, 'identity'),
    identify: (identity: string) => put(lasting, 'identity', identity),
    wasActive: () => get(lasting, 'active') === 'yes',
    active: (active: boolean) => put(lasting, 'active', active ? 'yes' : ''),
    wasOpen: () => get(tab, 'open') === 'yes',
    open: (open: boolean) => put(tab, 'open', open ? 'yes' : ''),
  }
}
