import { shallowRef, watch } from 'vue'
import { type Chat, startChat } from './chat.ts'
import { type Session, useSession } from './session.ts'

/** The connection of whoever is logged in, null while there is none. A page calls it once, in its root. */
export function useChat() {
  const { session, logOut } = useSession()
  const chat = shallowRef<Chat | null>(null)

  async function begin(now: Session): Promise<void> {
    const started = await startChat(now)
    if (session.value !== now) {
      started.end()
      return
    }
    started.board.on('connection', ({ state, reason }) => {
      if (state === 'disconnected' && session.value === now) logOut(`You were signed out: ${reason}.`)
    })
    chat.value = started
  }

  watch(
    session,
    async (now) => {
      chat.value?.end()
      chat.value = null
      if (now) await begin(now)
    },
    { immediate: true },
  )
  return { session, chat, logOut }
}
