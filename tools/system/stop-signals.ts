import { whenBootEnds } from './parent.ts'

// One Ctrl-C arrives up to three times: from the terminal, from npm and from boot.mjs.
const SAME_WISH_MS = 1000

/** Calls `stop` once at SIGINT, SIGTERM or SIGHUP, or when nobody waits for us any more; a second wish ends the process. */
export function onStopSignal(stop: () => void): void {
  let firstAt: number | undefined
  const wish = () => {
    if (firstAt === undefined) {
      firstAt = Date.now()
      stop()
    } else if (Date.now() - firstAt > SAME_WISH_MS) {
      console.error('not waiting any longer')
      process.exit(1)
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, wish)
  whenBootEnds(() => firstAt === undefined && wish())
  // A closed terminal must not turn the way down into a crash.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
}
