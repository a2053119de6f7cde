import { onScopeDispose, ref } from 'vue'

const PREFIX = '#/room/'
const read = (): string =>
  location.hash.startsWith(PREFIX) ? decodeURIComponent(location.hash.slice(PREFIX.length)) : ''

export const addressOf = (room: string): string => PREFIX + encodeURIComponent(room)

/** The chosen room is the page's address, so that the back button of a phone goes back to the list. */
export function useRoute() {
  const room = ref(read())
  const follow = () => {
    room.value = read()
  }
  addEventListener('hashchange', follow)
  onScopeDispose(() => removeEventListener('hashchange', follow))
  return {
    room,
    go(next: string): void {
      location.hash = next === '' ? '#/' : addressOf(next)
    },
  }
}
