import type { OutgoingMessage, Room, TimelineItem } from '@switchboard/client'
import type { RoomEntry } from '@switchboard/contracts/methods'
import { onScopeDispose, type Ref, shallowRef, watch } from 'vue'
import type { Chat } from './chat.ts'

/** One room at one moment: everything that its view shows. */
export interface RoomView {
  readonly room: Room
  readonly status: Room['status']
  readonly failure: string
  readonly items: readonly TimelineItem[]
  readonly outgoing: readonly OutgoingMessage[]
  readonly typing: readonly string[]
  readonly online: ReadonlySet<string>
  readonly onlineCount: number
  readonly receipts: ReadonlyMap<string, number>
  readonly complete: boolean
  readonly lastSeen: number
}

const viewOf = (room: Room): RoomView => ({
  room,
  status: room.status,
  failure: room.error?.message ?? '',
  items: room.items,
  outgoing: room.outgoing,
  typing: room.typing,
  online: room.online.users,
  onlineCount: room.online.count,
  receipts: new Map(room.receipts),
  complete: room.complete,
  lastSeen: room.lastSeen,
})

/** Follows the room with this id; many events in one turn of the loop are one change. */
export function useRoom(chat: Chat, id: Ref<string>): Ref<RoomView> {
  const view = shallowRef(viewOf(chat.open(id.value)))
  let stop: () => void = () => {}
  const follow = (): void => {
    stop()
    const room = chat.open(id.value)
    view.value = viewOf(room)
    let due = false
    const off = room.on('changed', () => {
      if (due) return
      due = true
      setTimeout(() => {
        due = false
        if (view.value.room === room) view.value = viewOf(room)
      })
    })
    const unwatch = room.watchOnline()
    stop = () => {
      off()
      unwatch()
    }
  }
  watch(id, follow, { immediate: true })
  onScopeDispose(() => stop())
  return view
}

/** How many of a room’s unread messages are shown beside it. */
export const badgeOf = ({ unread }: RoomEntry): string => (unread > 99 ? '99+' : String(unread))
