type Closable = { readonly close: () => Promise<void>; readonly destroy: () => Promise<void> }

export type Renewable<T> = {
  readonly current: () => T
  /** Opens another, and lets what is in flight on the old one finish. At most once in `intervalMs`. */
  readonly renew: () => void
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Providers take many fast connects for an attack, so a connection is replaced at most once in `intervalMs`. */
export function renewable<T extends Closable>(options: {
  readonly open: () => T
  readonly now: () => number
  readonly intervalMs: number
}): Renewable<T> {
  let current = options.open()
  let openedAt = options.now()
  const closing = new Set<Promise<void>>()

  return {
    current: () => current,
    renew: () => {
      if (options.now() - openedAt < options.intervalMs) return
      const old = current
      current = options.open()
      openedAt = options.now()
      const closed = old.close().finally(() => closing.delete(closed))
      closing.add(closed)
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([current.close(), ...closing])
    },
  }
}
