import { element, icon } from './element.ts'

const INPUT_LINES_PX = 132

/** The elements of the frame, without what is in them. */
export function layout(app: HTMLElement, greeting: string) {
  const face = element('span', { className: 'face', 'aria-hidden': 'true' })
  const title = element('h1')
  const line = element('p')
  const more = element(
    'button',
    { type: 'button', 'aria-label': 'Options', 'aria-haspopup': 'true', 'aria-expanded': 'false' },
    icon('more'),
  )
  const close = element('button', { type: 'button', 'aria-label': 'Close the chat' }, icon('close'))
  const menu = element('div', { className: 'menu', hidden: true })
  const offline = element('p', { className: 'offline', role: 'status', hidden: true })
  const main = element('main', { tabIndex: -1 })
  const hello = element('p', { className: 'greeting' }, greeting)
  const waiting = element('p', { className: 'waiting', role: 'status', hidden: true })
  const after = element('div')
  const typing = element('p', { className: 'typing', 'aria-live': 'polite' })
  const input = element('textarea', {
    className: 'field',
    rows: 1,
    maxLength: 8_000,
    placeholder: 'Write a message…',
    'aria-label': 'Message',
    enterKeyHint: 'send',
    dir: 'auto',
  })
  const send = element('button', { type: 'submit', 'aria-label': 'Send', disabled: true }, icon('send'))
  const write = element('form', { className: 'write' }, input, send)
  const wrong = element('p', { className: 'typing wrong', role: 'alert', hidden: true })
  app.replaceChildren(
    element('header', {}, face, element('div', {}, title, line), more, close),
    menu,
    offline,
    main,
    typing,
    wrong,
    write,
  )
  const fit = () => {
    input.style.height = 'auto'
    input.style.height = `${Math.min(input.scrollHeight + 2, INPUT_LINES_PX)}px`
    send.disabled = input.value.trim() === ''
  }
  openMenu(more, menu)
  return {
    face,
    title,
    line,
    more,
    close,
    menu,
    offline,
    main,
    hello,
    waiting,
    after,
    typing,
    wrong,
    input,
    write,
    fit,
  }
}

/** The menu opens at its button, and whatever is chosen in it closes it. */
function openMenu(more: HTMLElement, menu: HTMLElement): void {
  more.addEventListener('click', () => {
    menu.hidden = !menu.hidden
    more.setAttribute('aria-expanded', String(!menu.hidden))
    if (!menu.hidden) menu.querySelector('button')?.focus()
  })
  menu.addEventListener('click', () => {
    menu.hidden = true
    more.setAttribute('aria-expanded', 'false')
    more.focus()
  })
}

export type Layout = ReturnType<typeof layout>
