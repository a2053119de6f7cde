import { type Connection, connect, type Room, type Switchboard, webOutboxStore } from '@switchboard/client'
import type { RoomEntry } from '@switchboard/contracts/methods'
import { type InjectionKey, inject, type Ref, reactive, ref, shallowRef } from 'vue'
import { type Session, tokenOf } from './session.ts'

/** Rooms whose timelines stay in memory, so that going back and forth is instant. */
const OPEN_ROOMS_MAX = 12
/** Rooms whose members are asked for their names at a time; the list goes on without. */
const NAMELESS_MAX = 20
/** Peers of direct rooms whose dots are asked for. */
const PEERS_MAX = 100
const PEERS_MS = 20_000

/** The connection of one log-in, as what components can watch. */
export interface Chat {
  readonly me: string
  readonly board: Switchboard
  readonly connection: Ref<Connection>
  readonly rooms: Ref<readonly RoomEntry[]>
  readonly roomsLoaded: Ref<boolean>
  /** Messages that are not confirmed, over all rooms. */
  readonly waiting: Ref<number>
  /** People of direct rooms who are online. */
  readonly onlinePeers: Ref<ReadonlySet<string>>
  /** Whether the document is visible. */
  readonly looking: Ref<boolean>
  nameOf(user: string): string
  /** Learns how people are called from a member list. */
  learn(members: readonly { user: string; name?: string }[]): void
  titleOf(entry: RoomEntry): string
  open(room: string): Room
  end(): void
}

const KEY: InjectionKey<Chat> = Symbol('chat')
export const chatKey = KEY

export function useChat(): Chat {
  const chat = inject(KEY)
  if (!chat) throw new Error('no chat above this component')
  return chat
}

export async function startChat(session: Session): Promise<Chat> {
  const board = await connect({
    url: location.origin,
    user: session.user,
    getToken: () => tokenOf(session),
    storage: webOutboxStore(session.user, localStorage),
  })
  const names = reactive(new Map<string, string>())
  const connection = shallowRef(board.connection)
  const rooms = shallowRef(board.rooms.all)
  const roomsLoaded = ref(false)
  const waiting = ref(board.outbox.size)
  const looking = ref(!document.hidden)
  const { onlinePeers, ask, stop } = watchPeers(board, looking)
  const opened: string[] = []

  board.on('connection', (now) => {
    connection.value = now
    if (now.state === 'connected' && document.hidden) board.setLooking(false)
    if (now.state === 'connected') ask()
  })
  board.rooms.on('changed', () => {
    rooms.value = board.rooms.all
    roomsLoaded.value = board.rooms.loaded
  })
  const learn: Chat['learn'] = (members) => {
    for (const { user, name } of members) if (name !== undefined && name !== '') names.set(user, name)
  }
  board.rooms.on('read', () => {
    ask()
    void learnNames(board, { known: names, learn })
  })
  board.outbox.on('changed', () => {
    waiting.value = board.outbox.size
  })
  const onVisibility = () => {
    looking.value = !document.hidden
    board.setLooking(looking.value)
  }
  document.addEventListener('visibilitychange', onVisibility)

  const nameOf = (user: string) => names.get(user) ?? user
  return {
    me: session.user,
    board,
    connection,
    rooms,
    roomsLoaded,
    waiting,
    onlinePeers,
    looking,
    nameOf,
    learn,
    titleOf: (entry) => entry.title ?? (entry.peer ? nameOf(entry.peer) : entry.room),
    open(room) {
      const before = opened.indexOf(room)
      if (before !== -1) opened.splice(before, 1)
      opened.push(room)
      const oldest = opened.length > OPEN_ROOMS_MAX ? opened.shift() : undefined
      if (oldest !== undefined) board.close(oldest)
      return board.open(room)
    },
    end() {
      document.removeEventListener('visibilitychange', onVisibility)
      stop()
      board.end()
    },
  }
}

const askedForNames = new WeakMap<Switchboard, Set<string>>()

/** A list says who wrote last by id; how those people are called is asked of each room once. */
async function learnNames(board: Switchboard, names: { known: ReadonlyMap<string, string>; learn: Chat['learn'] }) {
  const asked = askedForNames.get(board) ?? new Set()
  askedForNames.set(board, asked)
  const nameless = board.rooms.all.filter(({ room, peer, last }) => {
    const users = [peer, last?.from].filter((user) => user && !names.known.has(user))
    return users.length > 0 && !asked.has(room)
  })
  for (const { room } of nameless.slice(0, NAMELESS_MAX)) {
    asked.add(room)
    const page = await board.call('room.members', { room }).catch(() => null)
    if (page) names.learn(page.members)
  }
}

/** Dots in the room list: asked every so often while somebody looks. */
function watchPeers(board: Switchboard, looking: Ref<boolean>) {
  const onlinePeers = shallowRef<ReadonlySet<string>>(new Set())
  const ask = () => {
    const peers = board.rooms.all.flatMap(({ peer }) => (peer ? [peer] : [])).slice(0, PEERS_MAX)
    if (peers.length === 0 || !looking.value || board.connection.state !== 'connected') return
    board.presence(peers).then(
      (entries) => {
        onlinePeers.value = new Set(entries.filter(({ online }) => online).map(({ user }) => user))
      },
      () => undefined,
    )
  }
  const timer = setInterval(ask, PEERS_MS)
  return { onlinePeers, ask, stop: () => clearInterval(timer) }
}
