import { type AgentDesk, SwitchboardError } from '@switchboard/client'
import type { Agent, Conversation, Details } from '@switchboard/contracts/desks'
import type { RoomEntry } from '@switchboard/contracts/methods'
import { computed, type InjectionKey, inject, onScopeDispose, type Ref, ref, shallowRef } from 'vue'
import type { Chat } from '../src/chat.ts'
import { type Lists, listsOf, type Tab } from './model/lists.ts'

const SAID_MS = 7_000

/** The desk at one moment. */
export interface DeskView {
  readonly status: AgentDesk['status']
  readonly why: string
  readonly title: string
  readonly open: boolean
  readonly self: Agent | undefined
  readonly agents: readonly Agent[]
  readonly offers: readonly Conversation[]
  readonly conversations: ReadonlyMap<string, Conversation>
}

/** What all parts of the console look at. */
export interface DeskPage {
  readonly chat: Chat
  readonly desk: AgentDesk
  readonly view: Ref<DeskView>
  readonly lists: Ref<Lists>
  readonly chosen: Ref<string>
  readonly tab: Ref<Tab>
  readonly wanted: Ref<string>
  /** The time, in steps of a second. */
  readonly now: Ref<number>
  /** What went wrong, or was done, for a few seconds. */
  readonly said: Ref<string>
  say(text: string): void
  /** Says why, where a command is refused. */
  attempt(command: Promise<unknown>): Promise<boolean>
  choose(conversation: string): void
}

const KEY: InjectionKey<DeskPage> = Symbol('desk')
export const deskKey = KEY

export function useDesk(): DeskPage {
  const page = inject(KEY)
  if (!page) throw new Error('no desk above this component')
  return page
}

const viewOf = (desk: AgentDesk): DeskView => ({
  status: desk.status,
  why: desk.error?.message ?? '',
  title: desk.settings?.title ?? desk.id,
  open: desk.open,
  self: desk.self,
  agents: [...desk.agents.values()],
  offers: desk.offers,
  conversations: new Map(desk.conversations),
})

export function openDesk(chat: Chat, id: string): DeskPage {
  const desk = chat.board.desk(id)
  const view = shallowRef(viewOf(desk))
  const chosen = ref('')
  const tab = ref<Tab>('mine')
  const now = ref(Date.now())
  const said = ref('')
  // Many events between two frames are one drawing.
  let frame = 0
  const off = desk.on('changed', () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0
      view.value = viewOf(desk)
    })
  })
  const clock = setInterval(() => {
    now.value = Date.now()
  }, 1_000)
  let forget: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => {
    off()
    cancelAnimationFrame(frame)
    clearInterval(clock)
    clearTimeout(forget)
  })
  const rooms = computed(() => new Map(chat.rooms.value.map((entry: RoomEntry) => [entry.room, entry])))
  const say = (text: string) => {
    said.value = text
    clearTimeout(forget)
    forget = setTimeout(() => {
      said.value = ''
    }, SAID_MS)
  }
  return {
    chat,
    desk,
    view,
    lists: computed(() => listsOf(view.value.conversations.values(), { me: chat.me, rooms: rooms.value })),
    chosen,
    tab,
    wanted: ref(''),
    now,
    said,
    say,
    choose: (conversation) => {
      chosen.value = conversation
    },
    attempt: (command) =>
      command.then(
        () => true,
        (error: unknown) => {
          say(explain(error))
          return false
        },
      ),
  }
}

function explain(error: unknown): string {
  if (!(error instanceof SwitchboardError)) return String(error)
  if (error.code !== 'conflict') return error.message
  return 'Somebody was faster: it has changed since you looked.'
}

/** What the visitor filled in and where they were, out of the notes. */
export function detailsOf(items: readonly { kind: string; event?: object }[]): Details | null {
  const found = items.findLast(({ event }) => (event as { type?: string } | undefined)?.type === 'conversation.details')
  return (found?.event as { details?: Details } | undefined)?.details ?? null
}
