/**
 * Many look at the same thing at the same time: whoever comes while a look is under way shares the next one with all others who do.
 * Each sees what was so when they asked, or later.
 */
export function lookTogether<K, T>(look: (key: K) => Promise<T>): (key: K) => Promise<T> {
  const looks = new Map<K, { readonly now: Promise<T>; next: Promise<T> | undefined }>()
  const begin = (key: K): Promise<T> => {
    const entry = { now: look(key), next: undefined }
    looks.set(key, entry)
    const ended = () => {
      if (looks.get(key) === entry && entry.next === undefined) looks.delete(key)
    }
    entry.now.then(ended, ended)
    return entry.now
  }
  return (key) => {
    const running = looks.get(key)
    if (running === undefined) return begin(key)
    const again = () => begin(key)
    running.next ??= running.now.then(again, again)
    return running.next
  }
}
