/** `npm run check`: what needs neither servers nor a browser, in under a minute. */
import { describeError } from './system/setup-error.ts'
import { onStopSignal } from './system/stop-signals.ts'
import { runChecks } from './testing/checks.ts'
import { filesOf, printCounts, runRing, UNIT } from './testing/rings.ts'
import { endStage } from './testing/stage.ts'

onStopSignal(() => {
  endStage('SIGKILL')
  process.exit(130)
})
try {
  await runChecks()
  printCounts([await runRing(UNIT, filesOf(UNIT, []))])
} catch (error) {
  console.error(`\nswitchboard: ${describeError(error)}`)
  process.exit(1)
}
