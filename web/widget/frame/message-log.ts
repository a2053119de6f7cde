import { textParts } from '../../src/model/text-parts.ts'
import { element } from './element.ts'
import type { Row } from './rows.ts'

const NEAR_END = 80
const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

interface Shown {
  readonly row: Row
  readonly node: HTMLElement
}

export interface LogOptions {
  readonly retry: (key: string) => void
}

/** The messages. A row that did not change keeps its element, so a screen reader says only what is new. */
export class MessageLog {
  readonly list = element('ol')
  /** A log is no list to a screen reader, so it is around it. */
  readonly log = element('div', { role: 'log', 'aria-label': 'Messages', 'aria-live': 'polite' }, this.list)
  readonly #options: LogOptions
  readonly #scroller: HTMLElement
  #shown = new Map<string, Shown>()

  constructor(scroller: HTMLElement, options: LogOptions) {
    this.#scroller = scroller
    this.#options = options
  }

  show(rows: readonly Row[]): void {
    const isAtEnd = this.#below() < NEAR_END
    const hasOwnNew = rows.at(-1)?.kind === 'message' && !this.#shown.has(rows.at(-1)?.key ?? '')
    const next = new Map<string, Shown>()
    let place: ChildNode | null = this.list.firstChild
    for (const row of rows) {
      const known = this.#shown.get(row.key)
      const node = known && JSON.stringify(known.row) === JSON.stringify(row) ? known.node : this.#nodeOf(row)
      if (known && known.node !== node) {
        if (place === known.node) place = known.node.nextSibling
        known.node.remove()
      }
      if (node === place) place = node.nextSibling
      else this.list.insertBefore(node, place)
      next.set(row.key, { row, node })
    }
    for (const [key, { node }] of this.#shown) if (!next.has(key)) node.remove()
    this.#shown = next
    if (isAtEnd || hasOwnNew) this.toEnd()
  }

  toEnd(): void {
    this.#scroller.scrollTop = this.#scroller.scrollHeight
  }

  #below(): number {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller
    return scrollHeight - scrollTop - clientHeight
  }

  #nodeOf(row: Row): HTMLElement {
    if (row.kind === 'notice') return element('li', { className: 'notice' }, row.text)
    const { own, first, last, state } = row
    const text = element('span', { className: 'text', dir: 'auto' }, ...linked(row.text))
    const bubble = element('div', { className: 'bubble' })
    if (first && !own) bubble.append(element('b', {}, row.name))
    else bubble.append(element('span', { className: 'unseen' }, own ? 'You: ' : `${row.name}: `))
    bubble.append(text)
    const classes = ['row', own ? 'own' : 'theirs', first ? 'first' : '', last ? 'last' : '', state]
    const node = element('li', { className: classes.filter(Boolean).join(' ') }, bubble)
    if (state === 'failed') {
      const again = element('button', { type: 'button', onclick: () => this.#options.retry(row.key) }, 'Try again')
      node.append(element('p', { className: 'meta' }, 'Not sent. ', again))
    } else if (last) node.append(element('p', { className: 'meta' }, meta(row)))
    return node
  }
}

const meta = ({ state, at }: Extract<Row, { kind: 'message' }>): string =>
  state === 'pending' ? 'Sending…' : timeFormat.format(at)

const linked = (text: string): (Node | string)[] =>
  textParts(text).map(({ text: part, href }) =>
    href === undefined ? part : element('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, part),
  )
