/**
 * The script that a site puts on its pages: a button in a shadow root, and the conversation in a frame of our own origin, which is
 * loaded when somebody opens it or has a conversation that goes on.
 */
import { inkOn } from './contrast.ts'
import { isMessage, type Setting, type ToFrame, type ToHost } from './frame-messages.ts'
import { keptIn } from './kept.ts'
import launcherStyle from './launcher.css?inline'

const ACCENT = '#4a55c8'
const OPEN = 'Open the chat'
const CLOSE = 'Close the chat'
const ICONS =
  '<svg class="talk" viewBox="0 0 24 24" aria-hidden="true"><path d="M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-5 4v-4a2 2 0 0 1-2-2zM8 8.8h8M8 11.8h5"/></svg>' +
  '<svg class="shut" viewBox="0 0 24 24" aria-hidden="true"><path d="M6 9l6 6 6-6"/></svg>'

declare global {
  interface Window {
    switchboardWidget?: { open(): void; close(): void }
  }
}

function begin(script: HTMLScriptElement): void {
  const { desk } = script.dataset
  if (!desk || window.switchboardWidget) return
  const origin = new URL(script.src).origin
  const kept = keptIn({ lasting: () => localStorage, tab: () => sessionStorage }, `${origin} ${desk}`)
  const { host, button, badge, panel, said } = build(script)
  let frame: HTMLIFrameElement | null = null
  let isReady = false
  let isShown = false

  const tell = (message: ToFrame) => {
    if (isReady) frame?.contentWindow?.postMessage(message, origin)
  }
  const load = () => {
    if (frame) return
    frame = document.createElement('iframe')
    frame.title = script.dataset.title ?? 'Chat with us'
    frame.allow = 'clipboard-write'
    frame.src = `${origin}/widget`
    panel.append(frame)
  }
  const show = (shown: boolean, focus = true) => {
    isShown = shown
    if (shown) load()
    panel.classList.toggle('shown', shown)
    button.setAttribute('aria-expanded', String(shown))
    button.setAttribute('aria-label', shown ? CLOSE : OPEN)
    kept.open(shown)
    if (shown && focus) frame?.focus()
    else if (focus) button.focus()
    tell({ switchboard: 'shown', shown })
  }
  const unread = (count: number) => {
    const isMore = count > Number(badge.dataset.count ?? 0)
    badge.dataset.count = String(count)
    badge.textContent = count > 9 ? '9+' : String(count)
    badge.hidden = count === 0
    if (!isShown) button.setAttribute('aria-label', count === 0 ? OPEN : `${OPEN}, ${count} unread`)
    if (isMore && !isShown) said.textContent = count === 1 ? '1 new message' : `${count} new messages`
  }
  button.addEventListener('click', () => show(!isShown))
  addEventListener('message', ({ data, origin: from, source }: MessageEvent) => {
    if (from !== origin || source !== frame?.contentWindow || !isMessage<ToHost>(data)) return
    if (data.switchboard === 'ready') {
      isReady = true
      tell({ switchboard: 'begin', setting: settingOf(script, kept.identity()) })
      tell({ switchboard: 'shown', shown: isShown })
    } else if (data.switchboard === 'identity') kept.identify(data.identity)
    else if (data.switchboard === 'close') show(false)
    else {
      kept.active(data.active)
      unread(data.unread)
    }
  })
  // Pages that change their address without loading anew.
  for (const name of ['popstate', 'hashchange'])
    addEventListener(name, () => tell({ switchboard: 'moved', context: contextOf(script) }))
  document.body.append(host)
  window.switchboardWidget = { open: () => show(true), close: () => show(false) }
  if (kept.wasOpen()) show(true, false)
  else if (kept.wasActive()) load()
}

function build(script: HTMLScriptElement) {
  const { position, theme } = script.dataset
  const host = document.createElement('div')
  host.dataset.side = position === 'left' ? 'left' : 'right'
  const root = host.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(launcherStyle)
  root.adoptedStyleSheets = [sheet]
  const panel = document.createElement('div')
  const isDark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  panel.className = isDark ? 'panel dark' : 'panel'
  const button = document.createElement('button')
  button.type = 'button'
  button.setAttribute('aria-expanded', 'false')
  button.setAttribute('aria-label', OPEN)
  button.innerHTML = ICONS
  const badge = document.createElement('span')
  badge.className = 'badge'
  badge.hidden = true
  badge.setAttribute('aria-hidden', 'true')
  button.append(badge)
  const said = document.createElement('span')
  said.className = 'said'
  said.setAttribute('role', 'status')
  root.append(panel, button, said)
  const accent = colorOf(script) ?? ACCENT
  host.style.setProperty('--accent', accent)
  host.style.setProperty('--ink', inkOn(accent))
  return { host, button, badge, panel, said }
}

/** An attribute, or a custom property of the page. */
const colorOf = (script: HTMLScriptElement): string | undefined =>
  script.dataset.color ||
  getComputedStyle(document.documentElement).getPropertyValue('--switchboard-accent').trim() ||
  undefined

function settingOf(script: HTMLScriptElement, identity: string | undefined): Setting {
  const { desk = '', name, theme, greeting } = script.dataset
  const color = colorOf(script)
  return {
    desk,
    theme: theme === 'light' || theme === 'dark' ? theme : 'auto',
    context: contextOf(script),
    ...(identity === undefined ? {} : { identity }),
    ...(name ? { name } : {}),
    ...(color === undefined ? {} : { color }),
    ...(greeting ? { greeting } : {}),
  }
}

/** The page, and every attribute `data-field-…` of the script. */
function contextOf(script: HTMLScriptElement): Setting['context'] {
  const context: Record<string, string> = { page: location.href, title: document.title, language: navigator.language }
  if (document.referrer !== '') context.referrer = document.referrer
  for (const { name, value } of script.attributes)
    if (name.startsWith('data-field-')) context[name.slice('data-field-'.length)] = value
  return context
}

const { currentScript } = document
if (currentScript instanceof HTMLScriptElement) {
  if (document.body) begin(currentScript)
  else addEventListener('DOMContentLoaded', () => begin(currentScript))
}
