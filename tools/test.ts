/** `npm test [-- path…]`: everything, from lint to two browsers; stops at the first stage that fails. */
import { spawnSync } from 'node:child_process'
import { chooseServers, type ServersKind, startServers } from '@switchboard/testkit/servers'
import { missingCluster } from '../test/cluster/place.ts'
import { chartPrograms, missingForCharts } from './charts/programs.ts'
import { missingForObserving, observePrograms } from './observe/programs.ts'
import { describeError, SetupError } from './system/setup-error.ts'
import { onStopSignal } from './system/stop-signals.ts'
import { buildWebPage } from './system/web-page.ts'
import { runChecks } from './testing/checks.ts'
import { findChromium } from './testing/chromium.ts'
import {
  CHARTS,
  CLUSTER,
  type Counts,
  FAULT,
  filesOf,
  GUARD,
  HARNESS,
  IMAGES,
  OBSERVE,
  printCounts,
  type Ring,
  runRing,
  SERVICE,
  SYSTEM,
  UNIT,
} from './testing/rings.ts'
import { endStage, heading, ROOT } from './testing/stage.ts'

const report = (line: string) => console.log(line)
const filter = process.argv.slice(2)
const wish = process.env.TEST_SERVERS || 'auto'
/** For rings that run once, whatever the servers of the others. */
const once = { TEST_SERVERS: wish === 'both' ? 'auto' : wish }
const servers = new AsyncDisposableStack()
const done: Counts[] = []

async function run(): Promise<void> {
  const files = (ring: Ring) => filesOf(ring, filter)
  const [unit, service, system] = [files(UNIT), files(SERVICE), files(SYSTEM)]
  const [harness, fault, charts] = [files(HARNESS), files(FAULT), files(CHARTS)]
  const [observe, guard, images, cluster] = [files(OBSERVE), files(GUARD), files(IMAGES), files(CLUSTER)]
  const all = [unit, service, system, harness, fault, charts, observe, guard, images, cluster]
  if (all.every((some) => some.length === 0)) throw new SetupError(`no test file matches ${filter.join(' ')}`)
  if (filter.length === 0) await runChecks()
  if (unit.length > 0) done.push(await runRing(UNIT, unit))
  if (charts.length > 0 && isPossible(CHARTS, missingForCharts())) {
    await chartPrograms(report)
    done.push(await runRing(CHARTS, charts))
  }
  if (service.length + system.length > 0) await onServers(service, system)
  if (harness.length > 0) done.push(await runRing(HARNESS, harness, once))
  if (fault.length > 0) done.push(await runRing(FAULT, fault, once))
  if (observe.length > 0 && isPossible(OBSERVE, missingForObserving())) {
    await observePrograms(report)
    done.push(await runRing(OBSERVE, observe, once))
  }
  if (guard.length > 0 && isWanted(GUARD)) done.push(await runRing(GUARD, guard, once))
  if (images.length > 0 && isPossible(IMAGES, missingForImages())) done.push(await runRing(IMAGES, images))
  if (cluster.length > 0) await onCluster(cluster)
}

/** Left out, aloud, wherever no cluster answers: nobody can be asked to have one. */
async function onCluster(files: readonly string[]): Promise<void> {
  const missing = await missingCluster()
  if (missing === undefined) done.push(await runRing(CLUSTER, files))
  else heading(`left out: ${CLUSTER.title}: ${missing}`)
}

/** A ring that needs what this machine does not have is left out, aloud; where everything must run, it fails. */
function isPossible(ring: Ring, missing: string | undefined): boolean {
  if (missing === undefined) return true
  if (process.env.TEST_ALL_RINGS) throw new SetupError(`${ring.title} cannot be tested: ${missing}`)
  heading(`left out: ${ring.title}: ${missing}`)
  return false
}

/** What only says something on a machine that has nothing else to do runs where all rings must, or where it is asked for by name. */
function isWanted(ring: Ring): boolean {
  if (process.env.TEST_ALL_RINGS || filter.length > 0) return true
  heading(`left out: ${ring.title}: TEST_ALL_RINGS is not set, and it was not named`)
  return false
}

function missingForImages(): string | undefined {
  const { status, stderr } = spawnSync('tools/images/services.sh', ['--check'], { cwd: ROOT, encoding: 'utf8' })
  return status === 0 ? undefined : stderr.trim()
}

/** The rings that share a pair of servers, once for each kind that is asked for. */
async function onServers(service: readonly string[], system: readonly string[]): Promise<void> {
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
