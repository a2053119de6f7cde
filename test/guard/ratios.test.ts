import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { judgeSeries, SERIES } from '../../bench/guard/judge.ts'
import { GUARDED, guardOptions, takePair } from '../../bench/guard/ratios.ts'
import { heldAgainst, readGuardRecords } from '../../bench/guard/records.ts'
import { machineHere } from '../../bench/record.ts'
import { type Ground, startGround } from '../../bench/stage.ts'

/** For each ratio, from the first pair on; with the start of the services all of them fit into three minutes. */
const SECONDS_MAX = 25

let ground: Ground
before(async () => {
  ground = await startGround(() => {})
})
after(() => ground?.[Symbol.asyncDispose]())

for (const guarded of GUARDED) {
  test(`${guarded.name}: measured against its limit, costs no fifth more than was recorded`, async (t) => {
    const place = { servers: ground.servers.kind, machine: machineHere() }
    const { isOwn, ...held } = heldAgainst(readGuardRecords(), place, guarded.name)
    await using stack = new AsyncDisposableStack()
    const subjects = await guarded.prepare(stack, guardOptions(guarded, ground))
    // The first one counts nowhere: code becomes warm.
    await takePair(guarded, subjects)
    const until = performance.now() + SECONDS_MAX * 1_000
    const isLate = () => performance.now() > until
    const series = await judgeSeries(() => takePair(guarded, subjects), { ...SERIES, ...held, isLate })
    const { verdict, median, low, high, ratios, voids, border } = series
    const said =
      `${guarded.about}: ${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)}) after ${ratios.length} pairs, ` +
      `${voids} void; recorded ${held.recorded.toFixed(2)}, border ${border.toFixed(2)}: ${verdict}`
    t.diagnostic(said)
    if (!isOwn) t.diagnostic(`nothing was recorded on ${place.machine.cpu}: held against the dearest of other machines`)
    if (isOwn && high * held.worse < held.recorded)
      t.diagnostic(`${guarded.name} has become better by a fifth: record it anew`)
    assert.notEqual(verdict, 'worse', said)
  })
}
