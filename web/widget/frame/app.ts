import { SwitchboardError, type Visit } from '@switchboard/client'
import type { Setting } from '../frame-messages.ts'
import { element } from './element.ts'
import { layout } from './layout.ts'
import { MessageLog } from './message-log.ts'
import { questionForm } from './questions.ts'
import { ratingForm } from './rating.ts'
import { rowsOf } from './rows.ts'
import { isActive, questionsOf, type Screen, screenOf } from './screen.ts'
import { saveTranscript } from './transcript.ts'
import { agentText, deskText, noticeText, waitingText } from './words.ts'

const HELLO = 'Hello! How can we help?'

export interface AppOptions {
  readonly visit: Visit
  readonly setting: Setting
  readonly close: () => void
  readonly changed: (state: { active: boolean; unread: number }) => void
}

/** The conversation in the frame: what the visit says, shown. */
export class App {
  readonly #options: AppOptions
  readonly #visit: Visit
  readonly #parts: ReturnType<typeof layout>
  readonly #log: MessageLog
  readonly #names = new Map<string, string>()
  #context: Setting['context']
  #form: Record<string, string>
  #isAnswered = false
  #isShown = false
  #screen: Screen | null = null
  /** What was written here and is neither waiting nor in the room yet: it is confirmed before the room brings it. */
  #written: { cid: string; text: string; at: number; state: 'pending' }[] = []
  #due = false
  #entering = false

  constructor(app: HTMLElement, options: AppOptions) {
    const { visit, setting } = options
    this.#options = options
    this.#visit = visit
    this.#context = setting.context
    this.#form = setting.name === undefined ? {} : { name: setting.name }
    this.#parts = layout(app, setting.greeting ?? HELLO)
    this.#log = new MessageLog(this.#parts.main, {
      retry: (key) => void visit.board.outbox.retry(key.slice(key.indexOf('/') + 1)),
    })
    this.#listen()
    visit.on('changed', () => this.#later())
    this.#draw()
  }

  shown(shown: boolean): void {
    this.#isShown = shown
    this.#visit.board.setLooking(shown && !document.hidden)
    if (shown) this.#focus()
    this.#later()
  }

  moved(context: Setting['context']): void {
    this.#context = context
  }

  #listen(): void {
    const { close, input, write, fit } = this.#parts
    close.addEventListener('click', this.#options.close)
    addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.#options.close()
    })
    input.addEventListener('input', () => {
      fit()
      if (input.value !== '') this.#visit.room?.sayTyping()
    })
    input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      void this.#send()
    })
    write.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#send()
    })
    document.addEventListener('visibilitychange', () => this.shown(this.#isShown))
  }

  /** The first message begins the conversation; one after the end opens it again. */
  async #send(): Promise<void> {
    const { input, fit } = this.#parts
    const text = input.value.trim()
    if (text === '' || this.#entering) return
    this.#entering = true
    try {
      const room = this.#visit.room ?? (await this.#visit.enter({ form: this.#form, context: this.#contextNow() }))
      this.#written.push({ cid: room.send(text).cid, text, at: Date.now(), state: 'pending' })
      input.value = ''
      fit()
      this.#wrong('')
    } catch (error) {
      this.#wrong(error instanceof SwitchboardError ? error.message : 'That did not work. Please try again.')
    } finally {
      this.#entering = false
    }
  }

  #contextNow(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.#context).map(([name, value]) => [name, value.slice(0, 500)]))
  }

  #wrong(text: string): void {
    this.#parts.wrong.textContent = text
    this.#parts.wrong.hidden = text === ''
  }

  /** Many events in one turn of the loop are one drawing. */
  #later(): void {
    if (this.#due) return
    this.#due = true
    setTimeout(() => {
      this.#due = false
      this.#draw()
    })
  }

  #draw(): void {
    const { info, status, room, isReady } = this.#visit
    const known = { isReady, info, status, hasRoom: room !== null, isAnswered: this.#isAnswered }
    const screen = screenOf(known)
    if (screen !== this.#screen) this.#enter(screen)
    this.#header()
    const { waiting, typing, offline } = this.#parts
    waiting.textContent = waitingText(status, info)
    waiting.hidden = waiting.textContent === ''
    const writing = room?.typing.filter((user) => user !== this.#visit.board.user) ?? []
    typing.textContent = writing[0] === undefined ? '' : `${this.#nameOf(writing[0])} is writing…`
    const { state } = this.#visit.board.connection
    offline.hidden = state === 'connected' || screen === 'connecting'
    offline.textContent = 'No connection. What you write is sent when it is back.'
    if (room) this.#rows()
    if (room && this.#isShown && !document.hidden && room.status === 'live' && this.#visit.unread > 0)
      room.markRead(room.lastSeen)
    this.#options.changed({ active: isActive(status), unread: this.#isShown ? 0 : this.#visit.unread })
  }

  #rows(): void {
    const { room, board } = this.#visit
    if (!room) return
    const there = new Set(room.items.map((item) => (item.kind === 'message' ? item.cid : '')))
    const outgoing = room.outgoing.filter(({ cid }) => !there.has(cid))
    for (const { cid } of outgoing) there.add(cid)
    this.#written = this.#written.filter(({ cid }) => !there.has(cid))
    let wasBot = false
    const notice = ({ event }: { event: { type: string } }) => {
      const { agent, bot = false } = event as { agent?: string | null; bot?: boolean }
      const text = noticeText(event.type, { agent: agent ? this.#nameOf(agent) : null, bot, wasBot })
      if (event.type === 'conversation.assigned') wasBot = bot
      return text
    }
    const nameOf = (user: string) => this.#nameOf(user)
    const all = [...outgoing, ...this.#written].sort((a, b) => a.at - b.at)
    this.#log.show(rowsOf(room.items, { me: board.user, outgoing: all, nameOf, notice }))
  }

  #header(): void {
    const { face, title, line } = this.#parts
    const { info, status } = this.#visit
    const desk = info?.title ?? 'Chat'
    const agent = status?.agent ? this.#nameOf(status.agent) : null
    title.textContent = agent ?? desk
    line.textContent = agent === null ? deskText(info) : agentText(desk, status?.bot === true)
    face.textContent = (agent ?? desk).slice(0, 1).toUpperCase()
  }

  #enter(screen: Screen): void {
    const { main, hello, waiting, after, write, menu } = this.#parts
    this.#screen = screen
    main.replaceChildren(hello, this.#log.log, waiting, after)
    write.hidden = screen === 'connecting' || screen === 'form'
    after.replaceChildren()
    if (screen === 'form') {
      const form = questionForm(questionsOf(this.#visit.info), (answers) => {
        this.#form = { ...this.#form, ...answers }
        this.#isAnswered = true
        this.#draw()
        this.#focus()
      })
      after.append(form)
    }
    if (screen === 'ended') after.append(ratingForm((score, comment) => this.#visit.rate(score, comment)))
    menu.replaceChildren(...this.#choices(screen))
    this.#parts.more.hidden = menu.childElementCount === 0
    this.#log.toEnd()
    if (this.#isShown && screen !== 'ended') this.#focus()
  }

  #choices(screen: Screen): HTMLElement[] {
    const choice = (text: string, act: () => void) => element('button', { type: 'button', onclick: act }, text)
    const transcript = choice('Save the transcript', () => {
      const { room, board } = this.#visit
      if (room) saveTranscript(room.items, (user) => (user === board.user ? 'You' : this.#nameOf(user)))
    })
    if (screen === 'talking') {
      const end = () => void this.#visit.leave().catch((error: Error) => this.#wrong(error.message))
      return [transcript, choice('End the conversation', end)]
    }
    return screen === 'ended' ? [transcript] : []
  }

  #focus(): void {
    const { input, after, write } = this.#parts
    if (!write.hidden) input.focus()
    else after.querySelector<HTMLElement>('input, select')?.focus()
  }

  /** How agents are called is in the list of members; it is asked once for each of them. */
  #nameOf(user: string): string {
    const known = this.#names.get(user)
    if (known !== undefined) return known
    // Whoever has left the room is not in its list: then it was the desk that spoke.
    const meanwhile = this.#visit.info?.title ?? 'Support'
    this.#names.set(user, meanwhile)
    void this.#visit.room?.members().then(
      (members) => {
        for (const { user: id, name } of members) if (name) this.#names.set(id, name)
        this.#later()
      },
      () => void this.#names.delete(user),
    )
    return meanwhile
  }
}
