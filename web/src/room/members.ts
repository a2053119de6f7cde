import type { MemberEntry } from '@switchboard/contracts/methods'
import { onScopeDispose, type Ref, shallowRef, watch } from 'vue'
import type { Chat } from '../chat.ts'
import type { RoomView } from '../use-room.ts'

/** The members of the room in view: read when it opens and after every event that changes them. */
export function useMembers(chat: Chat, view: Ref<RoomView>) {
  const members = shallowRef<readonly MemberEntry[]>([])
  const reload = async (): Promise<void> => {
    const { room } = view.value
    const read = await room.members().catch(() => null)
    if (!read || view.value.room !== room) return
    chat.learn(read)
    members.value = read
  }
  let off: () => void = () => {}
  watch(
    () => view.value.room,
    (room) => {
      off()
      members.value = []
      off = room.on('event', ({ type }) => {
        if (type.startsWith('member.')) void reload()
      })
    },
    { immediate: true },
  )
  watch(
    () => [view.value.room, view.value.status === 'live'] as const,
    ([, live]) => {
      if (live) void reload()
    },
    { immediate: true },
  )
  onScopeDispose(() => off())
  return { members, reload }
}
