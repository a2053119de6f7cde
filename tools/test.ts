/** `npm test [-- path…]`: everything, from lint to two browsers; stops at the first stage that fails. */
import { chooseServers, type ServersKind, startServers } from '@switchboard/testkit/servers'
import { describeError, SetupError } from './system/setup-error.ts'
import { onStopSignal } from './system/stop-signals.ts'
import { buildWebPage } from './system/web-page.ts'
import { runChecks } from './testing/checks.ts'
import { findChromium } from './testing/chromium.ts'
import { type Counts, filesOf, printCounts, runRing, SERVICE, SYSTEM, UNIT } from './testing/rings.ts'
import { endStage, heading } from './testing/stage.ts'

const report = (line: string) => console.log(line)
const filter = process.argv.slice(2)
const servers = new AsyncDisposableStack()
const done: Counts[] = []

async function run(): Promise<void> {
  const [unit, service, system] = [UNIT, SERVICE, SYSTEM].map((ring) => filesOf(ring, filter)) as [
    string[],
    string[],
    string[],
  ]
  if (unit.length + service.length + system.length === 0)
    throw new SetupError(`no test file matches ${filter.join(' ')}`)
  if (filter.length === 0) await runChecks()
  if (unit.length > 0) done.push(await runRing(UNIT, unit))
  if (service.length + system.length === 0) return
  for (const kind of await kinds()) {
    heading(
      `servers: ${kind === 'containers' ? 'NATS and MongoDB in containers' : 'NATS and MongoDB embedded in one program'}`,
    )
    const pair = servers.use(await startServers({ kind, report }))
    const env = { TEST_SERVERS: kind, TEST_NATS_URL: pair.natsUrl, TEST_MONGO_URL: pair.mongoUrl }
    if (service.length > 0) done.push(await runRing(SERVICE, service, env))
    if (system.length > 0) {
      await buildWebPage(report)
      const needsBrowser = system.some((file) => file.startsWith('test/browser/'))
      done.push(await runRing(SYSTEM, system, { ...env, ...(needsBrowser && { CHROMIUM: findChromium() }) }))
    }
    await pair[Symbol.asyncDispose]()
  }
}

async function kinds(): Promise<readonly ServersKind[]> {
  const wish = process.env.TEST_SERVERS || 'auto'
  if (wish !== 'both') return [await chooseServers(wish, report)]
  return [await chooseServers('containers', report), await chooseServers('embedded', report)]
}

let code = 0
const stopped = Promise.withResolvers<void>()
onStopSignal(() => {
  code = 130
  endStage('SIGTERM')
  stopped.resolve()
})
try {
  await Promise.race([run(), stopped.promise])
  if (code === 0) printCounts(done)
} catch (error) {
  if (code === 0) {
    code = 1
    console.error(`\nswitchboard: ${describeError(error)}`)
  }
}
endStage('SIGKILL')
await servers.disposeAsync()
process.exit(code)
