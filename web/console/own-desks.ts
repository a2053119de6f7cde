import type { Result } from '@switchboard/contracts/methods'
import { type Ref, ref, shallowRef } from 'vue'
import type { Chat } from '../src/chat.ts'
import { useAddress } from '../src/route.ts'

export type OwnDesk = Result<'desk.list'>['desks'][number]

const PARAMETER = 'desk'
const read = (): string => new URLSearchParams(location.search).get(PARAMETER) ?? ''

/** The chosen desk is the page's address, `/console?desk=sales`, so that it can be kept and gone back to. */
export function useDeskRoute(): { desk: Ref<string>; go: (desk: string) => void } {
  const desk = useAddress('popstate', read)
  return {
    desk,
    go: (next) => {
      const address = new URL(location.href)
      if (next === '') address.searchParams.delete(PARAMETER)
      else address.searchParams.set(PARAMETER, next)
      history.pushState(null, '', address)
      desk.value = next
    },
  }
}

/** The desks of whoever is logged in; null until they are known. */
export function useOwnDesks(chat: Chat) {
  const desks = shallowRef<readonly OwnDesk[] | null>(null)
  const failure = ref('')
  const read = async (): Promise<void> => {
    failure.value = ''
    try {
      desks.value = (await chat.board.call('desk.list', {})).desks
    } catch (error) {
      failure.value = error instanceof Error ? error.message : String(error)
    }
  }
  void read()
  return { desks, failure, read }
}
