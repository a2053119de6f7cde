import { type AgentDesk, SwitchboardError } from '@switchboard/client'
import type { Agent, Conversation, Details } from '@switchboard/contracts/desks'
import type { RoomEntry } from '@switchboard/contracts/methods'
import {
  computed,
  type InjectionKey,
  inject,
  onScopeDispose,
  type Ref,
  ref,
  shallowReactive,
  shallowRef,
  watch,
} from 'vue'
import type { Chat } from '../src/chat.ts'
import { type Choice, choosing } from './choice.ts'
import { type Lists, listsOf } from './model/lists.ts'
import type { OwnDesk } from './own-desks.ts'

const SAID_MS = 7_000

/** The desk at one moment. */
export interface DeskView {
  readonly status: AgentDesk['status']
  readonly why: string
  readonly title: string
  readonly settings: AgentDesk['settings']
  readonly open: boolean
  readonly self: Agent | undefined
  readonly agents: readonly Agent[]
  readonly offers: readonly Conversation[]
  readonly conversations: ReadonlyMap<string, Conversation>
}

/** What all parts of the console look at. */
export interface DeskPage extends Omit<Choice, 'chooseOnce'> {
  readonly chat: Chat
  readonly desk: AgentDesk
  readonly view: Ref<DeskView>
  readonly lists: Ref<Lists>
  /** What one looks for in the lists: words, and a tag. */
  readonly wanted: Ref<string>
  readonly tag: Ref<string>
  /** The desks where one is an agent, this one among them. */
  readonly own: readonly OwnDesk[]
  /** May look on, whisper, take over, and see reports. */
  readonly isSupervisor: Ref<boolean>
  /** Conversations that ended long ago and were looked up. */
  readonly past: Map<string, Conversation>
  /** The time, in steps of a second. */
  readonly now: Ref<number>
  /** What went wrong, or was done, for a few seconds. */
  readonly said: Ref<string>
  say(text: string): void
  /** Says why, where a command is refused. */
  attempt(command: Promise<unknown>): Promise<boolean>
  /** Takes what one is offered, and looks at it. */
  accept(offer: string, conversation: string): Promise<void>
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
  settings: desk.settings,
  open: desk.open,
  self: desk.self,
  agents: [...desk.agents.values()],
  offers: desk.offers,
  conversations: new Map(desk.conversations),
})

/** What the desk is by now: follows it until the page goes. */
function followDesk(desk: AgentDesk): Ref<DeskView> {
  const view = shallowRef(viewOf(desk))
  // Many events between two frames are one drawing.
  let frame = 0
  const off = desk.on('changed', () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0
      view.value = viewOf(desk)
    })
  })
  onScopeDispose(() => {
    off()
    cancelAnimationFrame(frame)
  })
  return view
}

/** How colleagues are called: asked when the desk is there, and when somebody new is an agent. */
function learnNames(chat: Chat, desk: string, view: Ref<DeskView>): void {
  const agents = () => view.value.agents.map(({ user }) => user).join(' ')
  watch(
    agents,
    (users) => {
      if (users === '') return
      chat.board.call('desk.agents', { desk }).then(
        (answer) => chat.learn(answer.agents),
        () => undefined,
      )
    },
    { immediate: true },
  )
}

function everySecond(): Ref<number> {
  const now = ref(Date.now())
  const clock = setInterval(() => {
    now.value = Date.now()
  }, 1_000)
  onScopeDispose(() => clearInterval(clock))
  return now
}

/** What is said for a few seconds. */
function sayings() {
  const said = ref('')
  let forget: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(forget))
  const say = (text: string) => {
    said.value = text
    clearTimeout(forget)
    forget = setTimeout(() => {
      said.value = ''
    }, SAID_MS)
  }
  return { said, say }
}

export function openDesk(chat: Chat, id: string, own: readonly OwnDesk[]): DeskPage {
  const desk = chat.board.desk(id)
  const view = followDesk(desk)
  const { said, say } = sayings()
  const { chooseOnce, ...choice } = choosing()
  const rooms = computed(() => new Map(chat.rooms.value.map((entry: RoomEntry) => [entry.room, entry])))
  const isChief = own.some((one) => one.desk === id && one.supervisor)
  learnNames(chat, id, view)
  const attempt = (command: Promise<unknown>) =>
    command.then(
      () => true,
      (error: unknown) => {
        say(explain(error))
        return false
      },
    )
  return {
    ...choice,
    chat,
    desk,
    view,
    own,
    isSupervisor: computed(() => view.value.self?.supervisor ?? isChief),
    past: shallowReactive(new Map()),
    lists: computed(() => listsOf(view.value.conversations.values(), { me: chat.me, rooms: rooms.value })),
    wanted: ref(''),
    tag: ref(''),
    now: everySecond(),
    said,
    say,
    attempt,
    accept: (offer, conversation) => chooseOnce(attempt(desk.accept(offer)), conversation),
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
