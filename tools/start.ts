/** `npm start`: the whole of Switchboard on this machine, until Ctrl-C. */
import { relative } from 'node:path'
import { bringUp } from './system/bring-up.ts'
import { readStartSettings } from './system/settings.ts'
import { describeError } from './system/setup-error.ts'
import { onStopSignal } from './system/stop-signals.ts'

// It is set by the environment alone, so that a container and a terminal say it in the same way.
const [argument] = process.argv.slice(2)
if (argument !== undefined) {
  const isHelp = argument === '--help'
  if (!isHelp) console.error(`switchboard: npm start takes no arguments, and ${argument} is one`)
  console.log(
    'npm start: the whole of Switchboard on this machine, until Ctrl-C. Its settings are variables of the environment:',
  )
  console.log('docs/settings.md lists them.')
  process.exit(isHelp ? 0 : 1)
}

let isQuiet = false
const print = (line: string) => isQuiet || console.log(line)
const abort = new AbortController()
const started = new AsyncDisposableStack()
const stopped = Promise.withResolvers<'stopped'>()

onStopSignal(() => {
  print('stopping…')
  abort.abort()
  stopped.resolve('stopped')
})

async function run(): Promise<never> {
  const settings = await readStartSettings(process.env)
  const system = await bringUp(settings, { print, started, signal: abort.signal })
  print(`switchboard ready ${system.url}`)
  print('  Open it in two browser windows and log in as alice and as bob; the password of both is "switchboard".')
  print(`  Logs are in ${relative('', settings.DATA_DIR) || '.'}/logs. Ctrl-C stops everything.`)
  throw await system.died
}

let code = 0
const running = run()
try {
  await Promise.race([running, stopped.promise])
} catch (error) {
  // An error after Ctrl-C is only the start that was broken off.
  if (!abort.signal.aborted) {
    console.error(`switchboard: ${describeError(error)}`)
    code = 1
  }
}
// What the services say on the way down is in their logs; here the reason above should stay in view.
isQuiet = true
await started.disposeAsync().catch((error) => {
  console.error(`switchboard: while stopping: ${describeError(error)}`)
  code = 1
})
if (abort.signal.aborted) console.log('stopped')
process.exit(code)
