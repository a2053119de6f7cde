import { memoryOutboxStore, type OutboxStore, Visit, webOutboxStore } from '@switchboard/client'
import { inkOn } from '../contrast.ts'
import { isMessage, type Setting, type ToFrame, type ToHost } from '../frame-messages.ts'
import { App } from './app.ts'
import './frame.css'
import './messages.css'

const TRY_AGAIN_MS = 5_000
let app: App | null = null
let isShown = false
let host = ''

/** `host` is the origin that spoke first; only sites that the edge allows can frame this page at all. */
const tell = (message: ToHost): void => parent.postMessage(message, host === '' ? '*' : host)

/** Kept where the browser lets a frame keep something. */
function outbox(desk: string): OutboxStore {
  try {
    return webOutboxStore(`visitor.${desk}`, localStorage)
  } catch {
    return memoryOutboxStore()
  }
}

function paint({ theme, color }: Setting): void {
  const { style, dataset } = document.documentElement
  dataset.theme = theme
  if (color === undefined) return
  style.setProperty('--accent', color)
  style.setProperty('--ink', inkOn(color))
}

async function begin(setting: Setting): Promise<void> {
  paint(setting)
  const { desk, name, identity } = setting
  try {
    const visit = await Visit.begin({
      url: location.origin,
      visitor: name === undefined ? { desk } : { desk, name },
      storage: outbox(desk),
      identity: { load: () => identity, keep: (token) => tell({ switchboard: 'identity', identity: token }) },
    })
    app = new App(document.getElementById('app') as HTMLElement, {
      visit,
      setting,
      close: () => tell({ switchboard: 'close' }),
      changed: (state) => tell({ switchboard: 'state', ...state }),
    })
    app.shown(isShown)
  } catch {
    setTimeout(() => void begin(setting), TRY_AGAIN_MS)
  }
}

addEventListener('message', ({ data, origin, source }: MessageEvent) => {
  if (source !== parent || !isMessage<ToFrame>(data) || (host !== '' && host !== origin)) return
  if (data.switchboard === 'begin' && host === '') {
    host = origin
    void begin(data.setting)
  } else if (data.switchboard === 'shown') {
    isShown = data.shown
    app?.shown(isShown)
  } else if (data.switchboard === 'moved') app?.moved(data.context)
})
tell({ switchboard: 'ready' })
