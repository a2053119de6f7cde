/**
 * Loaded before a service (`--import clock-shift.ts?file=…`): moves its wall clock by the milliseconds that the file holds, from
 * the moment that it holds them. `performance.now()` and timers stay true, as they do when an operator or NTP steps a clock.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const LOOK_MS = 25

const file = new URL(import.meta.url).searchParams.get('file') ?? ''
const trueNow = Date.now
let offsetMs = Number.NaN

const look = () => {
  const found = Number(readFileSync(file, 'utf8'))
  if (found === offsetMs) return
  offsetMs = found
  writeFileSync(`${file}.seen`, String(found))
}
look()
setInterval(look, LOOK_MS).unref()

const now = () => trueNow() + offsetMs
globalThis.Date = new Proxy(Date, {
  construct: (target, parts) => Reflect.construct(target, parts.length === 0 ? [now()] : parts),
  apply: (target) => new target(now()).toString(),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
})
