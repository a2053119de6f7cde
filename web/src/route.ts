import { onScopeDispose, type Ref, ref } from 'vue'

const PREFIX = '#/room/'
const read = (): string =>
  location.hash.startsWith(PREFIX) ? decodeURIComponent(location.hash.slice(PREFIX.length)) : ''

export const addressOf = (room: string): string => PREFIX + encodeURIComponent(room)

/** What the page's address says, also when one goes back and forth. */
export function useAddress(event: 'hashchange' | 'popstate', read: () => string): Ref<string> {
  const said = ref(read())
  const follow = () => {
    said.value = read()
  }
  addEventListener(event, follow)
  onScopeDispose(() => removeEventListener(event, follow))
  return said
}

/** The chosen room is the page's address, so that the back button of a phone goes back to the list. */
export function useRoute() {
  return {
    room: useAddress('hashchange', read),
    go(next: string): void {
      location.hash = next === '' ? '#/' : addressOf(next)
    },
  }
}
